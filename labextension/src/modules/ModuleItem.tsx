import type { TranslationBundle } from '@jupyterlab/translation';
import { type LabIcon, runIcon, undoIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { ModuleEntry } from '../api/types';
import { CommandIDs } from '../commands';
import { ProgressBar } from '../components/ProgressBar';
import { StatusIcon } from '../components/StatusIcon';
import { exportIcon } from '../icons';
import { moduleLabel, packageLabel, STATUS_ICONS, statusLabel } from './labels';
import type { ModuleTask } from './model';

/** What one row of the module list needs to know. */
export interface IModuleItemProps {
  entry: ModuleEntry;
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
        title={prerequisitesLabel(props.prerequisites, trans)}
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
      <div className="jp-TinyTorch-moduleAbout" id={`${id}-about`}>
        <p className="jp-TinyTorch-moduleFacts">
          <span>{statusLabel(entry, trans)}</span>
          <span>{trans._n('%1 point', '%1 points', entry.points)}</span>
        </p>
        {started && (
          <p className="jp-TinyTorch-modulePackage">
            {packageLabel(entry, trans)}
          </p>
        )}
        <p className="jp-TinyTorch-moduleSummary">{entry.summary}</p>
      </div>
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

function ModuleActions(props: IModuleItemProps): React.JSX.Element {
  const { entry, trans } = props;
  const title = moduleLabel(entry);
  const actions: [string, LabIcon, string][] = [
    [CommandIDs.runTests, runIcon, trans.__('Run the tests of %1', title)],
    [CommandIDs.exportModule, exportIcon, trans.__('Export %1', title)],
    [CommandIDs.resetModule, undoIcon, trans.__('Reset %1…', title)]
  ];
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

function prerequisitesLabel(
  prerequisites: readonly string[],
  trans: TranslationBundle
): string {
  return prerequisites.length > 0
    ? trans.__('Builds on %1', prerequisites.join(', '))
    : trans.__('Needs no earlier module');
}
