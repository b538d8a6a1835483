import { undoIcon } from '@jupyterlab/ui-components';

import { CommandIDs, isStarted } from '../commands';
import type { ModuleCommandsContext } from './commands';

/** Register what begins a module, or one of its cells, again. */
export function addResetCommands(context: ModuleCommandsContext): void {
  const { add, trans } = context;
  add(CommandIDs.resetModule, {
    label: trans.__('Reset Module…'),
    caption: trans.__('Begin a module again with a fresh notebook'),
    icon: undoIcon,
    isEnabled: isStarted,
    execute: async entry => {
      const { reset } = await import('./reset');
      await reset(context, entry, null);
    }
  });
  add(CommandIDs.resetCell, {
    label: trans.__('Reset Cell…'),
    caption: trans.__(
      'Begin the selected cell of a module again; the rest stays'
    ),
    icon: undoIcon,
    args: {
      cell: {
        type: 'string',
        description: trans.__(
          'The cell’s grade id; without it, the selected cell'
        )
      }
    },
    isEnabled: isStarted,
    execute: async (entry, { cell }) => {
      const { reset, selectedCell } = await import('./reset');
      const chosen =
        typeof cell === 'string' ? cell : selectedCell(context, entry);
      await reset(context, entry, chosen);
    }
  });
}
