import type { Cell } from '@jupyterlab/cells';
import {
  type Notebook,
  NotebookActions,
  type NotebookPanel
} from '@jupyterlab/notebook';

const REVEALED_CLASS = 'jp-TinyTorch-revealedCell';

/** What ends the mark: whatever a person does in the notebook next. */
const ATTENTION = ['pointerdown', 'keydown', 'focusin'] as const;

/** The end of the mark that a notebook has at present. */
const marks = new WeakMap<NotebookPanel, () => void>();

const SCROLLS = 20;
const PAUSE_MS = 100;

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
  cell.addClass(REVEALED_CLASS);
  void scrollTo(notebook, index, cell);
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

/**
 * Scroll to a cell that was marked.
 *
 * A notebook shown only just now still finds out how high its cells are, and scrolls to places of its own: it is told
 * again, until the cell is seen or its mark has ended.
 */
async function scrollTo(
  notebook: Notebook,
  index: number,
  { node }: Cell
): Promise<void> {
  for (let attempt = 0; attempt < SCROLLS; attempt++) {
    // A scroll that a newer one replaces is rejected, which is no error.
    await notebook.scrollToItem(index, 'center').catch(() => undefined);
    await new Promise(resolve => setTimeout(resolve, PAUSE_MS));
    const { bottom, top } = node.getBoundingClientRect();
    const view = notebook.outerNode.getBoundingClientRect();
    const isSeen = bottom > view.top && top < view.bottom;
    if (isSeen || !node.classList.contains(REVEALED_CLASS)) {
      return;
    }
  }
}
