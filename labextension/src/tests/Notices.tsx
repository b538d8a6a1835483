import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { StatusIcon } from '../components/StatusIcon';
import { warningIcon } from '../icons';

const SHOWN = 2;

/** Errors in cells that are not tests; often the first one brings about the others, so the rest is folded away. */
export function Notices(props: {
  notices: readonly string[];
  trans: TranslationBundle;
}): React.JSX.Element {
  const { notices, trans } = props;
  const folded = notices.slice(SHOWN);
  return (
    <div className="jp-TinyTorch-notice">
      <StatusIcon icon={warningIcon} state="warning" />
      <div className="jp-TinyTorch-noticeBody">
        <p>{trans.__('Cells before the tests ended in an error:')}</p>
        <List notices={notices.slice(0, SHOWN)} />
        {folded.length > 0 && (
          <details>
            <summary>{trans._n('%1 more', '%1 more', folded.length)}</summary>
            <List notices={folded} />
          </details>
        )}
      </div>
    </div>
  );
}

function List(props: { notices: readonly string[] }): React.JSX.Element {
  return (
    <ul>
      {props.notices.map((notice, index) => (
        <li key={index} className="jp-TinyTorch-text">
          {notice}
        </li>
      ))}
    </ul>
  );
}
