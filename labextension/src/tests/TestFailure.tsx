import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { SourceFrame, TestRow } from '../api/types';
import { EvidenceTable } from './Evidence';
import { splitMessage, subjectOf } from './format';

/** What the failure of a test needs to know. */
export interface ITestFailureProps {
  row: TestRow;
  /** Whether the code has changed since. */
  stale: boolean;
  /** The number of the notebook cell with this id, or null when it is not (or no longer) in the open notebook. */
  cellNumber: (cellId: string) => number | null;
  onShowCell: (cellId: string) => void;
  /** Run this test by itself; null while tests are running. */
  onRun: (() => void) | null;
  trans: TranslationBundle;
}

/** Why a test failed: the message, the student's own line behind it, and the traceback on demand. */
export function TestFailure(props: ITestFailureProps): React.JSX.Element {
  const { row, trans } = props;
  const { evidence } = row;
  const { words, figures } = splitMessage(row.message);
  const said = evidence && !figures ? subjectOf(words) : words;
  const culprit = [...row.frames].reverse().find(frame => isOwn(frame, row));
  return (
    <div className="jp-TinyTorch-failure">
      {said && <p className="jp-TinyTorch-text">{said}</p>}
      {evidence && <EvidenceTable evidence={evidence} trans={trans} />}
      {figures && !evidence && (
        <pre className="jp-TinyTorch-code">{figures}</pre>
      )}
      {culprit && <CulpritLink {...props} frame={culprit} />}
      {(row.frames.length > 0 || row.traceback) && (
        <details>
          <summary>{trans.__('Traceback')}</summary>
          {row.frames.length > 0 && (
            <ol className="jp-TinyTorch-frames">
              {row.frames.map((frame, index) => (
                <li
                  key={index}
                  className={isOwn(frame, row) ? 'jp-mod-own' : undefined}
                >
                  <span className="jp-TinyTorch-hint">
                    {frameLabel(frame, props)}
                  </span>
                  <code className="jp-TinyTorch-code">{frame.text.trim()}</code>
                </li>
              ))}
            </ol>
          )}
          {figures && evidence && (
            <pre className="jp-TinyTorch-code">{figures}</pre>
          )}
          {row.traceback && (
            <pre className="jp-TinyTorch-code">{row.traceback}</pre>
          )}
        </details>
      )}
    </div>
  );
}

function CulpritLink(
  props: ITestFailureProps & { frame: SourceFrame }
): React.JSX.Element {
  const { frame } = props;
  return (
    <p className="jp-TinyTorch-culprit">
      <button
        type="button"
        className="jp-TinyTorch-link"
        onClick={() => {
          props.onShowCell(frame.cell);
        }}
      >
        {frameLabel(frame, props)}
      </button>{' '}
      <code className="jp-TinyTorch-code">{frame.text.trim()}</code>
    </p>
  );
}

function frameLabel(frame: SourceFrame, props: ITestFailureProps): string {
  const { trans } = props;
  if (!isCell(frame)) {
    return trans.__('%1, line %2', frame.cell, frame.line);
  }
  const number = props.cellNumber(frame.cell);
  if (frame.cell === props.row.cell_id) {
    return trans.__('This test, line %1', frame.line);
  }
  return number === null
    ? trans.__('Your cell, line %1', frame.line)
    : trans.__('Your cell %1, line %2', number, frame.line);
}

/** Whether the line is the student's: in a cell of the notebook, and not in the test itself. */
function isOwn(frame: SourceFrame, row: TestRow): boolean {
  return isCell(frame) && frame.cell !== row.cell_id;
}

/** File names hold a dot, a slash or angle brackets; the ids of notebook cells never do. */
function isCell(frame: SourceFrame): boolean {
  return /^[\w-]+$/.test(frame.cell);
}
