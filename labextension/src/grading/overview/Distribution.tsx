import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Distribution } from '../../api/courseTypes';
import { formatPoints } from '../../units';

const WIDTH = 280;
const HEIGHT = 90;

/** The scores of the class as a histogram, and the same as a table for who cannot see it. */
export function DistributionPlot(props: {
  title: string;
  distribution: Distribution | null;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { distribution, title, trans } = props;
  if (distribution === null) {
    return (
      <figure className="jp-TinyTorch-plotFigure">
        <figcaption>{title}</figcaption>
        <p className="jp-TinyTorch-hint">{trans.__('No scores yet.')}</p>
      </figure>
    );
  }
  const { histogram, maximum, median, minimum } = distribution;
  const summary = trans.__(
    '%1 scores, mean %2, median %3, from %4 to %5',
    distribution.count,
    formatPoints(distribution.mean),
    formatPoints(median),
    formatPoints(minimum),
    formatPoints(maximum)
  );
  const width = WIDTH / histogram.length;
  const highest = Math.max(...histogram.map(({ count }) => count), 1);
  return (
    <figure className="jp-TinyTorch-plotFigure">
      <figcaption>{title}</figcaption>
      <svg
        role="img"
        aria-label={trans.__('Histogram of %1: %2', title, summary)}
        viewBox={`0 0 ${WIDTH} ${HEIGHT + 14}`}
      >
        {histogram.map(({ count, low }, place) => {
          const height = (count / highest) * (HEIGHT - 12);
          const x = place * width;
          return (
            <g key={low}>
              <rect
                x={x + 1}
                y={HEIGHT - height}
                width={width - 2}
                height={height}
              />
              {count > 0 && (
                <text x={x + width / 2} y={HEIGHT - height - 3}>
                  {count}
                </text>
              )}
              <text x={x} y={HEIGHT + 11} className="jp-mod-axis">
                {formatPoints(low)}
              </text>
            </g>
          );
        })}
        <line x1={0} x2={WIDTH} y1={HEIGHT} y2={HEIGHT} />
      </svg>
      <p className="jp-TinyTorch-hint">{summary}</p>
      <details>
        <summary>{trans.__('As a table')}</summary>
        <table className="jp-TinyTorch-table">
          <thead>
            <tr>
              <th scope="col">{trans.__('Points')}</th>
              <th scope="col">{trans.__('Students')}</th>
            </tr>
          </thead>
          <tbody>
            {histogram.map(({ count, high, low }) => (
              <tr key={low}>
                <th scope="row">
                  {formatPoints(low)}–{formatPoints(high)}
                </th>
                <td>{count}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}
