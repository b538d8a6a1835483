import type { MilestoneEntry, MilestoneRun } from '../api/types';

/** Whether nothing more will happen in the run. */
export function isOver(run: MilestoneRun): boolean {
  return run.state !== 'running' && run.state !== 'never';
}

/** Whether the milestone is running. */
export function isRunning(entry: MilestoneEntry): boolean {
  return entry.run.state === 'running';
}

/** Whether a run can be asked for. */
export function canRun(entry: MilestoneEntry): boolean {
  return (
    !isRunning(entry) &&
    entry.status !== 'unavailable' &&
    entry.status !== 'blocked'
  );
}

/**
 * Bring what is known of a milestone together with what an answer says of it.
 *
 * Events and polled answers overtake each other, so a run never goes back.
 */
export function mergeEntry(
  known: MilestoneEntry | undefined,
  answer: MilestoneEntry
): MilestoneEntry {
  if (known?.run.run_id !== answer.run.run_id) {
    return answer;
  }
  if (isOver(known.run) && !isOver(answer.run)) {
    return known;
  }
  return { ...answer, run: furthest(known.run, answer.run) };
}

/** Of two accounts of the same run the later one; of two runs the second. */
export function furthest(known: MilestoneRun, run: MilestoneRun): MilestoneRun {
  const behind =
    known.run_id === run.run_id &&
    (known.progress?.done ?? 0) > (run.progress?.done ?? 0);
  return behind ? { ...run, progress: known.progress } : run;
}
