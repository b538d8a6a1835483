import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';

import type { ModuleEntry } from '../api/types';
import { emptyIcon, passedIcon, startedIcon, unavailableIcon } from '../icons';

/** The icon of each status. */
export const STATUS_ICONS: Record<ModuleEntry['status'], LabIcon> = {
  unavailable: unavailableIcon,
  not_started: emptyIcon,
  in_progress: startedIcon,
  passed: passedIcon
};

/** The module as people speak of it: "02 Activations". */
export function moduleLabel(entry: ModuleEntry): string {
  return `${String(entry.number).padStart(2, '0')} ${entry.title}`;
}

/** The module's status in words. */
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
