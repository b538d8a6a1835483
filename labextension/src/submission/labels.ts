import type { TranslationBundle } from '@jupyterlab/translation';

import type { Assignment } from '../api/types';
import { formatPoints } from '../units';
import { durationLabel } from './brief';

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
      return trans.__(
        'Submitted %1 late',
        durationLabel(assignment.late_seconds * 1000, trans)
      );
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
  const left = durationLabel(Math.abs(due - now), trans);
  return due >= now
    ? trans.__('Due %1, %2 left', date, left)
    : trans.__('Due %1, %2 ago', date, left);
}

/** A moment as people read it: "Fri, Nov 21, 11:59 PM". */
export function formatDate(date: string): string {
  return new Date(date).toLocaleString(undefined, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: 'numeric',
    minute: '2-digit'
  });
}

function isPast(assignment: Assignment, now: number): boolean {
  return assignment.due_at !== null && Date.parse(assignment.due_at) < now;
}
