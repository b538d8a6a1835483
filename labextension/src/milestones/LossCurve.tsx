import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { LinePlot, type PlotPoint } from '../components/LinePlot';
import { formatFigure } from './labels';

/** The losses of a run so far, as a line between the lowest and the highest, and as a table. */
export function LossCurve(props: {
  losses: readonly (number | null)[];
  title: string;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { losses, title, trans } = props;
  const finite = losses.filter(loss => loss !== null);
  const [first, last] = [finite[0], finite[finite.length - 1]];
  if (first === undefined || last === undefined || losses.length < 2) {
    return null;
  }
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const place = (loss: number, index: number): PlotPoint => [
    index / (losses.length - 1),
    (loss - low) / (high - low || 1)
  ];
  const points = losses.flatMap((loss, index) =>
    loss === null ? [] : [place(loss, index)]
  );
  const label = trans.__(
    'The loss of %1 so far: from %2 to %3, measured %4 times',
    title,
    formatFigure(first),
    formatFigure(last),
    losses.length
  );
  return (
    <figure className="jp-TinyTorch-loss">
      <div className="jp-TinyTorch-lossPlot">
        <p className="jp-TinyTorch-lossScale" aria-hidden="true">
          <span>{formatFigure(high)}</span>
          <span>{formatFigure(low)}</span>
        </p>
        <LinePlot label={label} points={points} />
      </div>
      <details>
        <summary>{trans.__('Losses')}</summary>
        <table
          className="jp-TinyTorch-milestoneFigures"
          aria-label={trans.__('Losses of %1', title)}
        >
          <tbody>
            {losses.map((loss, index) => (
              <tr key={index}>
                <th scope="row">{index + 1}</th>
                <td>
                  {loss === null ? trans.__('diverged') : formatFigure(loss)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}
