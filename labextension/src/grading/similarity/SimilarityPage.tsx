import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useMemo, useState } from 'react';

import type { SimilarityReport, SimilarPair } from '../../api/courseTypes';
import { Loaded } from '../components/Loaded';
import { ModulePicker } from '../components/Picker';
import { Scroll } from '../components/Scroll';
import { useChanges } from '../components/useChanges';
import type { IPageProps } from '../GradingView';
import { Loadable } from '../loadable';
import { Comparison } from './Comparison';

interface IChosen {
  module: string;
  pair: SimilarPair;
}

/** Work that resembles other work, for a person to look at; nothing follows from it by itself. */
export function SimilarityPage({
  model,
  trans
}: IPageProps): React.JSX.Element {
  useChanges(model.choice.changed);
  const { module } = model.choice;
  const [chosen, choose] = useState<IChosen | null>(null);
  const reports = useMemo(
    () =>
      module === null ? null : new Loadable(() => model.api.similarity(module)),
    [model, module]
  );
  return (
    <>
      <div className="jp-TinyTorch-filters">
        <ModulePicker model={model} trans={trans} />
      </div>
      <p className="jp-TinyTorch-hint">
        {trans.__(
          'Beginners solve small tasks alike. A pair is a reason to read both, not a finding.'
        )}
      </p>
      {module !== null && chosen?.module === module && (
        <Comparison
          model={model}
          module={module}
          pair={chosen.pair}
          onClose={() => {
            choose(null);
          }}
          trans={trans}
        />
      )}
      {module !== null && reports && (
        <Loaded of={reports} trans={trans}>
          {found =>
            found.map(report => (
              <Report
                key={`${report.kind} ${report.cell}`}
                report={report}
                onChoose={pair => {
                  choose({ module, pair });
                }}
                trans={trans}
              />
            ))
          }
        </Loaded>
      )}
    </>
  );
}

function Report(props: {
  report: SimilarityReport;
  onChoose: (pair: SimilarPair) => void;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { onChoose, report, trans } = props;
  const title =
    report.kind === 'code'
      ? trans.__('Code')
      : trans.__('Answers to %1', report.cell);
  return (
    <section>
      <h2>{title}</h2>
      <p>
        {trans.__('%1 compared.', report.compared)}{' '}
        {trans._n('%1 pair found.', '%1 pairs found.', report.found)}{' '}
        {report.groups.length > 0 &&
          trans.__(
            'Groups: %1.',
            report.groups.map(group => group.join(', ')).join('; ')
          )}
      </p>
      {report.pairs.length > 0 && (
        <Scroll label={trans.__('Pairs')}>
          <table className="jp-TinyTorch-table">
            <thead>
              <tr>
                <th scope="col">{trans.__('Students')}</th>
                <th scope="col">{trans.__('In common')}</th>
                <th scope="col">{trans.__('Passages')}</th>
                <th scope="col">{trans.__('Compare')}</th>
              </tr>
            </thead>
            <tbody>
              {report.pairs.map(pair => (
                <tr key={`${pair.left} ${pair.right}`}>
                  <th scope="row">
                    {pair.left}, {pair.right}
                  </th>
                  <td>{Math.round(pair.share * 100)} %</td>
                  <td>{pair.matches.length}</td>
                  <td>
                    <button
                      type="button"
                      className="jp-TinyTorch-button"
                      onClick={() => {
                        onChoose(pair);
                      }}
                    >
                      {trans.__('Side by side')}
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </section>
  );
}
