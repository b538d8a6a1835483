import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { PastRun } from '../api/types';

const WIDTH = 240;
const HEIGHT = 36;
const SHOWN = 40;

/** How many tests passed in the last runs, as a line that rises to the number of all tests. */
export function HistoryPlot(props: {
  runs: readonly PastRun[];
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { trans } = props;
  const runs = props.runs.slice(-SHOWN);
  const [first, last] = [runs[0], runs[runs.length - 1]];
  if (runs.length < 2 || !first || !last) {
    return null;
  }
  const most = Math.max(...runs.map(run => run.total), 1);
  const points = runs.map((run, index) => ({
    x: (index / (runs.length - 1)) * WIDTH,
    y: HEIGHT - (run.passed / most) * HEIGHT
  }));
  const label = trans.__(
    'The last %1 runs: from %2 of %3 tests passed to %4 of %5',
    runs.length,
    first.passed,
    first.total,
    last.passed,
    last.total
  );
  return (
    <figure className="jp-TinyTorch-history">
      <svg
        role="img"
        aria-label={label}
        viewBox={`-3 -3 ${WIDTH + 6} ${HEIGHT + 6}`}
        preserveAspectRatio="none"
      >
        <title>{label}</title>
        <line x1="0" y1="0" x2={WIDTH} y2="0" className="jp-mod-goal" />
        <line x1="0" y1={HEIGHT} x2={WIDTH} y2={HEIGHT} />
        <polyline points={points.map(({ x, y }) => `${x},${y}`).join(' ')} />
      </svg>
      <figcaption>
        {trans.__('Tests passed in the last %1 runs', runs.length)}
      </figcaption>
    </figure>
  );
}
