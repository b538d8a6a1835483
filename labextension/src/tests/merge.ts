import type { TestRow, TestRun, TestRunEvent } from '../api/types';

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
