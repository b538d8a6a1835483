import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { TestRow } from '../api/types';
import { StatusIcon } from '../components/StatusIcon';
import {
  emptyIcon,
  failedIcon,
  passedIcon,
  runningIcon,
  skippedIcon
} from '../icons';
import { memoryLabel, testLabel, timeLabel } from './format';
import { type ITestFailureProps, TestFailure } from './TestFailure';

const STATUS_ICONS: Record<TestRow['status'], LabIcon> = {
  pending: emptyIcon,
  running: runningIcon,
  passed: passedIcon,
  failed: failedIcon,
  not_run: skippedIcon
};

/** One test: how it ended, what it is worth, what it took, and why it failed. */
export function TestItem(props: ITestFailureProps): React.JSX.Element {
  const { row, trans } = props;
  // What a test took before it failed says nothing about the code under test.
  const figures = [
    pointsLabel(row, trans),
    row.status === 'passed' ? timeLabel(row, trans) : null,
    row.status === 'passed' ? memoryLabel(row, trans) : null
  ].filter(label => label !== null);
  return (
    <li className={`jp-TinyTorch-test jp-mod-${row.status}`}>
      <button
        type="button"
        className="jp-TinyTorch-testOpen"
        title={trans.__('Show %1 in the notebook', row.title)}
        onClick={() => {
          props.onShowCell(row.cell_id);
        }}
      >
        <StatusIcon icon={STATUS_ICONS[row.status]} state={row.status} />
        <span className="jp-TinyTorch-testTitle">{testLabel(row)}</span>
        <span className="jp-TinyTorch-testStatus">
          {rowLabel(row.status, trans)}
        </span>
      </button>
      <p className="jp-TinyTorch-figures">
        {figures.map(label => (
          <span key={label}>{label}</span>
        ))}
      </p>
      {row.status === 'failed' && <TestFailure {...props} />}
      {row.status === 'not_run' && row.message && (
        <p className="jp-TinyTorch-text">{row.message}</p>
      )}
    </li>
  );
}

function rowLabel(status: TestRow['status'], trans: TranslationBundle): string {
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

function pointsLabel(row: TestRow, trans: TranslationBundle): string {
  return row.status === 'failed' || row.status === 'not_run'
    ? trans._n('0 of %1 point', '0 of %1 points', row.points)
    : trans._n('%1 point', '%1 points', row.points);
}
