import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import { type CourseOverview, VERSION } from '../api/types';
import { Notice } from '../components/Notice';
import { ProgressBar } from '../components/ProgressBar';
import type { Notebooks } from '../notebook/notebooks';
import { AsOf } from '../submission/AsOf';
import type { SubmissionsModel } from '../submission/model';
import type { ModulesModel } from './model';
import { ModuleList } from './ModuleList';

/** What the section of modules is made from. */
export interface IModulesViewProps {
  model: ModulesModel;
  submissions: SubmissionsModel;
  notebooks: Pick<Notebooks, 'changed' | 'current'>;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** The course: how far the student is, and its modules. */
export function ModulesView(props: IModulesViewProps): React.JSX.Element {
  return (
    <UseSignal signal={props.model.changed}>
      {() => (
        <UseSignal signal={props.notebooks.changed}>
          {() => (
            <UseSignal signal={props.submissions.changed}>
              {() => <Course {...props} />}
            </UseSignal>
          )}
        </UseSignal>
      )}
    </UseSignal>
  );
}

function Course(props: IModulesViewProps): React.JSX.Element {
  const { model, notebooks, trans } = props;
  const { overview, error } = model;
  const [query, setQuery] = React.useState('');
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
      {overview && (
        <>
          <CourseProgress overview={overview} trans={trans} />
          <AsOf submissions={props.submissions} trans={trans} />
          <input
            type="search"
            className="jp-TinyTorch-search"
            aria-label={trans.__('Search modules')}
            placeholder={trans.__('Search modules')}
            value={query}
            onChange={event => {
              setQuery(event.target.value);
            }}
          />
          <ModuleList
            model={model}
            submissions={props.submissions}
            query={query.trim()}
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
