import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon, runIcon, undoIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type {
  ReadonlyPartialJSONObject,
  ReadonlyJSONObject
} from '@lumino/coreutils';
import { DisposableSet, type IDisposable } from '@lumino/disposable';

import type { ModuleEntry } from './api/types';
import { exportIcon } from './icons';
import { moduleLabel } from './modules/labels';
import type { ITinyTorch } from './tokens';

/**
 * The commands; those on a module take its name as `module` and mean the current one without it.
 *
 * Those on a milestone take its number as `milestone`.
 */
export const CommandIDs = {
  showSidebar: 'tinytorch-lab:show-sidebar',
  refresh: 'tinytorch-lab:refresh',
  startModule: 'tinytorch-lab:start-module',
  openModule: 'tinytorch-lab:open-module',
  runTests: 'tinytorch-lab:run-tests',
  cancelTests: 'tinytorch-lab:cancel-tests',
  exportModule: 'tinytorch-lab:export-module',
  exportAll: 'tinytorch-lab:export-all',
  resetModule: 'tinytorch-lab:reset-module',
  runMilestone: 'tinytorch-lab:run-milestone',
  cancelMilestone: 'tinytorch-lab:cancel-milestone'
} as const;

/** Register everything that can be done to the course; what is returned takes the commands back. */
export function addCommands(
  commands: CommandRegistry,
  app: ITinyTorch,
  showTests: () => void,
  trans: TranslationBundle
): IDisposable {
  const { modules, notebooks, tests } = app;
  const added = new DisposableSet();

  /** Add a command on a module; without the argument, `fallback` says which one is meant. */
  const addModuleCommand = (
    id: string,
    options: {
      label: string;
      caption: string;
      icon?: CommandRegistry.ICommandOptions['icon'];
      fallback?: () => ModuleEntry | undefined;
      isEnabled?: (entry: ModuleEntry) => boolean;
      execute: (entry: ModuleEntry) => Promise<void>;
    }
  ): void => {
    const { execute, fallback, isEnabled, ...shown } = options;
    const meant = (args: ReadonlyPartialJSONObject) =>
      typeof args.module === 'string'
        ? modules.find(args.module)
        : (fallback?.() ?? notebooks.current);
    added.add(
      commands.addCommand(id, {
        ...shown,
        describedBy: { args: moduleArgs(trans) },
        isEnabled: args => {
          const entry = meant(args);
          return (
            entry !== undefined &&
            entry.status !== 'unavailable' &&
            (isEnabled?.(entry) ?? true)
          );
        },
        execute: async args => {
          const entry = meant(args);
          if (entry) {
            await reportFailure(() => execute(entry));
          }
        }
      })
    );
  };
  const isStarted = (entry: ModuleEntry) => entry.status !== 'not_started';
  const open = async (entry: ModuleEntry) => {
    const { path } = await modules.start(entry.name);
    await notebooks.open(path);
  };

  addModuleCommand(CommandIDs.startModule, {
    label: trans.__('Start Next Module'),
    caption: trans.__('Copy a module’s notebook into the workspace'),
    fallback: () => modules.next,
    execute: open
  });
  addModuleCommand(CommandIDs.openModule, {
    label: trans.__('Open Module'),
    caption: trans.__('Open the notebook of a module'),
    execute: open
  });
  addModuleCommand(CommandIDs.runTests, {
    label: trans.__('Run Tests'),
    caption: trans.__('Save the notebook and run the module’s tests'),
    icon: runIcon,
    isEnabled: entry => isStarted(entry) && !tests.isRunning(entry.name),
    execute: async entry => {
      showTests();
      await tests.run(entry.name, () => notebooks.save(entry.name));
    }
  });
  addModuleCommand(CommandIDs.cancelTests, {
    label: trans.__('Cancel Tests'),
    caption: trans.__('Stop the module’s tests'),
    isEnabled: entry => tests.isRunning(entry.name),
    execute: entry => tests.cancel(entry.name)
  });
  addModuleCommand(CommandIDs.exportModule, {
    label: trans.__('Export Module'),
    caption: trans.__('Bring your package up to date with the notebook'),
    icon: exportIcon,
    isEnabled: isStarted,
    execute: async entry => {
      await notebooks.save(entry.name);
      await modules.export(entry.name);
    }
  });
  addModuleCommand(CommandIDs.resetModule, {
    label: trans.__('Reset Module…'),
    caption: trans.__('Begin a module again with a fresh notebook'),
    icon: undoIcon,
    isEnabled: isStarted,
    execute: async entry => {
      if (!(await confirmReset(entry, trans))) {
        return;
      }
      // The backup is to hold what is on the screen.
      await notebooks.save(entry.name);
      const { backup } = await modules.reset(entry.name);
      await notebooks.revert(entry.name);
      await tests.load(entry.name);
      if (backup !== null) {
        Notification.success(
          trans.__('Your previous notebook is kept as %1.', backup),
          { autoClose: NOTICE_MS }
        );
      }
    }
  });
  added.add(
    commands.addCommand(CommandIDs.exportAll, {
      label: trans.__('Export All Modules'),
      caption: trans.__('Bring your whole package up to date'),
      icon: exportIcon,
      describedBy: { args: NO_ARGS },
      execute: () =>
        reportFailure(async () => {
          for (const entry of modules.overview?.modules ?? []) {
            await notebooks.save(entry.name);
          }
          await modules.export(null);
        })
    })
  );
  added.add(
    commands.addCommand(CommandIDs.refresh, {
      label: trans.__('Refresh Course'),
      caption: trans.__('Look at the course again'),
      icon: refreshIcon,
      describedBy: { args: NO_ARGS },
      execute: () => modules.refresh()
    })
  );
  return added;
}

/** Long enough to read a path. */
const NOTICE_MS = 12_000;

const NO_ARGS: ReadonlyJSONObject = { type: 'object', properties: {} };

function moduleArgs(trans: TranslationBundle): ReadonlyJSONObject {
  return {
    type: 'object',
    properties: {
      module: {
        type: 'string',
        description: trans.__(
          'The module’s name, for example 01_tensor; without it, the current module'
        )
      }
    }
  };
}

async function reportFailure(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    Notification.error((error as Error).message, { autoClose: false });
  }
}

async function confirmReset(
  entry: ModuleEntry,
  trans: TranslationBundle
): Promise<boolean> {
  const result = await showDialog({
    title: trans.__('Reset %1?', moduleLabel(entry)),
    body: trans.__(
      'A fresh notebook replaces the present one. Nothing is lost: the present notebook is kept as a backup in the folder .tinytorch/backups/%1 of your workspace.',
      entry.name
    ),
    defaultButton: 0,
    buttons: [
      Dialog.cancelButton(),
      Dialog.warnButton({ label: trans.__('Reset') })
    ]
  });
  return result.button.accept;
}
