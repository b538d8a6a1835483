import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { Readiness, SubmissionState } from '../api/types';
import { StatusIcon } from '../components/StatusIcon';
import { passedIcon, warningIcon } from '../components/statusIcons';

/** What would be handed in now, and what is missing in it. */
export function ReadinessList(props: {
  submission: SubmissionState;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { submission, trans } = props;
  return (
    <ul
      className="jp-TinyTorch-readiness"
      aria-label={trans.__('What will be submitted')}
    >
      {readinessItems(submission.readiness, trans).map(({ label, good }) => (
        <li key={label}>
          <StatusIcon icon={iconOf(good)} state={good ? 'passed' : 'warning'} />
          <span>{label}</span>
        </li>
      ))}
    </ul>
  );
}

function iconOf(good: boolean): LabIcon {
  return good ? passedIcon : warningIcon;
}

/** The lines of the list: the pieces, the tests, the answers. */
export function readinessItems(
  readiness: Readiness,
  trans: TranslationBundle
): { label: string; good: boolean }[] {
  const { answers, tests_current, tests_passed, tests_total, unwritten } =
    readiness;
  return [
    {
      good: unwritten.length === 0,
      label:
        unwritten.length === 0
          ? trans.__('Every piece of code is written')
          : trans._n(
              '%1 piece of code is not written yet: %2',
              '%1 pieces of code are not written yet: %2',
              unwritten.length,
              unwritten.join(', ')
            )
    },
    {
      good: tests_current && tests_total > 0 && tests_passed === tests_total,
      label: testsLabel(readiness, trans)
    },
    ...answers.map((answer, index) => ({
      good: answer.expected,
      label: trans.__(
        'Question %1: %2',
        index + 1,
        answer.words === 0
          ? trans.__('not answered')
          : trans._n('%1 word', '%1 words', answer.words)
      )
    }))
  ];
}

function testsLabel(readiness: Readiness, trans: TranslationBundle): string {
  const { tests_current, tests_passed, tests_total } = readiness;
  if (tests_total === 0) {
    return trans.__('The tests have not been run');
  }
  return tests_current
    ? trans.__('%1 of %2 tests pass', tests_passed, tests_total)
    : trans.__(
        '%1 of %2 tests passed, but before your last change',
        tests_passed,
        tests_total
      );
}
