import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { MilestoneEntry } from '../api/types';
import { CommandIDs } from '../commands';
import { Notice } from '../components/Notice';
import { ProgressBar } from '../components/ProgressBar';
import { StatusIcon } from '../components/StatusIcon';
import {
  missingLabel,
  progressLabel,
  shownStatus,
  STATUS_ICONS,
  statusLabel
} from './labels';
import { LossCurve } from './LossCurve';
import { canRun, isRunning } from './merge';
import { MilestoneResultView } from './MilestoneResult';
import type { MilestonesModel } from './model';

/** What one milestone needs to know. */
export interface IMilestoneItemProps {
  entry: MilestoneEntry;
  model: Pick<MilestonesModel, 'isRequesting' | 'plot' | 'problem'>;
  /** The module as people speak of it, by its name. */
  moduleTitle: (name: string) => string;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** One milestone: its goal, how it stands, and what its last run brought. */
export function MilestoneItem(props: IMilestoneItemProps): React.JSX.Element {
  const { entry, model, moduleTitle, trans } = props;
  const status = shownStatus(entry);
  const running = isRunning(entry);
  const problem = model.problem(entry.number);
  return (
    <li className={`jp-TinyTorch-milestone jp-mod-${status}`}>
      <div className="jp-TinyTorch-milestoneHead">
        <StatusIcon icon={STATUS_ICONS[status]} state={status} />
        <h3 className="jp-TinyTorch-milestoneTitle">
          {trans.__('%1. %2', entry.number, entry.title)}
        </h3>
        {(running || canRun(entry)) && <RunButton {...props} />}
      </div>
      <div className="jp-TinyTorch-milestoneAbout">
        <p className="jp-TinyTorch-milestoneFacts">
          <span role="status">{statusLabel(status, trans)}</span>
          <span>{trans.__('After %1', moduleTitle(entry.after))}</span>
        </p>
        <p className="jp-TinyTorch-hint">{entry.goal}</p>
        {status === 'blocked' && (
          <p>{missingLabel(entry.missing.map(moduleTitle), trans)}</p>
        )}
        {canRun(entry) && entry.outdated.length > 0 && (
          <p>
            {trans.__(
              'Changed since they were exported: %1. A run uses your package as exported.',
              entry.outdated.map(moduleTitle).join(', ')
            )}
          </p>
        )}
        {canRun(entry) && <Lengths {...props} />}
        {problem && <Notice message={problem.message} trans={trans} />}
        {running ? <Progress {...props} /> : <Last {...props} />}
      </div>
    </li>
  );
}

function RunButton(props: IMilestoneItemProps): React.JSX.Element {
  const { commands, entry, model, trans } = props;
  const { number, title } = entry;
  const running = isRunning(entry);
  const requesting = model.isRequesting(number);
  const command = running
    ? CommandIDs.cancelMilestone
    : CommandIDs.runMilestone;
  return (
    <button
      type="button"
      className={`jp-TinyTorch-button ${running ? '' : 'jp-mod-primary'}`}
      aria-label={
        running ? trans.__('Cancel %1', title) : trans.__('Run %1', title)
      }
      // Not "disabled", which would drop the keyboard focus.
      aria-disabled={requesting}
      onClick={() => {
        if (!requesting) {
          void commands.execute(command, { milestone: number });
        }
      }}
    >
      {running ? trans.__('Cancel') : trans.__('Run')}
    </button>
  );
}

/** How long a run takes, and the longer run where there is one. */
function Lengths(props: IMilestoneItemProps): React.JSX.Element {
  const { commands, entry, model, trans } = props;
  const { full_minutes, minutes, number, title } = entry;
  const requesting = model.isRequesting(number);
  return (
    <>
      {minutes > 0 && (
        <p className="jp-TinyTorch-hint">
          {trans._n(
            'A run takes about %1 minute, on a busy machine longer.',
            'A run takes about %1 minutes, on a busy machine longer.',
            minutes
          )}
        </p>
      )}
      {full_minutes !== null && (
        <button
          type="button"
          className="jp-TinyTorch-link"
          aria-label={trans._n(
            'Longer run of %2, about %1 minute',
            'Longer run of %2, about %1 minutes',
            full_minutes,
            title
          )}
          title={trans.__('More training, and more is asked of it')}
          aria-disabled={requesting}
          onClick={() => {
            if (!requesting) {
              void commands.execute(CommandIDs.runMilestone, {
                milestone: number,
                full: true
              });
            }
          }}
        >
          {trans._n(
            'Longer run, about %1 minute',
            'Longer run, about %1 minutes',
            full_minutes
          )}
        </button>
      )}
    </>
  );
}

function Progress(props: IMilestoneItemProps): React.JSX.Element {
  const { entry, trans } = props;
  const { progress } = entry.run;
  return (
    <div className="jp-TinyTorch-milestoneProgress">
      <ProgressBar
        label={trans.__('Steps of %1', entry.title)}
        value={progress?.done ?? 0}
        max={progress?.total ?? 1}
      />
      <p>{progressLabel(entry.run, trans)}</p>
      {progress && (
        <LossCurve losses={progress.losses} title={entry.title} trans={trans} />
      )}
    </div>
  );
}

/** What came of the last run, or of the one before it where that came to nothing. */
function Last(props: IMilestoneItemProps): React.JSX.Element {
  const { entry, model, trans } = props;
  const { result, run } = entry;
  return (
    <>
      {run.state === 'failed' && <Notice message={run.reason} trans={trans} />}
      {run.state === 'cancelled' && <p>{trans.__('The run was cancelled.')}</p>}
      {result && (
        <MilestoneResultView
          {...{ entry, result, trans }}
          loadPlot={model.plot.bind(model)}
        />
      )}
    </>
  );
}
