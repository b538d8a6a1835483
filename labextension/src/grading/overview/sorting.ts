import type { Cell, Overview, StudentRow } from '../../api/courseTypes';

/** By which column the grid is sorted: the names, or the module in this place. */
export interface Sorting {
  by: 'name' | number;
  down: boolean;
}

/** What the grid shows of the class. */
export interface Arrangement {
  text: string;
  state: Cell['state'] | '';
  sorting: Sorting;
}

/** The rows that match, in order; students without a score come last either way. */
export function arrange(
  overview: Overview,
  { text, state, sorting }: Arrangement
): StudentRow[] {
  const wanted = text.trim().toLocaleLowerCase();
  const rows = overview.students.filter(
    row =>
      `${row.name} ${row.student}`.toLocaleLowerCase().includes(wanted) &&
      (state === '' || row.cells.some(cell => cell.state === state))
  );
  return rows.sort((left, right) => compare(left, right, sorting));
}

function compare(
  left: StudentRow,
  right: StudentRow,
  { by, down }: Sorting
): number {
  const sign = down ? -1 : 1;
  if (by === 'name') {
    return sign * label(left).localeCompare(label(right));
  }
  const [one, other] = [score(left, by), score(right, by)];
  if (one === null || other === null) {
    return Number(one === null) - Number(other === null);
  }
  return sign * (one - other) || label(left).localeCompare(label(right));
}

function label(row: StudentRow): string {
  return row.name || row.student;
}

function score(row: StudentRow, place: number): number | null {
  return row.cells[place]?.score ?? null;
}
