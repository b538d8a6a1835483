import { NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';

const REVEALED_CLASS = 'jp-TinyTorch-revealedCell';
const REVEALED_MS = 1800;

/** Scroll the cell at `index` into view and mark it for a moment; cursor, selection and focus stay where they are. */
export function revealCell(panel: NotebookPanel, index: number): void {
  const notebook = panel.content;
  const cell = notebook.widgets[index];
  if (!cell) {
    return;
  }
  NotebookActions.expandParent(cell, notebook);
  // A scroll that a newer one replaces is rejected, which is no error.
  notebook.scrollToItem(index, 'center').catch(() => undefined);
  cell.addClass(REVEALED_CLASS);
  window.setTimeout(() => {
    if (!cell.isDisposed) {
      cell.removeClass(REVEALED_CLASS);
    }
  }, REVEALED_MS);
}
