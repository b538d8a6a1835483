import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Notice } from '../api/types';
import { StatusIcon } from '../components/StatusIcon';
import { warningIcon } from '../components/statusIcons';

const SHOWN = 2;

/** What the notices are shown with. */
export interface INoticesProps {
  notices: readonly Notice[];
  /** The number of a cell in the open notebook, from 1. */
  cellNumber: (cellId: string) => number | null;
  onShowCell: (cellId: string) => void;
  trans: TranslationBundle;
}

/** Errors in cells that are not tests; often the first one brings about the others, so the rest is folded away. */
export function Notices(props: INoticesProps): React.JSX.Element {
  const { notices, trans } = props;
  const folded = notices.slice(SHOWN);
  return (
    <div className="jp-TinyTorch-notice">
      <StatusIcon icon={warningIcon} state="warning" />
      <div className="jp-TinyTorch-noticeBody">
        <p>{trans.__('Cells before the tests ended in an error:')}</p>
        <List {...props} notices={notices.slice(0, SHOWN)} />
        {folded.length > 0 && (
          <details>
            <summary>{trans._n('%1 more', '%1 more', folded.length)}</summary>
            <List {...props} notices={folded} />
          </details>
        )}
      </div>
    </div>
  );
}

function List(props: INoticesProps): React.JSX.Element {
  return (
    <ul>
      {props.notices.map(notice => (
        <li key={notice.cell_id} className="jp-TinyTorch-text">
          <button
            type="button"
            className="jp-TinyTorch-link"
            onClick={() => {
              props.onShowCell(notice.cell_id);
            }}
          >
            {placeLabel(notice, props)}
          </button>{' '}
          {notice.message}
        </li>
      ))}
    </ul>
  );
}

function placeLabel(notice: Notice, props: INoticesProps): string {
  const { trans } = props;
  const number = props.cellNumber(notice.cell_id);
  const cell =
    number === null
      ? trans.__('Cell %1', notice.cell_id)
      : trans.__('Cell %1', number);
  return notice.line === null
    ? cell
    : trans.__('%1, line %2', cell, notice.line);
}
