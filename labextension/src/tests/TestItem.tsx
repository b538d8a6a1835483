import type { TranslationBundle } from '@jupyterlab/translation';
import { runIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { TestRow } from '../api/types';
import { StatusIcon } from '../components/StatusIcon';
import { CostBar } from './CostBar';
import { memoryLabel, testLabel, timeLabel } from './format';
import { rowLabel, STATUS_ICONS } from './labels';
import { type ITestFailureProps, TestFailure } from './TestFailure';

/** One test: how it ended, what it is worth, what it took, and why it failed. */
export function TestItem(props: ITestFailureProps): React.JSX.Element {
  const { row, trans } = props;
  return (
    <li
      className={`jp-TinyTorch-test jp-mod-${row.status}${props.stale ? ' jp-mod-stale' : ''}`}
      data-test={row.grade_id}
    >
      <div className="jp-TinyTorch-testHead">
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
        <RunOne {...props} />
      </div>
      {props.stale && (
        <p className="jp-TinyTorch-staleNote">
          {trans.__('Outdated: the code has changed since.')}
        </p>
      )}
      <Costs row={row} trans={trans} />
      {row.status === 'failed' && <TestFailure {...props} />}
      {row.status === 'not_run' && row.message && (
        <p className="jp-TinyTorch-text">{row.message}</p>
      )}
    </li>
  );
}

function RunOne(props: ITestFailureProps): React.JSX.Element {
  const { onRun, row, trans } = props;
  const label = trans.__('Run %1 by itself', testLabel(row));
  return (
    <button
      type="button"
      className="jp-TinyTorch-iconButton"
      aria-label={label}
      title={label}
      // Not "disabled", which would drop the keyboard focus.
      aria-disabled={onRun === null}
      onClick={() => onRun?.()}
    >
      <runIcon.react tag={null} />
    </button>
  );
}

/** Points, time and memory; what a test took before it failed says nothing about the code under test. */
function Costs(props: {
  row: TestRow;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { row, trans } = props;
  const passed = row.status === 'passed';
  const time = passed ? timeLabel(row, trans) : null;
  const memory = passed ? memoryLabel(row, trans) : null;
  return (
    <p className="jp-TinyTorch-figures">
      <span>{pointsLabel(row, trans)}</span>
      {time && (
        <span>
          {time}
          {row.seconds && row.reference_seconds && (
            <CostBar value={row.seconds} reference={row.reference_seconds} />
          )}
        </span>
      )}
      {memory && (
        <span>
          {memory}
          {row.peak_bytes && row.reference_peak_bytes && (
            <CostBar
              value={row.peak_bytes}
              reference={row.reference_peak_bytes}
            />
          )}
        </span>
      )}
    </p>
  );
}

function pointsLabel(row: TestRow, trans: TranslationBundle): string {
  return row.status === 'failed' || row.status === 'not_run'
    ? trans._n('0 of %1 point', '0 of %1 points', row.points)
    : trans._n('%1 point', '%1 points', row.points);
}
