import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { Assignment, ModuleEntry } from '../api/types';
import { CommandIDs } from '../commands';
import { EmptyState } from '../components/EmptyState';
import { Notice } from '../components/Notice';
import { StatusIcon } from '../components/StatusIcon';
import { useNow } from '../components/useNow';
import { passedIcon, warningIcon } from '../components/statusIcons';
import { moduleLabel } from '../modules/title';
import type { ModulesModel } from '../modules/model';
import type { Notebooks } from '../notebook/notebooks';
import { formatDate } from '../units';
import { AsOf } from './AsOf';
import { differs } from './brief';
import { FeedbackReport } from './FeedbackReport';
import { dueLabel, standingLabel } from './labels';
import type { HandIn, SubmissionsModel } from './model';
import { ReadinessList } from './ReadinessList';
import { Receipts } from './Receipts';

/** What the section of submissions is made from. */
export interface ISubmissionViewProps {
  model: SubmissionsModel;
  modules: Pick<ModulesModel, 'changed'>;
  notebooks: Pick<Notebooks, 'changed' | 'current'>;
  commands: CommandRegistry;
  /** What renders the comments' Markdown. */
  rendermime: IRenderMimeRegistry;
  trans: TranslationBundle;
}

/** Handing in the current module, and what came back. */
export function SubmissionView(props: ISubmissionViewProps): React.JSX.Element {
  const { model, modules, notebooks } = props;
  return (
    <UseSignal signal={modules.changed}>
      {() => (
        <UseSignal signal={notebooks.changed}>
          {() => (
            <UseSignal signal={model.changed}>
              {() => <Content {...props} />}
            </UseSignal>
          )}
        </UseSignal>
      )}
    </UseSignal>
  );
}

function Content(props: ISubmissionViewProps): React.JSX.Element {
  const { model, notebooks, trans } = props;
  const { assignments, error } = model;
  const entry = notebooks.current;
  if (error) {
    return (
      <div className="jp-TinyTorch-section">
        <Notice
          message={error.message}
          onRetry={() => void model.refresh()}
          trans={trans}
        />
      </div>
    );
  }
  if (!assignments) {
    return (
      <p className="jp-TinyTorch-hint jp-mod-padded" role="status">
        {trans.__('Asking the course…')}
      </p>
    );
  }
  if (!assignments.connected && assignments.assignments.length === 0) {
    return (
      <EmptyState
        message={assignments.message}
        action={trans.__('Ask again')}
        onAction={() => void model.refresh()}
      />
    );
  }
  if (!entry) {
    return (
      <EmptyState message={trans.__('Open a module to submit its notebook.')} />
    );
  }
  const assignment = model.find(entry.name);
  return assignment ? (
    <ModuleSubmission
      {...props}
      key={entry.name}
      entry={entry}
      assignment={assignment}
    />
  ) : (
    <EmptyState
      message={trans.__(
        '%1 is not released in this course, so there is nothing to submit.',
        moduleLabel(entry)
      )}
    />
  );
}

/** That the course is away; what was known of it still shows, and handing in puts the notebook in the outbox. */
function Unreachable({
  model,
  trans
}: ISubmissionViewProps): React.JSX.Element | null {
  const { assignments } = model;
  return assignments && !assignments.connected ? (
    <>
      <Notice
        message={assignments.message}
        onRetry={() => void model.refresh()}
        trans={trans}
      />
      <AsOf submissions={model} trans={trans} />
    </>
  ) : null;
}

type ModuleProps = ISubmissionViewProps & {
  entry: ModuleEntry;
  assignment: Assignment;
};

function ModuleSubmission(props: ModuleProps): React.JSX.Element {
  const { assignment, entry, model, trans } = props;
  const handIn = model.handIn(entry.name);
  const receipt = assignment.submission?.id;
  React.useEffect(() => {
    if (entry.path !== null) {
      void model.load(entry.name);
    }
    // What is saved, handed in and returned decides what there is to show.
  }, [
    model,
    entry.name,
    entry.path,
    entry.digest,
    entry.tests_passed,
    receipt,
    assignment.state
  ]);
  return (
    <div className="jp-TinyTorch-section">
      <h3 className="jp-TinyTorch-moduleName">{moduleLabel(entry)}</h3>
      <Unreachable {...props} />
      {handIn.error && (
        <Notice
          message={handIn.error.message}
          onRetry={() => void model.load(entry.name)}
          trans={trans}
        />
      )}
      <Standing {...props} />
      {handIn.submission && (
        <ReadinessList submission={handIn.submission} trans={trans} />
      )}
      <SubmitButton {...props} handIn={handIn} />
      {handIn.receipts && handIn.receipts.length > 0 && (
        <Receipts
          {...props}
          receipts={handIn.receipts}
          busy={handIn.task !== null}
        />
      )}
      {handIn.feedback && (
        <FeedbackReport
          feedback={handIn.feedback}
          page={model.feedbackPage(entry.name)}
          rendermime={props.rendermime}
          trans={trans}
        />
      )}
    </div>
  );
}

/** What the course knows, and whether it is what is saved. */
function Standing(props: ModuleProps): React.JSX.Element {
  const { assignment, entry, trans } = props;
  const now = useNow();
  const due = dueLabel(assignment, now, trans);
  const { submission } = assignment;
  const changed = differs(entry, assignment);
  return (
    <div className="jp-TinyTorch-standing" role="status">
      <p>{standingLabel(assignment, now, trans)}</p>
      {due && (
        <p className="jp-TinyTorch-hint">
          {assignment.extended ? trans.__('%1 (your extension)', due) : due}
        </p>
      )}
      {assignment.policy && (
        <p className="jp-TinyTorch-hint">{assignment.policy}</p>
      )}
      {submission && (
        <p className="jp-TinyTorch-same">
          <StatusIcon
            icon={changed ? warningIcon : passedIcon}
            state={changed ? 'warning' : 'passed'}
          />
          <span>
            {changed
              ? trans.__(
                  'Saved is not submitted: your notebook has changed since %1.',
                  formatDate(submission.received_at)
                )
              : trans.__(
                  'What is saved is what you submitted on %1.',
                  formatDate(submission.received_at)
                )}
          </span>
        </p>
      )}
    </div>
  );
}

function SubmitButton(
  props: ModuleProps & { handIn: HandIn }
): React.JSX.Element {
  const { assignment, commands, entry, handIn, trans } = props;
  const disabled = handIn.task !== null || entry.path === null;
  return (
    <button
      type="button"
      className="jp-TinyTorch-button jp-mod-primary"
      aria-disabled={disabled}
      onClick={() => {
        if (!disabled) {
          void commands.execute(CommandIDs.submitModule, {
            module: entry.name
          });
        }
      }}
    >
      {submitLabel(assignment, handIn, trans)}
    </button>
  );
}

function submitLabel(
  assignment: Assignment,
  handIn: HandIn,
  trans: TranslationBundle
): string {
  if (handIn.task === 'submit') {
    return trans.__('Submitting…');
  }
  return assignment.submission === null
    ? trans.__('Submit…')
    : trans.__('Submit again…');
}
