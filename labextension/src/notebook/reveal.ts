import { NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';

const REVEALED_CLASS = 'jp-TinyTorch-revealedCell';

/** What ends the mark: whatever a person does in the notebook next. */
const ATTENTION = ['pointerdown', 'keydown', 'focusin'] as const;

/** The end of the mark that a notebook has at present. */
const marks = new WeakMap<NotebookPanel, () => void>();

/**
 * Scroll the cell at `index` into view and mark it; cursor, selection and focus stay where they are.
 *
 * The mark stays until something is done in the notebook, or another cell is revealed: however long that takes, it
 * is still seen.
 */
export function revealCell(panel: NotebookPanel, index: number): void {
  const notebook = panel.content;
  const cell = notebook.widgets[index];
  marks.get(panel)?.();
  if (!cell) {
    return;
  }
  NotebookActions.expandParent(cell, notebook);
  // A scroll that a newer one replaces is rejected, which is no error.
  notebook.scrollToItem(index, 'center').catch(() => undefined);
  cell.addClass(REVEALED_CLASS);
  const unmark = (): void => {
    marks.delete(panel);
    cell.removeClass(REVEALED_CLASS);
    for (const event of ATTENTION) {
      panel.node.removeEventListener(event, unmark, true);
    }
  };
  marks.set(panel, unmark);
  for (const event of ATTENTION) {
    panel.node.addEventListener(event, unmark, true);
  }
}
