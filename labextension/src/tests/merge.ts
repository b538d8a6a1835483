import type { TestRow, TestRun, TestRunEvent } from '../api/types';

/** How a run stands, for one line of text. */
export interface RunTotals {
  passed: number;
  failed: number;
  total: number;
  points: number;
  maxPoints: number;
}

/** Whether nothing more will happen in the run. */
export function isOver(run: TestRun): boolean {
  return run.state !== 'running' && run.state !== 'never';
}

/**
 * Bring what is known of a run together with what an answer says of it.
 *
 * Events and polled answers overtake each other, so a row that has ended never goes back to running.
 */
export function mergeRun(known: TestRun | undefined, answer: TestRun): TestRun {
  if (known?.run_id !== answer.run_id) {
    return answer;
  }
  if (isOver(known) && !isOver(answer)) {
    return known;
  }
  const rows = answer.rows.map(row =>
    furthest(
      known.rows.find(other => other.grade_id === row.grade_id),
      row
    )
  );
  return { ...answer, rows };
}

/** Take in one event of the run it belongs to. */
export function applyEvent(run: TestRun, event: TestRunEvent): TestRun {
  const state = isOver(run) ? run.state : event.state;
  const { row } = event;
  if (row === null) {
    return { ...run, state };
  }
  const known = run.rows.some(other => other.grade_id === row.grade_id);
  const rows = known
    ? run.rows.map(other =>
        other.grade_id === row.grade_id ? furthest(other, row) : other
      )
    : [...run.rows, row];
  return { ...run, state, rows };
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

const PROGRESS: Record<TestRow['status'], number> = {
  pending: 0,
  running: 1,
  not_run: 2,
  failed: 3,
  passed: 3
};

function furthest(known: TestRow | undefined, row: TestRow): TestRow {
  return known && PROGRESS[known.status] > PROGRESS[row.status] ? known : row;
}
