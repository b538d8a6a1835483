import type { TranslationBundle } from '@jupyterlab/translation';

import type { Cell, ModuleColumn } from '../../api/courseTypes';
import { formatMoment, formatPoints } from '../../units';

/** What a state of a student's work is called. */
export function stateLabel(
  state: Cell['state'],
  trans: TranslationBundle
): string {
  const labels: Record<Cell['state'], string> = {
    'not submitted': trans.__('not submitted'),
    submitted: trans.__('submitted'),
    'to mark': trans.__('to mark'),
    marked: trans.__('marked'),
    feedback: trans.__('feedback written'),
    returned: trans.__('returned')
  };
  return labels[state];
}

/** What a cell of the grid says to who cannot see it. */
export function cellLabel(cell: Cell, trans: TranslationBundle): string {
  const parts = [stateLabel(cell.state, trans)];
  if (cell.score !== null) {
    parts.unshift(pointsLabel(cell.score, trans));
  }
  if (cell.late) {
    parts.push(trans.__('late'));
  }
  if (cell.integrity !== 'ok') {
    parts.push(trans.__('run not in order: %1', cell.integrity));
  }
  return parts.join(', ');
}

/** What is to be done next with a module, as a button says it; null when it is somebody else's turn. */
export function actionLabel(
  action: ModuleColumn['next_action'],
  trans: TranslationBundle
): string | null {
  const labels: Record<ModuleColumn['next_action'], string | null> = {
    generate: trans.__('Generate'),
    release: trans.__('Release'),
    wait: null,
    autograde: trans.__('Collect and autograde'),
    mark: trans.__('Mark'),
    feedback: trans.__('Return feedback'),
    return: trans.__('Return feedback'),
    done: null
  };
  return labels[action];
}

/** So many points: "1 point", "7.5 points". */
export function pointsLabel(points: number, trans: TranslationBundle): string {
  // The number itself would not be in the user's language.
  return trans._n('%2 point', '%2 points', points, formatPoints(points));
}

/** A moment in the user's own words. */
export function moment(iso: string | null): string {
  return iso === null ? '–' : formatMoment(iso);
}
