import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';

import type { TestRow } from '../api/types';
import {
  emptyIcon,
  failedIcon,
  passedIcon,
  runningIcon,
  skippedIcon
} from '../components/statusIcons';

/** The icon of each status. */
export const STATUS_ICONS: Record<TestRow['status'], LabIcon> = {
  pending: emptyIcon,
  running: runningIcon,
  passed: passedIcon,
  failed: failedIcon,
  not_run: skippedIcon
};

/** The status in words. */
export function rowLabel(
  status: TestRow['status'],
  trans: TranslationBundle
): string {
  switch (status) {
    case 'pending':
      return trans.__('Waiting');
    case 'running':
      return trans.__('Running');
    case 'passed':
      return trans.__('Passed');
    case 'failed':
      return trans.__('Failed');
    case 'not_run':
      return trans.__('Not run');
  }
}
