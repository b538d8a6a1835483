import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { OwnRun } from '../api/types';
import { testLabel } from '../tests/format';
import { formatPoints } from '../units';

/** How the tests end on the student's own earlier modules: which differ from the graded run, and what explains it. */
export function OwnRunBlock(props: {
  run: OwnRun;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { run, trans } = props;
  const different = run.tests.filter(({ graded, score }) => score !== graded);
  const replaced = Object.entries(run.replaced);
  return (
    <div className="jp-TinyTorch-feedbackAnswer">
      <h4>{trans.__('On your own earlier modules')}</h4>
      <p className="jp-TinyTorch-hint">
        {trans.__(
          'You were graded with the reference’s earlier modules, so that an early mistake does not cost you points again. This is how the same tests end on your own; it does not count.'
        )}
      </p>
      {different.length === 0 && run.own.length > 0 && (
        <p className="jp-TinyTorch-text">
          {trans.__(
            'Every test ends the same on your own %1.',
            run.own.join(', ')
          )}
        </p>
      )}
      {different.length + replaced.length > 0 && (
        <ul className="jp-TinyTorch-criteria">
          {different.map(({ causes, graded, message, score, test }) => (
            <li key={test}>
              {trans._n(
                '%2: %3 instead of %4 point',
                '%2: %3 instead of %4 points',
                graded,
                testLabel({ title: test }),
                formatPoints(score),
                formatPoints(graded)
              )}
              {causes && causes.length > 0 && (
                <p className="jp-TinyTorch-text">
                  {trans.__('Explained by your %1.', causes.join(', '))}
                </p>
              )}
              {message && <p className="jp-TinyTorch-text">{message}</p>}
            </li>
          ))}
          {replaced.map(([name, reason]) => (
            <li key={name}>
              {trans.__('The reference stood in for %1: %2', name, reason)}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
