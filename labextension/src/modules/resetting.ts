import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { undoIcon } from '@jupyterlab/ui-components';

import type { ModuleEntry } from '../api/types';
import { CommandIDs, isStarted } from '../commands';
import { gradeId, isSolution } from '../notebook/cells';
import { announceBackup, type ModuleCommandsContext } from './commands';
import { moduleLabel } from './title';

/** Register what begins a module, or one of its cells, again. */
export function addResetCommands(context: ModuleCommandsContext): void {
  const { add, app, trans } = context;
  const { modules, notebooks, tests } = app;
  const reset = async (entry: ModuleEntry, cell?: string): Promise<void> => {
    // The backup is to hold what is on the screen.
    await notebooks.save(entry.name);
    const { backup } = await modules.reset(entry.name, cell);
    await notebooks.revert(entry.name);
    await tests.load(entry.name);
    announceBackup(backup, trans);
  };
  add(CommandIDs.resetModule, {
    label: trans.__('Reset Module…'),
    caption: trans.__('Begin a module again with a fresh notebook'),
    icon: undoIcon,
    isEnabled: isStarted,
    execute: async entry => {
      if (await confirmReset(entry, null, trans)) {
        await reset(entry);
      }
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
    execute: async (entry, args) => {
      const cell =
        typeof args.cell === 'string' ? args.cell : selectedCell(app, entry);
      if (cell === null) {
        throw new Error(
          trans.__(
            'Select a cell in which you write code or an answer; only such a cell can be reset.'
          )
        );
      }
      if (await confirmReset(entry, cell, trans)) {
        await reset(entry, cell);
      }
    }
  });
}

function selectedCell(
  { notebooks }: ModuleCommandsContext['app'],
  entry: ModuleEntry
): string | null {
  const active = notebooks.panelOf(entry.name)?.content.activeCell;
  const shared = active?.model.sharedModel;
  return shared && isSolution(shared) ? gradeId(shared) : null;
}

async function confirmReset(
  entry: ModuleEntry,
  cell: string | null,
  trans: TranslationBundle
): Promise<boolean> {
  const what = cell ?? moduleLabel(entry);
  const body =
    cell === null
      ? trans.__(
          'A fresh notebook replaces the present one. Nothing is lost: the present notebook is kept as a backup in the folder .tinytorch/backups/%1 of your workspace.',
          entry.name
        )
      : trans.__(
          'The cell becomes as it was released; all others stay. Nothing is lost: the present notebook is kept as a backup in the folder .tinytorch/backups/%1 of your workspace.',
          entry.name
        );
  const result = await showDialog({
    title: trans.__('Reset %1?', what),
    body,
    defaultButton: 0,
    buttons: [
      Dialog.cancelButton(),
      Dialog.warnButton({ label: trans.__('Reset') })
    ]
  });
  return result.button.accept;
}
