import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';

import type { Assignment, ModuleEntry } from '../api/types';
import {
  emptyIcon,
  passedIcon,
  startedIcon,
  unavailableIcon
} from '../components/statusIcons';
import { standing, standingLabel } from '../submission/labels';

/** The icon of each status. */
export const STATUS_ICONS: Record<ModuleEntry['status'], LabIcon> = {
  unavailable: unavailableIcon,
  not_started: emptyIcon,
  in_progress: startedIcon,
  passed: passedIcon
};

/** How the module stands in words: with the course where something was handed in, else in the workspace. */
export function moduleStatus(
  entry: ModuleEntry,
  assignment: Assignment | undefined,
  now: number,
  trans: TranslationBundle
): string {
  if (assignment === undefined) {
    return statusLabel(entry, trans);
  }
  switch (standing(assignment, now)) {
    case 'open':
      return entry.status === 'passed'
        ? trans.__('Ready to submit')
        : statusLabel(entry, trans);
    case 'overdue':
      return trans.__('Overdue. %1', statusLabel(entry, trans));
    default:
      return standingLabel(assignment, now, trans);
  }
}

/** The module's status in the workspace in words. */
export function statusLabel(
  entry: ModuleEntry,
  trans: TranslationBundle
): string {
  switch (entry.status) {
    case 'unavailable':
      return trans.__('Not yet available');
    case 'not_started':
      return trans.__('Not started');
    case 'in_progress':
      return entry.tests_total > 0
        ? trans.__(
            'In progress: %1 of %2 tests',
            entry.tests_passed,
            entry.tests_total
          )
        : trans.__('In progress: tests not run yet');
    case 'passed':
      return trans.__('Passed');
  }
}

/** Where the student's package stands with the module, in words. */
export function packageLabel(
  entry: ModuleEntry,
  trans: TranslationBundle
): string {
  switch (entry.package) {
    case 'missing':
      return trans.__('Not exported');
    case 'behind':
      return trans.__('Export is behind the notebook');
    case 'current':
      return trans.__('Exported');
  }
}
