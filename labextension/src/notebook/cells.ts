import type { INotebookModel } from '@jupyterlab/notebook';

/** The shared document behind a notebook. */
export type SharedNotebook = INotebookModel['sharedModel'];

/** A cell of the shared document. */
export type SharedCell = SharedNotebook['cells'][number];

interface NbgraderMetadata {
  grade?: boolean;
  solution?: boolean;
  grade_id?: string;
}

/** The index of the cell with this id or, after a reset or a repair, with this grade id; -1 if there is none. */
export function findCell(
  notebook: SharedNotebook,
  cellId: string,
  gradeId?: string
): number {
  const index = notebook.cells.findIndex(cell => cell.getId() === cellId);
  if (index >= 0 || gradeId === undefined) {
    return index;
  }
  return notebook.cells.findIndex(cell => nbgrader(cell).grade_id === gradeId);
}

/** Whether students write an answer here that a person marks. */
export function isResponse(cell: SharedCell): boolean {
  const { grade, solution } = nbgrader(cell);
  return cell.cell_type === 'markdown' && grade === true && solution === true;
}

/** Whether a test is in this cell. */
export function isTest(cell: SharedCell): boolean {
  const { grade, solution } = nbgrader(cell);
  return cell.cell_type === 'code' && grade === true && solution !== true;
}

/** Whether students write code here, so that the cell can be begun again. */
export function isSolution(cell: SharedCell): boolean {
  return nbgrader(cell).solution === true;
}

/** Whether the cell only measures or plots. */
export function isMeasurement(cell: SharedCell): boolean {
  const tags: unknown = cell.getMetadata('tags');
  return (
    cell.cell_type === 'code' && Array.isArray(tags) && tags.includes('measure')
  );
}

/** The cell's grade id, or its cell id when nbgrader does not know it. */
export function gradeId(cell: SharedCell): string {
  return nbgrader(cell).grade_id ?? cell.getId();
}

function nbgrader(cell: SharedCell): NbgraderMetadata {
  return (cell.getMetadata('nbgrader') ?? {}) as NbgraderMetadata;
}
