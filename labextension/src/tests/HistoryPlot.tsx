import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { PastRun } from '../api/types';
import { LinePlot, type PlotPoint } from '../components/LinePlot';

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
  const points = runs.map((run, index): PlotPoint => [
    index / (runs.length - 1),
    run.passed / most
  ]);
  const label = trans.__(
    'The last %1 runs: from %2 of %3 tests passed to %4 of %5',
    runs.length,
    first.passed,
    first.total,
    last.passed,
    last.total
  );
  return (
    <figure className="jp-TinyTorch-passedTests">
      <LinePlot label={label} points={points} goal={1} />
      <figcaption>
        {trans.__('Tests passed in the last %1 runs', runs.length)}
      </figcaption>
    </figure>
  );
}
