import type { TestRow, TestRun } from '../api/types';

/** How a run stands, for one line of text. */
export interface RunTotals {
  passed: number;
  failed: number;
  total: number;
  points: number;
  maxPoints: number;
}

/** The rows as they are shown: tests run in order, so the first that has not ended is the one that is running. */
export function shownRows(run: TestRun): TestRow[] {
  const running = run.rows.find(row => row.status === 'pending');
  return run.rows.map(row =>
    run.state === 'running' && row === running
      ? { ...row, status: 'running' }
      : row
  );
}

/** Count the rows and their points. */
export function totals(run: TestRun): RunTotals {
  const passed = run.rows.filter(row => row.status === 'passed');
  return {
    passed: passed.length,
    failed: run.rows.filter(row => row.status === 'failed').length,
    total: run.rows.length,
    points: sumPoints(passed),
    maxPoints: sumPoints(run.rows)
  };
}

function sumPoints(rows: readonly TestRow[]): number {
  return rows.reduce((sum, row) => sum + row.points, 0);
}
