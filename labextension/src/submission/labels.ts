import type { TranslationBundle } from '@jupyterlab/translation';

import type { Assignment } from '../api/types';
import { formatDate, formatPoints } from '../units';
import { inLargestUnit } from './brief';

/** How a module stands with the course, in the order in which it gets there. */
export type Standing =
  'open' | 'overdue' | 'submitted' | 'late' | 'graded' | 'returned';

/** How the assignment stands at the time `now`. */
export function standing(assignment: Assignment, now: number): Standing {
  switch (assignment.state) {
    case 'returned':
    case 'graded':
      return assignment.state;
    case 'submitted':
      return assignment.late_seconds > 0 ? 'late' : 'submitted';
    default:
      return isPast(assignment, now) ? 'overdue' : 'open';
  }
}

/** The standing in words. */
export function standingLabel(
  assignment: Assignment,
  now: number,
  trans: TranslationBundle
): string {
  switch (standing(assignment, now)) {
    case 'open':
      return trans.__('Not submitted');
    case 'overdue':
      return trans.__('Overdue');
    case 'submitted':
      return trans.__('Submitted');
    case 'late':
      return lateLabel(assignment.late_seconds * 1000, trans);
    case 'graded':
      return trans.__('Graded; feedback follows');
    case 'returned':
      return trans.__(
        'Feedback: %1 of %2 points',
        formatPoints(assignment.score ?? 0),
        formatPoints(assignment.total ?? 0)
      );
  }
}

/** When the module is due, and how long that is from now; null without a date. */
export function dueLabel(
  assignment: Assignment,
  now: number,
  trans: TranslationBundle
): string | null {
  if (assignment.due_at === null) {
    return null;
  }
  const due = Date.parse(assignment.due_at);
  const date = formatDate(assignment.due_at);
  if (assignment.submission !== null) {
    return trans.__('Due %1', date);
  }
  return due >= now
    ? leftLabel(date, due - now, trans)
    : agoLabel(date, now - due, trans);
}

function lateLabel(milliseconds: number, trans: TranslationBundle): string {
  return inLargestUnit(milliseconds, {
    days: n => trans._n('Submitted %1 day late', 'Submitted %1 days late', n),
    hours: n =>
      trans._n('Submitted %1 hour late', 'Submitted %1 hours late', n),
    minutes: n =>
      trans._n('Submitted %1 minute late', 'Submitted %1 minutes late', n)
  });
}

function leftLabel(
  due: string,
  milliseconds: number,
  trans: TranslationBundle
): string {
  return inLargestUnit(milliseconds, {
    days: n => trans._n('Due %2, %1 day left', 'Due %2, %1 days left', n, due),
    hours: n =>
      trans._n('Due %2, %1 hour left', 'Due %2, %1 hours left', n, due),
    minutes: n =>
      trans._n('Due %2, %1 minute left', 'Due %2, %1 minutes left', n, due)
  });
}

function agoLabel(
  due: string,
  milliseconds: number,
  trans: TranslationBundle
): string {
  return inLargestUnit(milliseconds, {
    days: n => trans._n('Due %2, %1 day ago', 'Due %2, %1 days ago', n, due),
    hours: n => trans._n('Due %2, %1 hour ago', 'Due %2, %1 hours ago', n, due),
    minutes: n =>
      trans._n('Due %2, %1 minute ago', 'Due %2, %1 minutes ago', n, due)
  });
}

function isPast(assignment: Assignment, now: number): boolean {
  return assignment.due_at !== null && Date.parse(assignment.due_at) < now;
}
