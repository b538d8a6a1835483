import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { MilestoneEntry, MilestoneResult } from '../api/types';
import { formatMoment, formatSeconds } from '../units';
import { figureLabel, formatFigure } from './labels';
import { Plot } from './Plot';

/** What the result of a run needs to know. */
export interface IMilestoneResultProps {
  entry: MilestoneEntry;
  result: MilestoneResult;
  loadPlot: (number: number) => Promise<Blob>;
  trans: TranslationBundle;
}

/** How a run ended: a sentence, the plot, and the figures behind it. */
export function MilestoneResultView(
  props: IMilestoneResultProps
): React.JSX.Element {
  const { entry, loadPlot, result, trans } = props;
  return (
    <div className="jp-TinyTorch-milestoneResult">
      <p className="jp-TinyTorch-text">{result.message}</p>
      {result.plot && <Plot {...{ entry, result, trans }} load={loadPlot} />}
      {result.figures.length > 0 && <Figures {...props} />}
      <p className="jp-TinyTorch-milestoneDate">
        {trans.__(
          '%1, in %2',
          formatMoment(result.date),
          formatSeconds(result.seconds, trans)
        )}
      </p>
    </div>
  );
}

function Figures(props: IMilestoneResultProps): React.JSX.Element {
  const { entry, result, trans } = props;
  return (
    <details>
      <summary>{trans.__('Figures')}</summary>
      <table
        className="jp-TinyTorch-milestoneFigures"
        aria-label={trans.__('Figures of %1', entry.title)}
      >
        <tbody>
          {result.figures.map(({ name, value }) => (
            <tr key={name}>
              <th scope="row">{figureLabel(name)}</th>
              <td>{formatFigure(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
