import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useMemo } from 'react';

import type { TestStatistics } from '../../api/courseTypes';
import { Loaded } from '../components/Loaded';
import { ModulePicker } from '../components/Picker';
import { Scroll } from '../components/Scroll';
import { useChanges } from '../components/useChanges';
import type { IPageProps } from '../GradingView';
import { useReload } from '../jobs/useReload';
import { Loadable } from '../loadable';
import { DistributionPlot } from './Distribution';
import { shortReason } from './measures';

/** How the class did in one module: the scores, and what each test was failed with. */
export function StatisticsSection({
  model,
  trans
}: IPageProps): React.JSX.Element {
  useChanges(model.choice.changed);
  const { module } = model.choice;
  const statistics = useMemo(
    () =>
      module === null ? null : new Loadable(() => model.api.statistics(module)),
    [model, module]
  );
  useReload(model.jobs, statistics);
  return (
    <section aria-labelledby="jp-TinyTorch-statistics">
      <h2 id="jp-TinyTorch-statistics">{trans.__('Scores and tests')}</h2>
      <div className="jp-TinyTorch-filters">
        <ModulePicker model={model} trans={trans} />
      </div>
      {statistics && (
        <Loaded of={statistics} trans={trans}>
          {found => (
            <>
              <div className="jp-TinyTorch-plots">
                <DistributionPlot
                  title={trans.__('Total')}
                  distribution={found.total}
                  trans={trans}
                />
                <DistributionPlot
                  title={trans.__('Tests')}
                  distribution={found.automatic}
                  trans={trans}
                />
                <DistributionPlot
                  title={trans.__('Written answers')}
                  distribution={found.written}
                  trans={trans}
                />
              </div>
              {found.tests.length > 0 && (
                <TestTable tests={found.tests} trans={trans} />
              )}
            </>
          )}
        </Loaded>
      )}
    </section>
  );
}

function TestTable(props: {
  tests: readonly TestStatistics[];
  trans: TranslationBundle;
}): React.JSX.Element {
  const { tests, trans } = props;
  return (
    <Scroll label={trans.__('Tests')}>
      <table className="jp-TinyTorch-table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Test, the hardest first')}</th>
            <th scope="col">{trans.__('Passed')}</th>
            <th scope="col">{trans.__('Partly')}</th>
            <th scope="col">{trans.__('Failed')}</th>
            <th scope="col">{trans.__('Mean share')}</th>
            <th scope="col">{trans.__('Failed with')}</th>
          </tr>
        </thead>
        <tbody>
          {tests.map(test => (
            <tr key={test.test}>
              <th scope="row">{test.test}</th>
              <td>{test.passed}</td>
              <td>{test.partly}</td>
              <td>{test.failed}</td>
              <td>
                <span className="jp-TinyTorch-share">
                  <span
                    aria-hidden="true"
                    style={{ width: `${test.average * 100}%` }}
                  />
                </span>{' '}
                {Math.round(test.average * 100)} %
              </td>
              <td className="jp-TinyTorch-wrapped">
                <ul>
                  {test.reasons.slice(0, 3).map(({ count, example }) => (
                    <li key={example} title={example}>
                      {trans.__('%1 × %2', count, shortReason(example))}
                    </li>
                  ))}
                </ul>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
