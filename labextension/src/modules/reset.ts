import type { TranslationBundle } from '@jupyterlab/translation';

import type { ModuleEntry } from '../api/types';
import { confirm } from '../components/confirm';
import { gradeId, isSolution } from '../notebook/cells';
import { announceBackup, type ModuleCommandsContext } from './commands';
import { moduleLabel } from './title';

/** Begin the module, or only the cell with this grade id, again once that is confirmed. */
export async function reset(
  { app, trans }: ModuleCommandsContext,
  entry: ModuleEntry,
  cell: string | null
): Promise<void> {
  const { modules, notebooks, tests } = app;
  if (!(await confirmReset(entry, cell, trans))) {
    return;
  }
  // The backup is to hold what is on the screen.
  await notebooks.save(entry.name);
  const { backup } = await modules.reset(
    entry.name,
    () => notebooks.revert(entry.name),
    cell ?? undefined
  );
  await tests.load(entry.name);
  announceBackup(backup, trans);
}

/** The grade id of the selected cell; throws when no student writes there. */
export function selectedCell(
  { app, trans }: ModuleCommandsContext,
  entry: ModuleEntry
): string {
  const active = app.notebooks.panelOf(entry.name)?.content.activeCell;
  const shared = active?.model.sharedModel;
  if (!shared || !isSolution(shared)) {
    throw new Error(
      trans.__(
        'Select a cell in which you write code or an answer; only such a cell can be reset.'
      )
    );
  }
  return gradeId(shared);
}

function confirmReset(
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
  return confirm({
    title: trans.__('Reset %1?', what),
    body,
    action: trans.__('Reset')
  });
}
