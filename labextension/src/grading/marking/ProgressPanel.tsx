import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useState } from 'react';

import type { MarkingPace } from '../../api/courseTypes';
import { Loaded } from '../components/Loaded';
import { Scroll } from '../components/Scroll';
import type { Loadable } from '../loadable';
import type { IMarkingProps } from './MarkingDesk';

/** Who marked how much and how fast, what that leaves to do, and among whom it is divided. */
export function ProgressPanel(
  props: IMarkingProps & { pace: Loadable<MarkingPace> }
): React.JSX.Element {
  const { model, pace, session, trans } = props;
  const waiting = session.queue?.filter(({ state }) => state === 'to mark');
  return (
    <details
      className="jp-TinyTorch-pace"
      onToggle={event => {
        if (event.currentTarget.open) {
          void pace.load();
        }
      }}
    >
      <summary>{trans.__('Graders, pace and shares')}</summary>
      <Loaded of={pace} trans={trans}>
        {found => (
          <>
            <PaceTable pace={found} trans={trans} />
            <TimeLeft
              pace={found}
              me={model.me}
              waiting={waiting?.length ?? 0}
              trans={trans}
            />
            {model.isInstructor ? (
              <Shares
                key={found.graders.join()}
                graders={found.graders}
                onDivide={graders =>
                  pace.attempt(async () => {
                    pace.take(
                      await model.api.setShares(session.place, graders)
                    );
                  })
                }
                trans={trans}
              />
            ) : (
              <p>{divided(found.graders, trans)}</p>
            )}
          </>
        )}
      </Loaded>
    </details>
  );
}

function PaceTable(props: {
  pace: MarkingPace;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { pace, trans } = props;
  return (
    <Scroll label={trans.__('Graders')}>
      <table className="jp-TinyTorch-table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Grader')}</th>
            <th scope="col">{trans.__('Answers')}</th>
            <th scope="col">{trans.__('Seconds each')}</th>
          </tr>
        </thead>
        <tbody>
          {pace.pace.map(({ answers, grader, seconds }) => (
            <tr key={grader}>
              <th scope="row">{grader}</th>
              <td>{answers}</td>
              <td>{seconds === null ? '–' : Math.round(seconds)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function TimeLeft(props: {
  pace: MarkingPace;
  me: string;
  waiting: number;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { me, pace, trans, waiting } = props;
  const mine = pace.pace.find(({ grader }) => grader === me)?.seconds;
  if (!mine || waiting === 0) {
    return null;
  }
  const minutes = Math.ceil((waiting * mine) / 60);
  return (
    <p>
      {trans._n(
        'At your pace the rest takes about a minute.',
        'At your pace the rest takes about %1 minutes.',
        minutes
      )}
    </p>
  );
}

function Shares(props: {
  graders: readonly string[];
  onDivide: (graders: string[]) => Promise<boolean>;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { graders, onDivide, trans } = props;
  const [text, setText] = useState(graders.join(', '));
  return (
    <form
      className="jp-TinyTorch-form"
      onSubmit={event => {
        event.preventDefault();
        const names = text.split(',').map(name => name.trim());
        void onDivide(names.filter(name => name !== ''));
      }}
    >
      <label>
        {trans.__('Divide among')}{' '}
        <input
          type="text"
          value={text}
          placeholder={trans.__('greta, gus')}
          onChange={event => {
            setText(event.target.value);
          }}
        />
      </label>
      <button type="submit" className="jp-TinyTorch-button">
        {trans.__('Divide')}
      </button>
      <p className="jp-TinyTorch-hint">{divided(graders, trans)}</p>
    </form>
  );
}

function divided(graders: readonly string[], trans: TranslationBundle): string {
  return graders.length === 0
    ? trans.__('Not divided: everyone marks all answers.')
    : trans.__('Divided among %1.', graders.join(', '));
}
