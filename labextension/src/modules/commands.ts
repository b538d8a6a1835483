import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { infoIcon, refreshIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import type { ModuleEntry } from '../api/types';
import {
  type AddModuleCommand,
  CommandIDs,
  isStarted,
  NO_ARGS,
  NOTICE_MS,
  reportFailure
} from '../commands';
import { exportIcon } from '../icons';
import type { SectionName } from '../sidebar';
import type { ITinyTorch } from '../tokens';

/** What the commands on modules need. */
export interface ModuleCommandsContext {
  app: ITinyTorch;
  commands: CommandRegistry;
  add: AddModuleCommand;
  /** Unfold a section of the sidebar, which is shown. */
  show: (section: SectionName) => void;
  /** Show a module's README. */
  showReadme: (entry: ModuleEntry) => Promise<void>;
  trans: TranslationBundle;
}

/** Register what starts, opens, describes and exports modules. */
export function addModuleCommands(context: ModuleCommandsContext): void {
  const { add, app, trans } = context;
  const { modules, notebooks } = app;
  const open = async (entry: ModuleEntry) => {
    const { path } = await modules.start(entry.name);
    await notebooks.open(path);
  };
  add(CommandIDs.startModule, {
    label: trans.__('Start Next Module'),
    caption: trans.__('Copy a module’s notebook into the workspace'),
    fallback: () => modules.next,
    execute: open
  });
  add(CommandIDs.openModule, {
    label: trans.__('Open Module'),
    caption: trans.__('Open the notebook of a module'),
    execute: open
  });
  add(CommandIDs.showReadme, {
    label: trans.__('Read About Module'),
    caption: trans.__('Show the README of a module'),
    icon: infoIcon,
    isEnabled: entry => entry.readme,
    execute: entry => context.showReadme(entry)
  });
  add(CommandIDs.exportModule, {
    label: trans.__('Export Module'),
    caption: trans.__('Bring your package up to date with the notebook'),
    icon: exportIcon,
    isEnabled: isStarted,
    execute: async entry => {
      context.show('package');
      await notebooks.save(entry.name);
      await modules.export(entry.name);
    }
  });
  addCourseCommands(context);
}

function addCourseCommands(context: ModuleCommandsContext): void {
  const { app, commands, trans } = context;
  const { milestones, modules, notebooks, submissions } = app;
  commands.addCommand(CommandIDs.exportAll, {
    label: trans.__('Export All Modules'),
    caption: trans.__('Bring your whole package up to date'),
    icon: exportIcon,
    describedBy: { args: NO_ARGS },
    execute: () =>
      reportFailure(async () => {
        context.show('package');
        for (const entry of modules.overview?.modules ?? []) {
          await notebooks.save(entry.name);
        }
        await modules.export(null);
      })
  });
  commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh Course'),
    caption: trans.__('Look at the course again'),
    icon: refreshIcon,
    describedBy: { args: NO_ARGS },
    execute: async () => {
      await Promise.all([modules.refresh(), submissions.refresh()]);
      await milestones.refresh();
    }
  });
  commands.addCommand(CommandIDs.showTour, {
    label: trans.__('Show TinyTorch Tour'),
    caption: trans.__('Show again what the sidebar is for'),
    describedBy: { args: NO_ARGS },
    execute: async () => {
      context.show('modules');
      await app.settings.set('showTour', true);
    }
  });
}

/** Say where a replaced notebook is kept. */
export function announceBackup(
  backup: string | null,
  trans: TranslationBundle
): void {
  if (backup !== null) {
    Notification.success(
      trans.__('Your previous notebook is kept as %1.', backup),
      { autoClose: NOTICE_MS }
    );
  }
}
