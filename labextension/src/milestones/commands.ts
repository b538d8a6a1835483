import type { TranslationBundle } from '@jupyterlab/translation';
import { runIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type {
  ReadonlyJSONObject,
  ReadonlyPartialJSONObject
} from '@lumino/coreutils';

import type { MilestoneEntry } from '../api/types';
import { CommandIDs } from '../commands';
import { canRun, isRunning } from './merge';
import type { MilestonesModel } from './model';

/** Register what can be done to a milestone. */
export function addMilestoneCommands(
  commands: CommandRegistry,
  model: MilestonesModel,
  show: () => void,
  trans: TranslationBundle
): void {
  const meant = (
    args: ReadonlyPartialJSONObject,
    fallback: MilestoneEntry | undefined
  ) =>
    typeof args.milestone === 'number' ? model.find(args.milestone) : fallback;
  commands.addCommand(CommandIDs.runMilestone, {
    label: trans.__('Run Next Milestone'),
    caption: trans.__('See what your own package can do'),
    icon: runIcon,
    describedBy: {
      args: milestoneArgs(trans, {
        full: {
          type: 'boolean',
          description: trans.__('Whether the longer run is meant')
        }
      })
    },
    isEnabled: args => {
      const entry = meant(args, model.next);
      return entry !== undefined && canRun(entry);
    },
    execute: async args => {
      const entry = meant(args, model.next);
      if (entry) {
        show();
        await model.run(entry.number, args.full === true);
      }
    }
  });
  commands.addCommand(CommandIDs.cancelMilestone, {
    label: trans.__('Cancel Milestone'),
    caption: trans.__('Stop the run of a milestone'),
    describedBy: { args: milestoneArgs(trans) },
    isEnabled: args => {
      const entry = meant(args, model.running);
      return entry !== undefined && isRunning(entry);
    },
    execute: async args => {
      const entry = meant(args, model.running);
      if (entry) {
        await model.cancel(entry.number);
      }
    }
  });
}

function milestoneArgs(
  trans: TranslationBundle,
  further: ReadonlyJSONObject = {}
): ReadonlyJSONObject {
  return {
    type: 'object',
    properties: {
      milestone: {
        type: 'integer',
        description: trans.__(
          'The milestone’s number; without it, the next one, or the one that runs'
        )
      },
      ...further
    }
  };
}
