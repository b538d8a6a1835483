import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import React from 'react';

import type { JobBody, ModuleColumn } from '../../api/courseTypes';
import { Notice } from '../../components/Notice';
import { ProgressBar } from '../../components/ProgressBar';
import { Scroll } from '../components/Scroll';
import { kindLabel } from '../jobs/labels';
import type { GradingModel } from '../model';
import { fullName } from '../names';
import { actionLabel, moment } from './labels';

/** What the table of modules is made from. */
export interface IModuleTableProps {
  model: GradingModel;
  modules: readonly ModuleColumn[];
  students: number;
  trans: TranslationBundle;
}

/** Every module with how far the class is, and the step that is to be done next. */
export function ModuleTable(props: IModuleTableProps): React.JSX.Element {
  const { model, modules, trans } = props;
  return (
    <section aria-labelledby="jp-TinyTorch-modules">
      <h2 id="jp-TinyTorch-modules">{trans.__('Modules')}</h2>
      <UseSignal signal={model.jobs.changed}>
        {() => (
          <>
            {model.jobs.error && (
              <Notice message={model.jobs.error.message} trans={trans} />
            )}
            {modules.length === 0 && (
              <p className="jp-TinyTorch-hint">
                {trans.__(
                  'The course has no module yet: generate one, release it, and it is here.'
                )}{' '}
                <button
                  type="button"
                  className="jp-TinyTorch-link"
                  onClick={() => {
                    model.show('jobs');
                  }}
                >
                  {trans.__('Go to the jobs')}
                </button>
              </p>
            )}
            <Scroll label={trans.__('Modules')}>
              <table className="jp-TinyTorch-table">
                <thead>
                  <tr>
                    <th scope="col">{trans.__('Module')}</th>
                    <th scope="col">{trans.__('Released')}</th>
                    <th scope="col">{trans.__('Due')}</th>
                    <th scope="col">{trans.__('Submitted')}</th>
                    <th scope="col">{trans.__('Autograded')}</th>
                    <th scope="col">{trans.__('To mark')}</th>
                    <th scope="col">{trans.__('Returned')}</th>
                    <th scope="col">{trans.__('Next')}</th>
                  </tr>
                </thead>
                <tbody>
                  {modules.map(module => (
                    <ModuleRow key={module.module} {...props} module={module} />
                  ))}
                </tbody>
              </table>
            </Scroll>
          </>
        )}
      </UseSignal>
    </section>
  );
}

function ModuleRow(
  props: IModuleTableProps & { module: ModuleColumn }
): React.JSX.Element {
  const { module, students, trans } = props;
  const share = (value: number): string =>
    trans.__('%1 of %2', value, students);
  return (
    <tr>
      <th scope="row">{fullName(module.module, module.title)}</th>
      <td>{moment(module.released_at)}</td>
      <td>{moment(module.due_at)}</td>
      <td>{share(module.submitted)}</td>
      <td>{share(module.graded)}</td>
      <td>{module.to_mark}</td>
      <td>{share(module.returned)}</td>
      <td>
        <NextStep {...props} />
      </td>
    </tr>
  );
}

function NextStep({
  model,
  module,
  trans
}: IModuleTableProps & { module: ModuleColumn }): React.JSX.Element | null {
  const job = model.jobs.openFor(module.module);
  if (job) {
    return (
      <ProgressBar
        label={trans.__(
          '%1: %2 of %3',
          kindLabel(job.kind, trans),
          job.done,
          job.total
        )}
        value={job.done}
        max={job.total}
      />
    );
  }
  const label = actionLabel(module.next_action, trans);
  return label === null ? null : (
    <button
      type="button"
      className="jp-TinyTorch-button"
      onClick={() => void act(model, module)}
    >
      {label}
    </button>
  );
}

async function act(model: GradingModel, module: ModuleColumn): Promise<void> {
  const steps: Record<ModuleColumn['next_action'], readonly JobBody['kind'][]> =
    {
      generate: ['generate'],
      release: ['release'],
      autograde: ['collect', 'autograde'],
      feedback: ['return_feedback'],
      return: ['return_feedback'],
      mark: [],
      wait: [],
      done: []
    };
  if (module.next_action === 'mark') {
    model.show('marking', module.module);
    return;
  }
  for (const kind of steps[module.next_action]) {
    // What is graded already stays as it is; the regrade on the page of jobs shows first what it would change.
    const body = { kind, module: module.module, changed: kind === 'autograde' };
    if ((await model.jobs.request(body)) === null) {
      return;
    }
  }
}
