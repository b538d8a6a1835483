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

/** The sentence on a length of time for the largest unit that fits; other languages put each unit in a case. */
export function inLargestUnit(
  milliseconds: number,
  sentences: Record<'days' | 'hours' | 'minutes', (count: number) => string>
): string {
  if (milliseconds >= 2 * DAY) {
    return sentences.days(Math.floor(milliseconds / DAY));
  }
  if (milliseconds >= 2 * HOUR) {
    return sentences.hours(Math.floor(milliseconds / HOUR));
  }
  return sentences.minutes(Math.max(1, Math.floor(milliseconds / MINUTE)));
}

/** How long there is until a module is due, in few words. */
export function dueInLabel(
  milliseconds: number,
  trans: TranslationBundle
): string {
  return inLargestUnit(milliseconds, {
    days: n => trans._n('due in %1 day', 'due in %1 days', n),
    hours: n => trans._n('due in %1 hour', 'due in %1 hours', n),
    minutes: n => trans._n('due in %1 minute', 'due in %1 minutes', n)
  });
}
