import type { TranslationBundle } from '@jupyterlab/translation';
import {
  fileUploadIcon,
  infoIcon,
  type LabIcon,
  runIcon,
  undoIcon
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { Assignment, ModuleEntry } from '../api/types';
import { CommandIDs } from '../commands';
import { ProgressBar } from '../components/ProgressBar';
import { StatusIcon } from '../components/StatusIcon';
import { exportIcon } from '../icons';
import { differs } from '../submission/brief';
import { dueLabel } from '../submission/labels';
import { moduleStatus, packageLabel, STATUS_ICONS } from './labels';
import { moduleLabel } from './title';
import type { ModuleTask } from './model';

/** What one row of the module list needs to know. */
export interface IModuleItemProps {
  entry: ModuleEntry;
  /** What the course has set of it, if it has. */
  assignment: Assignment | undefined;
  /** The titles of the earlier modules that changed since its tests were run. */
  recheck: readonly string[];
  /** The present time in milliseconds. */
  now: number;
  /** The titles of the modules this one builds on. */
  prerequisites: readonly string[];
  /** Whether its notebook is the current one. */
  current: boolean;
  /** Whether it is the row that the Tab key reaches. */
  reachable: boolean;
  task: ModuleTask | null;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** One module: a button that starts or opens it, how it stands, and what can be done with it. */
export function ModuleItem(props: IModuleItemProps): React.JSX.Element {
  const { entry, commands, trans } = props;
  const available = entry.status !== 'unavailable';
  const started = available && entry.status !== 'not_started';
  const id = `jp-TinyTorch-module-${entry.name}`;
  const command = started ? CommandIDs.openModule : CommandIDs.startModule;
  const open = () => {
    if (available) {
      void commands.execute(command, { module: entry.name });
    }
  };
  return (
    <li
      className={`jp-TinyTorch-module jp-mod-${entry.status}${props.current ? ' jp-mod-current' : ''}`}
      aria-busy={props.task !== null}
    >
      <button
        type="button"
        id={id}
        className="jp-TinyTorch-moduleOpen"
        data-module={entry.name}
        tabIndex={props.reachable ? 0 : -1}
        aria-disabled={!available}
        aria-current={props.current ? 'true' : undefined}
        aria-describedby={`${id}-about`}
        onClick={open}
      >
        <StatusIcon icon={STATUS_ICONS[entry.status]} state={entry.status} />
        <span className="jp-TinyTorch-moduleTitle">{moduleLabel(entry)}</span>
        {available && (
          <span className="jp-TinyTorch-moduleVerb">
            {verbLabel(started, props.task, trans)}
          </span>
        )}
      </button>
      <About {...props} id={`${id}-about`} started={started} />
      {started && (
        <div className="jp-TinyTorch-moduleFoot">
          <ProgressBar
            label={trans.__('Tests of %1 passed', moduleLabel(entry))}
            value={entry.tests_passed}
            max={entry.tests_total}
          />
          <ModuleActions {...props} />
        </div>
      )}
    </li>
  );
}

function About(
  props: IModuleItemProps & { id: string; started: boolean }
): React.JSX.Element {
  const { assignment, entry, now, recheck, started, trans } = props;
  const due = assignment && dueLabel(assignment, now, trans);
  return (
    <div className="jp-TinyTorch-moduleAbout" id={props.id}>
      <p className="jp-TinyTorch-moduleFacts">
        <span>{moduleStatus(entry, assignment, now, trans)}</span>
        <span>{trans._n('%1 point', '%1 points', entry.points)}</span>
      </p>
      {due && <p className="jp-TinyTorch-moduleDue">{due}</p>}
      {assignment && differs(entry, assignment) && (
        <p className="jp-TinyTorch-moduleNote">
          {trans.__('Saved, but not submitted: the notebook has changed')}
        </p>
      )}
      {recheck.length > 0 && (
        <p className="jp-TinyTorch-moduleNote">
          {trans.__('Needs re-check: %1 changed', recheck.join(', '))}
        </p>
      )}
      {started && (
        <p className="jp-TinyTorch-modulePackage">
          {packageLabel(entry, trans)}
        </p>
      )}
      <p className="jp-TinyTorch-moduleSummary">{entry.summary}</p>
      {!started && props.prerequisites.length > 0 && (
        <p className="jp-TinyTorch-hint jp-TinyTorch-moduleNeeds">
          {trans.__('Builds on %1', props.prerequisites.join(', '))}
        </p>
      )}
    </div>
  );
}

function ModuleActions(props: IModuleItemProps): React.JSX.Element {
  const { assignment, entry, trans } = props;
  const title = moduleLabel(entry);
  const actions: [string, LabIcon, string][] = [
    [CommandIDs.runTests, runIcon, trans.__('Run the tests of %1', title)],
    [CommandIDs.exportModule, exportIcon, trans.__('Export %1', title)],
    [CommandIDs.resetModule, undoIcon, trans.__('Reset %1…', title)]
  ];
  if (assignment) {
    actions.push([
      CommandIDs.submitModule,
      fileUploadIcon,
      trans.__('Submit %1…', title)
    ]);
  }
  if (entry.readme) {
    actions.push([
      CommandIDs.showReadme,
      infoIcon,
      trans.__('Read about %1', title)
    ]);
  }
  return (
    <div className="jp-TinyTorch-moduleActions">
      {actions.map(([command, icon, label]) => (
        <button
          key={command}
          type="button"
          className="jp-TinyTorch-iconButton"
          aria-label={label}
          title={label}
          tabIndex={props.reachable ? 0 : -1}
          // Not "disabled", which would drop the keyboard focus.
          aria-disabled={props.task !== null}
          onClick={() => {
            if (props.task === null) {
              void props.commands.execute(command, { module: entry.name });
            }
          }}
        >
          <icon.react tag={null} />
        </button>
      ))}
    </div>
  );
}

function verbLabel(
  started: boolean,
  task: ModuleTask | null,
  trans: TranslationBundle
): string {
  switch (task) {
    case 'start':
      return trans.__('Opening…');
    case 'reset':
      return trans.__('Resetting…');
    case 'export':
      return trans.__('Exporting…');
    case null:
      return started ? trans.__('Open') : trans.__('Start');
  }
}
