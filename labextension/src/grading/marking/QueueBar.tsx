import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { ProgressBar } from '../../components/ProgressBar';
import { Key } from '../components/Key';
import type { MarkingAction } from './keys';
import type { Filter, MarkingSession } from './session';

/** Where the grader is among the answers, and the ways on. */
export function QueueBar(props: {
  session: MarkingSession;
  act: (action: MarkingAction) => void;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { act, session, trans } = props;
  const queue = session.queue ?? [];
  const marked = queue.filter(({ state }) => state === 'marked').length;
  const position = session.position + 1;
  return (
    <div className="jp-TinyTorch-queueBar">
      <div className="jp-TinyTorch-buttons">
        <button
          type="button"
          className="jp-TinyTorch-button"
          onClick={() => {
            act('previous');
          }}
        >
          {trans.__('Previous')} <Key name="k" />
        </button>
        <span role="status" className="jp-TinyTorch-position">
          {trans.__('Answer %1 of %2', position, queue.length)}
        </span>
        <button
          type="button"
          className="jp-TinyTorch-button jp-mod-primary"
          onClick={() => {
            act('next');
          }}
        >
          {trans.__('Next')} <Key name="j" />
        </button>
        <button
          type="button"
          className="jp-TinyTorch-button"
          onClick={() => {
            act('skip');
          }}
        >
          {trans.__('Skip')} <Key name="x" />
        </button>
      </div>
      <div className="jp-TinyTorch-queueProgress">
        <span>{trans.__('%1 of %2 marked', marked, queue.length)}</span>
        <ProgressBar
          label={trans.__('Marked answers')}
          value={marked}
          max={queue.length}
        />
      </div>
      <label>
        {trans.__('Go through')}{' '}
        <select
          value={session.filter}
          onChange={event => {
            session.setFilter(event.target.value as Filter);
          }}
        >
          {filters(trans).map(([filter, label]) => (
            <option key={filter} value={filter}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <label>
        <input
          type="checkbox"
          checked={session.isShare}
          onChange={event => void session.setShare(event.target.checked)}
        />{' '}
        {trans.__('Only my share')}
      </label>
      <button
        type="button"
        className="jp-TinyTorch-button"
        onClick={() => {
          act('help');
        }}
      >
        {trans.__('Keys')} <Key name="?" />
      </button>
    </div>
  );
}

function filters(trans: TranslationBundle): [Filter, string][] {
  return [
    ['all', trans.__('all answers')],
    ['to mark', trans.__('those nobody has marked')],
    ['flagged', trans.__('flagged ones')],
    ['conflict', trans.__('those with two marks')]
  ];
}
