import type { TranslationBundle } from '@jupyterlab/translation';
import { type LabIcon, lockIcon } from '@jupyterlab/ui-components';

import type { MilestoneEntry, MilestoneRun } from '../api/types';
import {
  emptyIcon,
  failedIcon,
  passedIcon,
  runningIcon,
  unavailableIcon
} from '../components/statusIcons';
import { formatNumber } from '../units';
import { isRunning } from './merge';

/** How a milestone stands, as it is shown. */
export type ShownStatus = MilestoneEntry['status'] | 'running';

/** The icon of each status. */
export const STATUS_ICONS: Record<ShownStatus, LabIcon> = {
  unavailable: unavailableIcon,
  blocked: lockIcon,
  ready: emptyIcon,
  running: runningIcon,
  failed: failedIcon,
  passed: passedIcon
};

/** How the milestone stands; a run in progress goes before the result of the last one. */
export function shownStatus(entry: MilestoneEntry): ShownStatus {
  return isRunning(entry) ? 'running' : entry.status;
}

/** The status in words. */
export function statusLabel(
  status: ShownStatus,
  trans: TranslationBundle
): string {
  switch (status) {
    case 'unavailable':
      return trans.__('Not yet available');
    case 'blocked':
      return trans.__('Locked');
    case 'ready':
      return trans.__('Ready');
    case 'running':
      return trans.__('Running');
    case 'failed':
      return trans.__('Missed');
    case 'passed':
      return trans.__('Passed');
  }
}

/** Above this, a list of modules says less than their number. */
const MOST_NAMED = 3;

/** What unlocks the milestone. */
export function missingLabel(
  modules: readonly string[],
  trans: TranslationBundle
): string {
  const [first = '', ...others] = modules;
  return modules.length > MOST_NAMED
    ? trans.__(
        'Export %1 and %2 more modules to unlock this milestone.',
        first,
        others.length
      )
    : trans.__('Export %1 to unlock this milestone.', modules.join(', '));
}

/** How far a run is, in words. */
export function progressLabel(
  run: MilestoneRun,
  trans: TranslationBundle
): string {
  const { progress } = run;
  if (progress === null) {
    return trans.__('Starting…');
  }
  const { done, losses, step, total } = progress;
  const loss = losses[losses.length - 1];
  return typeof loss !== 'number'
    ? trans.__('Step %1 of %2, %3: done', done, total, step)
    : trans.__(
        'Step %1 of %2, %3: loss %4',
        done,
        total,
        step,
        formatFigure(loss)
      );
}

/** A figure's name as it is spoken of: "Largest error" for `largest_error`. */
export function figureLabel(name: string): string {
  const words = name.replace(/_/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Below this, zeros after the point are hard to count. */
const SMALLEST_PLAIN = 0.001;

/** A figure as people read it: whole numbers as they are, others with three significant digits. */
export function formatFigure(value: number): string {
  if (Number.isInteger(value)) {
    return formatNumber(value);
  }
  return Math.abs(value) < SMALLEST_PLAIN
    ? value
        .toExponential(2)
        .replace(/^[^e]+/, digits => formatNumber(Number(digits), 2))
    : formatNumber(Number(value.toPrecision(3)));
}
