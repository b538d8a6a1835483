import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type {
  ReadonlyJSONObject,
  ReadonlyPartialJSONObject
} from '@lumino/coreutils';

import type { ModuleEntry } from './api/types';
import type { ITinyTorch } from './tokens';

/**
 * The commands; those on a module take its name as `module` and mean the current one without it.
 *
 * Those on a milestone take its number as `milestone`.
 */
export const CommandIDs = {
  showSidebar: 'tinytorch-lab:show-sidebar',
  showTour: 'tinytorch-lab:show-tour',
  refresh: 'tinytorch-lab:refresh',
  startModule: 'tinytorch-lab:start-module',
  openModule: 'tinytorch-lab:open-module',
  showReadme: 'tinytorch-lab:show-readme',
  runTests: 'tinytorch-lab:run-tests',
  cancelTests: 'tinytorch-lab:cancel-tests',
  showTest: 'tinytorch-lab:show-test',
  exportModule: 'tinytorch-lab:export-module',
  exportAll: 'tinytorch-lab:export-all',
  resetModule: 'tinytorch-lab:reset-module',
  resetCell: 'tinytorch-lab:reset-cell',
  submitModule: 'tinytorch-lab:submit-module',
  restoreSubmission: 'tinytorch-lab:restore-submission',
  showFeedback: 'tinytorch-lab:show-feedback',
  runMilestone: 'tinytorch-lab:run-milestone',
  cancelMilestone: 'tinytorch-lab:cancel-milestone'
} as const;

/** Commands that need arguments no palette can ask for. */
export const ARGUMENT_ONLY: readonly string[] = [
  CommandIDs.restoreSubmission,
  CommandIDs.showTest
];

/** A command on a module; without the argument, `fallback` says which one is meant. */
export interface ModuleCommand {
  label: string;
  caption: string;
  icon?: CommandRegistry.ICommandOptions['icon'];
  /** Further arguments, as JSON schema properties. */
  args?: ReadonlyJSONObject;
  fallback?: () => ModuleEntry | undefined;
  isEnabled?: (entry: ModuleEntry) => boolean;
  execute: (
    entry: ModuleEntry,
    args: ReadonlyPartialJSONObject
  ) => Promise<void>;
}

/** What registers a command on a module. */
export type AddModuleCommand = (id: string, options: ModuleCommand) => void;

/** Return what registers commands on modules of `app`. */
export function moduleCommands(
  commands: CommandRegistry,
  { modules, notebooks }: Pick<ITinyTorch, 'modules' | 'notebooks'>,
  trans: TranslationBundle
): AddModuleCommand {
  return (id, { args: further, execute, fallback, isEnabled, ...shown }) => {
    const meant = (args: ReadonlyPartialJSONObject) =>
      typeof args.module === 'string'
        ? modules.find(args.module)
        : (fallback?.() ?? notebooks.current);
    commands.addCommand(id, {
      ...shown,
      describedBy: { args: moduleArgs(further ?? {}, trans) },
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
          await reportFailure(() => execute(entry, args));
        }
      }
    });
  };
}

/** The schema of a command that takes no arguments. */
export const NO_ARGS: ReadonlyJSONObject = { type: 'object', properties: {} };

/** Long enough to read a path. */
export const NOTICE_MS = 12_000;

/** Do something and, when it fails, say why. */
export async function reportFailure(
  action: () => Promise<void>
): Promise<void> {
  try {
    await action();
  } catch (error) {
    Notification.error((error as Error).message, { autoClose: false });
  }
}

/** Whether the module's notebook is in the workspace. */
export function isStarted(entry: ModuleEntry): boolean {
  return entry.status !== 'not_started';
}

function moduleArgs(
  further: ReadonlyJSONObject,
  trans: TranslationBundle
): ReadonlyJSONObject {
  return {
    type: 'object',
    properties: {
      module: {
        type: 'string',
        description: trans.__(
          'The module’s name, for example 01_tensor; without it, the current module'
        )
      },
      ...further
    }
  };
}
