import type { TranslationBundle } from '@jupyterlab/translation';

import type { Assignment, ModuleEntry } from '../api/types';

// Apart from the other labels: the status bar needs these from the start.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Whether what is saved is something else than what was handed in. */
export function differs(entry: ModuleEntry, assignment: Assignment): boolean {
  return (
    assignment.submission !== null &&
    entry.digest !== null &&
    entry.digest !== assignment.submission.digest
  );
}

/** A length of time as people read it, in the largest unit that fits. */
export function durationLabel(
  milliseconds: number,
  trans: TranslationBundle
): string {
  if (milliseconds >= 2 * DAY) {
    const days = Math.floor(milliseconds / DAY);
    return trans._n('%1 day', '%1 days', days);
  }
  if (milliseconds >= 2 * HOUR) {
    const hours = Math.floor(milliseconds / HOUR);
    return trans._n('%1 hour', '%1 hours', hours);
  }
  const minutes = Math.max(1, Math.floor(milliseconds / MINUTE));
  return trans._n('%1 minute', '%1 minutes', minutes);
}
