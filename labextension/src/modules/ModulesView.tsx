import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import { type CourseOverview, type ExportProblem, VERSION } from '../api/types';
import { Notice } from '../components/Notice';
import { ProgressBar } from '../components/ProgressBar';
import type { Notebooks } from '../notebook/notebooks';
import { ExportResult } from './ExportResult';
import type { ModulesModel } from './model';
import { ModuleList } from './ModuleList';

/** What the section of modules is made from. */
export interface IModulesViewProps {
  model: ModulesModel;
  notebooks: Pick<Notebooks, 'changed' | 'current' | 'reveal'>;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** The course: how far the student is, and its modules. */
export function ModulesView(props: IModulesViewProps): React.JSX.Element {
  return (
    <UseSignal signal={props.model.changed}>
      {() => (
        <UseSignal signal={props.notebooks.changed}>
          {() => <Course {...props} />}
        </UseSignal>
      )}
    </UseSignal>
  );
}

function Course(props: IModulesViewProps): React.JSX.Element {
  const { model, notebooks, trans } = props;
  const { overview, error, report } = model;
  const show = (problem: ExportProblem): void => {
    const module = PathExt.basename(problem.notebook, '.ipynb');
    const index = (problem.cell ?? 1) - 1;
    void notebooks.reveal(module, () => index);
  };
  return (
    <div className="jp-TinyTorch-section">
      {error && (
        <Notice
          message={error.message}
          onRetry={() => void model.refresh()}
          trans={trans}
        />
      )}
      {overview && overview.version !== VERSION && (
        <Notice
          message={trans.__(
            'The sidebar is version %1, the server %2. Restart Jupyter and reload this page.',
            VERSION,
            overview.version
          )}
          trans={trans}
        />
      )}
      {report && (
        <ExportResult
          report={report}
          onDismiss={() => {
            model.dismissReport();
          }}
          onShow={show}
          trans={trans}
        />
      )}
      {overview && (
        <>
          <CourseProgress overview={overview} trans={trans} />
          <ModuleList
            model={model}
            overview={overview}
            current={notebooks.current?.name}
            commands={props.commands}
            trans={trans}
          />
        </>
      )}
      {!overview && !error && (
        <p className="jp-TinyTorch-hint" role="status">
          {trans.__('Loading the course…')}
        </p>
      )}
    </div>
  );
}

function CourseProgress(props: {
  overview: CourseOverview;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { overview, trans } = props;
  const passed = overview.modules.filter(entry => entry.status === 'passed');
  const total = overview.modules.length;
  return (
    <div className="jp-TinyTorch-course">
      <p className="jp-TinyTorch-courseTitle">{overview.title}</p>
      <ProgressBar
        label={trans.__('Modules passed')}
        value={passed.length}
        max={total}
      />
      <p className="jp-TinyTorch-hint">
        {trans.__('%1 of %2 modules passed', passed.length, total)}
      </p>
    </div>
  );
}
