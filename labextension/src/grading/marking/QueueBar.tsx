import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { ProgressBar } from '../../components/ProgressBar';
import { Key } from '../components/Key';
import type { MarkingAction } from './keys';
import type { End, Filter, MarkingSession } from './session';

/** Where the grader is among the answers, and the ways on. */
export function QueueBar(props: {
  session: MarkingSession;
  act: (action: MarkingAction) => void;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { act, session, trans } = props;
  const queue = session.queue ?? [];
  const marked = queue.filter(({ state }) => state === 'marked').length;
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
          {session.end === null
            ? trans.__('Answer %1 of %2', session.position + 1, queue.length)
            : endLabel(session, session.end, trans)}
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

/** Why there is no answer to go on to. */
function endLabel(
  session: MarkingSession,
  end: End,
  trans: TranslationBundle
): string {
  if (end === 'skip') {
    return trans.__('No other answer waits for a mark');
  }
  const isNext = end === 'next';
  const labels: Record<Filter, string> = {
    all: isNext ? lastLabel(session, trans) : trans.__('First answer'),
    'to mark': isNext
      ? trans.__('No unmarked answers after this one')
      : trans.__('No unmarked answers before this one'),
    flagged: isNext
      ? trans.__('No flagged answers after this one')
      : trans.__('No flagged answers before this one'),
    conflict: isNext
      ? trans.__('No answers with two marks after this one')
      : trans.__('No answers with two marks before this one')
  };
  return labels[session.filter];
}

function lastLabel(session: MarkingSession, trans: TranslationBundle): string {
  const { length } = session.left;
  return length === 0
    ? trans.__('Last answer')
    : trans._n(
        'Last answer; %1 before it is not marked',
        'Last answer; %1 before it are not marked',
        length
      );
}
