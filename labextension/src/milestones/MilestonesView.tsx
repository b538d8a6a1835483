import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import { Notice } from '../components/Notice';
import { moduleLabel } from '../modules/title';
import type { ModulesModel } from '../modules/model';
import { MilestoneItem } from './MilestoneItem';
import type { MilestonesModel } from './model';

/** What the section of milestones is made from. */
export interface IMilestonesViewProps {
  model: MilestonesModel;
  modules: Pick<ModulesModel, 'changed' | 'error' | 'find'>;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** What the student's own package can do. */
export function MilestonesView(props: IMilestonesViewProps): React.JSX.Element {
  return (
    <UseSignal signal={props.model.changed}>
      {() => (
        <UseSignal signal={props.modules.changed}>
          {() => <Milestones {...props} />}
        </UseSignal>
      )}
    </UseSignal>
  );
}

function Milestones(props: IMilestonesViewProps): React.JSX.Element {
  const { commands, model, modules, trans } = props;
  const { entries } = model;
  // Without the course, nobody has asked for the milestones yet.
  const error = model.error ?? (entries ? null : modules.error);
  const moduleTitle = (name: string): string => {
    const entry = modules.find(name);
    return entry ? moduleLabel(entry) : name;
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
      {entries && (
        <ul
          className="jp-TinyTorch-milestones"
          aria-label={trans.__('Milestones')}
        >
          {entries.map(entry => (
            <MilestoneItem
              key={entry.number}
              {...{ commands, entry, model, moduleTitle, trans }}
            />
          ))}
        </ul>
      )}
      {!entries && !error && (
        <p className="jp-TinyTorch-hint" role="status">
          {trans.__('Loading the milestones…')}
        </p>
      )}
    </div>
  );
}
