import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import { type LabIcon, UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { CourseOverview } from '../api/types';
import { CommandIDs } from '../commands';
import { EmptyState } from '../components/EmptyState';
import { LostNotebook } from '../components/LostNotebook';
import { StatusIcon } from '../components/StatusIcon';
import {
  emptyIcon,
  failedIcon,
  passedIcon,
  runningIcon,
  warningIcon
} from '../components/statusIcons';
import { moduleLabel } from '../modules/title';
import type { ModulesModel } from '../modules/model';
import type { Notebooks } from '../notebook/notebooks';
import type { TestsModel } from '../tests/model';
import type { Answers, SaveState } from './answers';
import { measurements } from './measurements';
import type { ThinkingModel } from './model';
import { QuestionItem } from './QuestionItem';

/** What the section of written answers is made from. */
export interface IThinkingViewProps {
  model: Pick<ThinkingModel, 'changed' | 'answers' | 'rendermime'>;
  modules: Pick<ModulesModel, 'overview'>;
  notebooks: Pick<Notebooks, 'current' | 'panel'>;
  tests: Pick<TestsModel, 'state'>;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** The written answers of the current module. */
export function ThinkingView(props: IThinkingViewProps): React.JSX.Element {
  return (
    <UseSignal signal={props.model.changed}>
      {() => <Content {...props} />}
    </UseSignal>
  );
}

function Content(props: IThinkingViewProps): React.JSX.Element {
  const { commands, model, notebooks, trans } = props;
  const { overview } = props.modules;
  const entry = notebooks.current;
  if (!entry || !overview) {
    return (
      <EmptyState
        message={trans.__('Open a module to answer its questions.')}
      />
    );
  }
  if (entry.path === null) {
    return <LostNotebook {...{ commands, entry, trans }} />;
  }
  if (!notebooks.panel) {
    return (
      <EmptyState
        message={trans.__(
          'Your answers are part of the notebook of %1. Open it to write them.',
          moduleLabel(entry)
        )}
        action={trans.__('Open %1', entry.name)}
        onAction={() =>
          void commands.execute(CommandIDs.openModule, { module: entry.name })
        }
      />
    );
  }
  const { answers, rendermime } = model;
  if (!answers || !rendermime) {
    return (
      <p className="jp-TinyTorch-hint" role="status">
        {trans.__('Opening the notebook…')}
      </p>
    );
  }
  return (
    <UseSignal signal={answers.changed}>
      {() => (
        <Questions
          {...props}
          answers={answers}
          answerWords={overview.answer_words}
          rendermime={rendermime}
        />
      )}
    </UseSignal>
  );
}

const SAVED_ID = 'jp-TinyTorch-saved';

function Questions(
  props: IThinkingViewProps & {
    answers: Answers;
    answerWords: CourseOverview['answer_words'];
    rendermime: IRenderMimeRegistry;
  }
): React.JSX.Element {
  const { answers, trans } = props;
  const [least, most] = props.answerWords;
  if (answers.questions.length === 0) {
    return (
      <EmptyState message={trans.__('This notebook asks no questions.')} />
    );
  }
  return (
    <div className="jp-TinyTorch-section">
      <SavedLine {...props} />
      <ol className="jp-TinyTorch-questions">
        {answers.questions.map((question, index) => (
          <QuestionItem
            key={question.id}
            question={question}
            number={index + 1}
            words={{ least, most }}
            readOnly={answers.readOnly}
            savedId={SAVED_ID}
            rendermime={props.rendermime}
            measurements={() => figuresOf(props)}
            onWrite={text => {
              answers.write(question.id, text);
            }}
            trans={trans}
          />
        ))}
      </ol>
    </div>
  );
}

/** What the student's own runs of the current module measured. */
function figuresOf(
  props: Pick<IThinkingViewProps, 'notebooks' | 'tests' | 'trans'>
): string[] {
  const { notebooks, tests, trans } = props;
  const name = notebooks.current?.name;
  const shared = notebooks.panel?.content.model?.sharedModel;
  const run = name === undefined ? null : tests.state(name).run;
  return shared ? measurements(run?.rows ?? [], shared, trans) : [];
}

const SAVE_ICONS: Record<SaveState['kind'], LabIcon> = {
  saved: passedIcon,
  saving: runningIcon,
  unsaved: emptyIcon,
  held: warningIcon,
  failed: failedIcon
};

function SavedLine(props: {
  answers: Answers;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { answers, trans } = props;
  const state: SaveState = answers.readOnly
    ? { kind: 'failed', reason: trans.__('the notebook is read-only.') }
    : answers.saveState;
  return (
    <p
      id={SAVED_ID}
      className={`jp-TinyTorch-saved jp-mod-${state.kind}`}
      role={state.kind === 'failed' ? 'alert' : undefined}
    >
      <StatusIcon
        icon={SAVE_ICONS[state.kind]}
        state={state.kind === 'held' ? 'warning' : state.kind}
      />
      <span>{saveLabel(state, trans)}</span>
    </p>
  );
}

function saveLabel(state: SaveState, trans: TranslationBundle): string {
  switch (state.kind) {
    case 'saved':
      return trans.__('Saved');
    case 'saving':
      return trans.__('Saving…');
    case 'unsaved':
      return trans.__('Unsaved changes');
    case 'held':
      return trans.__(
        'Not saved yet: the server does not answer. Your text is kept here and saved as soon as it does; leave this page open.'
      );
    case 'failed':
      return trans.__(
        'Cannot save: %1',
        state.reason ?? trans.__('the server did not take the notebook.')
      );
  }
}
