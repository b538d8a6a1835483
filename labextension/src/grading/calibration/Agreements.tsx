import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Agreement, Calibration, Divisive } from '../../api/courseTypes';
import { formatPoints } from '../../units';
import { Scroll } from '../components/Scroll';

/** How graders agree with the samples, and the samples on which they differ. */
export function Agreements(props: {
  calibration: Calibration;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { calibration, trans } = props;
  const { agreements, divisive } = calibration;
  if (agreements.length === 0) {
    return (
      <p className="jp-TinyTorch-hint">
        {trans.__('Nobody has marked a sample yet.')}
      </p>
    );
  }
  return (
    <>
      <p className="jp-TinyTorch-hint">
        {trans.__(
          'Weighted kappa: 1 is full agreement in levels, 0 no more than by chance. Differences are mean points above (+) or below (−) the agreed ones.'
        )}
      </p>
      <Scroll label={trans.__('Agreement')}>
        <table className="jp-TinyTorch-table">
          <thead>
            <tr>
              <th scope="col">{trans.__('Grader')}</th>
              <th scope="col">{trans.__('Samples')}</th>
              <th scope="col">{trans.__('Weighted kappa')}</th>
              <th scope="col">{trans.__('Difference')}</th>
              <th scope="col">{trans.__('By level')}</th>
              <th scope="col">{trans.__('Drift')}</th>
            </tr>
          </thead>
          <tbody>
            {agreements.map(agreement => (
              <Row key={agreement.grader} agreement={agreement} trans={trans} />
            ))}
          </tbody>
        </table>
      </Scroll>
      {divisive.length > 0 && (
        <>
          <h3>{trans.__('Samples on which graders differ')}</h3>
          <ul>
            {divisive.map(found => (
              <li key={found.sample}>{divided(found, trans)}</li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function Row(props: {
  agreement: Agreement;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { agreement, trans } = props;
  const { drift, drifting, kappa } = agreement;
  return (
    <tr>
      <th scope="row">{agreement.grader}</th>
      <td>{agreement.marks}</td>
      <td>{kappa === null ? '–' : kappa.toFixed(2)}</td>
      <td>{signed(agreement.difference)}</td>
      <td>
        {agreement.levels
          .map(({ difference, level }) => `${level} ${signed(difference)}`)
          .join(', ')}
      </td>
      <td>
        {drift === null ? '–' : signed(drift)}
        {drifting && ` ⚠ ${trans.__('drifts')}`}
      </td>
    </tr>
  );
}

function divided(found: Divisive, trans: TranslationBundle): string {
  const given = found.points
    .map(([grader, points]) => `${String(grader)} ${String(points)}`)
    .join(', ');
  return trans.__(
    'Sample %1, agreed %2: %3',
    found.sample,
    formatPoints(found.agreed),
    given
  );
}

function signed(points: number): string {
  const text = formatPoints(Math.abs(points));
  return points > 0 ? `+${text}` : points < 0 ? `−${text}` : text;
}
