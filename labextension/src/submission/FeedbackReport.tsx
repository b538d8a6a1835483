import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type {
  AnswerFeedback,
  Feedback,
  Level,
  TestFeedback
} from '../api/types';
import { StatusIcon } from '../components/StatusIcon';
import { failedIcon, passedIcon, startedIcon } from '../components/statusIcons';
import { testLabel } from '../tests/format';
import { Markdown } from '../components/Markdown';
import { formatPoints } from '../units';
import { OwnRunBlock } from './OwnRun';

/** What came back: the score, the tests, the comments, the level reached and the next one up. */
export function FeedbackReport(props: {
  feedback: Feedback;
  page: string;
  rendermime: IRenderMimeRegistry;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { feedback, page, rendermime, trans } = props;
  return (
    <section
      className="jp-TinyTorch-feedback"
      aria-labelledby="jp-TinyTorch-feedback"
    >
      <h3 className="jp-TinyTorch-moduleName" id="jp-TinyTorch-feedback">
        {trans.__(
          'Feedback: %1 of %2 points',
          formatPoints(feedback.score - feedback.penalty),
          formatPoints(feedback.total)
        )}
      </h3>
      {feedback.penalty > 0 && (
        <p className="jp-TinyTorch-hint">
          {trans._n(
            '%2 point was taken off because it was late.',
            '%2 points were taken off because it was late.',
            feedback.penalty,
            formatPoints(feedback.penalty)
          )}
        </p>
      )}
      {feedback.notes.map(note => (
        <p key={note} className="jp-TinyTorch-text">
          {note}
        </p>
      ))}
      <ul className="jp-TinyTorch-feedbackTests">
        {feedback.tests.map(test => (
          <TestLine key={test.test} test={test} trans={trans} />
        ))}
      </ul>
      {feedback.answers.map((answer, index) => (
        <AnswerBlock
          key={answer.response_id}
          answer={answer}
          number={index + 1}
          rendermime={rendermime}
          trans={trans}
        />
      ))}
      {feedback.own_run && <OwnRunBlock run={feedback.own_run} trans={trans} />}
      <a
        className="jp-TinyTorch-link"
        href={page}
        target="_blank"
        rel="noreferrer"
      >
        {trans.__('Open the feedback as a page')}
      </a>
    </section>
  );
}

const STATUS: Record<TestFeedback['status'], [LabIcon, string]> = {
  passed: [passedIcon, 'passed'],
  'partly passed': [startedIcon, 'in_progress'],
  failed: [failedIcon, 'failed']
};

function TestLine(props: {
  test: TestFeedback;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { test, trans } = props;
  const [icon, state] = STATUS[test.status];
  return (
    <li>
      <p className="jp-TinyTorch-feedbackTest">
        <StatusIcon icon={icon} state={state} />
        <span className="jp-TinyTorch-testTitle" title={test.test}>
          {testLabel({ title: test.test })}
        </span>
        <span>
          {trans.__(
            '%1: %2 of %3',
            outcomeLabel(test.status, trans),
            formatPoints(test.score),
            formatPoints(test.possible)
          )}
        </span>
      </p>
      {test.message && <p className="jp-TinyTorch-text">{test.message}</p>}
    </li>
  );
}

function AnswerBlock(props: {
  answer: AnswerFeedback;
  number: number;
  rendermime: IRenderMimeRegistry;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { answer, number, rendermime, trans } = props;
  return (
    <div className="jp-TinyTorch-feedbackAnswer">
      <h4>
        {answer.marked
          ? trans._n(
              'Question %2: %3 of %4 point',
              'Question %2: %3 of %4 points',
              answer.total,
              number,
              formatPoints(answer.points),
              formatPoints(answer.total)
            )
          : trans.__('Question %1: not marked yet', number)}
      </h4>
      {answer.comment && (
        <Markdown markdown={answer.comment} rendermime={rendermime} />
      )}
      {answer.level && (
        <LevelBlock
          level={answer.level}
          title={trans.__('Level reached: %1', answer.level.label)}
        />
      )}
      {answer.above && (
        <LevelBlock
          level={answer.above}
          title={trans.__('Next level up: %1', answer.above.label)}
        />
      )}
    </div>
  );
}

function LevelBlock(props: { level: Level; title: string }): React.JSX.Element {
  return (
    <>
      <p className="jp-TinyTorch-level">{props.title}</p>
      <ul className="jp-TinyTorch-criteria">
        {props.level.criteria.map(criterion => (
          <li key={criterion}>{criterion}</li>
        ))}
      </ul>
    </>
  );
}

function outcomeLabel(
  status: TestFeedback['status'],
  trans: TranslationBundle
): string {
  switch (status) {
    case 'passed':
      return trans.__('Passed');
    case 'partly passed':
      return trans.__('Partly passed');
    case 'failed':
      return trans.__('Failed');
  }
}
