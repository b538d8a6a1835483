import {
  RenderMimeRegistry,
  standardRendererFactories
} from '@jupyterlab/rendermime';
import { act, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { axe } from 'jest-axe';
import React from 'react';

import { ApiError } from '../src/api/client';
import type {
  Assignment,
  AssignmentList,
  Feedback,
  OwnRun,
  Readiness
} from '../src/api/types';
import { CommandIDs } from '../src/commands';
import type { ModulesModel } from '../src/modules/model';
import { SubmissionsModel } from '../src/submission/model';
import { SubmissionView } from '../src/submission/SubmissionView';
import { Signal } from '@lumino/signaling';
import { assignment, entry, fakeApi, receipt, trans } from './fixtures';
import { FakeNotebooks, recordingCommands, settle } from './viewFixtures';

const READY: Readiness = {
  module: '01_tensor',
  digest: 'saved',
  size: 2048,
  saved_at: '2026-01-02T12:00:00Z',
  unwritten: ['matmul'],
  tests_passed: 4,
  tests_total: 9,
  tests_current: true,
  answers: [
    { response_id: 'r1', words: 0, expected: false, remark: 'not answered' },
    { response_id: 'r2', words: 200, expected: true, remark: 'fine' }
  ]
};

const FEEDBACK: Feedback = {
  module: '01_tensor',
  title: 'Tensor',
  student: 'ada',
  score: 87,
  total: 100,
  penalty: 5,
  notes: [],
  tests: [
    {
      test: 'test_matmul',
      score: 5,
      possible: 10,
      status: 'partly passed',
      message: 'The shape is wrong.',
      corrected: false,
      seconds: 0,
      peak_bytes: 0,
      reference_seconds: 0,
      reference_peak_bytes: 0
    }
  ],
  answers: [
    {
      response_id: 'r1',
      question: 'Why?',
      text: 'Because.',
      points: 7,
      total: 10,
      marked: true,
      comment: 'Name the figure.',
      level: { label: 'GOOD', low: 7, high: 8, criteria: ['names the cost'] },
      above: {
        label: 'EXCELLENT',
        low: 9,
        high: 10,
        criteria: ['gives the measured figure']
      }
    }
  ]
};

/** Renders Markdown as far as a test needs it. */
const rendermime = new RenderMimeRegistry({
  initialFactories: standardRendererFactories,
  markdownParser: {
    render: source =>
      Promise.resolve(source.replace(/\*\*(.*?)\*\*/g, '<strong>$1</strong>'))
  }
});

describe('SubmissionView', () => {
  let model: SubmissionsModel;

  function released(...assignments: Assignment[]): AssignmentList {
    return {
      connected: true,
      message: '',
      as_of: '2026-11-26T12:00:00+00:00',
      assignments,
      news: []
    };
  }

  async function show(
    answer: AssignmentList | Error,
    answers: Parameters<typeof fakeApi>[0] = {},
    current = entry('01_tensor', {
      status: 'in_progress',
      path: 'modules/01_tensor/01_tensor.ipynb',
      digest: 'saved'
    })
  ) {
    const asked =
      answer instanceof Error
        ? jest.fn().mockRejectedValue(answer)
        : jest.fn().mockResolvedValue(answer);
    model = new SubmissionsModel(
      fakeApi({
        assignments: asked,
        submission: jest
          .fn()
          .mockResolvedValue({ readiness: READY, complete: false }),
        submissions: jest.fn().mockResolvedValue({ submissions: [] }),
        feedbackPage: jest.fn(() => '/feedback'),
        ...answers
      })
    );
    const { commands, calls } = recordingCommands();
    const changed = new Signal<ModulesModel, void>({} as ModulesModel);
    const view = render(
      <SubmissionView
        model={model}
        modules={{ changed }}
        notebooks={new FakeNotebooks(current).asNotebooks}
        commands={commands}
        rendermime={rendermime}
        trans={trans}
      />
    );
    await act(async () => {
      await model.refresh();
      await settle();
    });
    return { ...view, asked, calls };
  }

  afterEach(() => {
    model.dispose();
  });

  it('says what would be submitted and what is missing', async () => {
    const { calls, container } = await show(released(assignment('01_tensor')));
    expect(screen.getByRole('status')).toHaveTextContent('Not submitted');
    const list = screen.getByRole('list', { name: 'What will be submitted' });
    expect(list).toHaveTextContent(
      '1 piece of code is not written yet: matmul'
    );
    expect(list).toHaveTextContent('4 of 9 tests pass');
    expect(list).toHaveTextContent('Question 1: not answered');
    await userEvent.click(screen.getByRole('button', { name: 'Submit…' }));
    expect(calls).toEqual([[CommandIDs.submitModule, '01_tensor']]);
    expect(await axe(container)).toHaveNoViolations();
  });

  it.each([
    ['saved', 'What is saved is what you submitted'],
    ['earlier', 'Saved is not submitted: your notebook has changed']
  ])('compares what is saved with the submission %s', async (digest, words) => {
    const submission = receipt('first', { digest });
    const { calls } = await show(
      released(assignment('01_tensor', { state: 'submitted', submission })),
      {
        submissions: jest.fn().mockResolvedValue({ submissions: [submission] })
      }
    );
    expect(screen.getByRole('status')).toHaveTextContent(words);
    await userEvent.click(screen.getByRole('button', { name: /^Restore/ }));
    expect(calls).toEqual([
      [CommandIDs.restoreSubmission, '01_tensor', 'first']
    ]);
    expect(
      screen.getByRole('button', { name: 'Submit again…' })
    ).toBeInTheDocument();
  });

  it('shows what came back, with the level reached and the next one up', async () => {
    const { container } = await show(
      released(
        assignment('01_tensor', { state: 'returned', score: 82, total: 100 })
      ),
      { feedback: jest.fn().mockResolvedValue(FEEDBACK) }
    );
    const report = screen.getByRole('region', {
      name: 'Feedback: 82 of 100 points'
    });
    expect(report).toHaveTextContent('5 points were taken off');
    expect(report).toHaveTextContent('Partly passed: 5 of 10');
    expect(report).toHaveTextContent('Question 1: 7 of 10 points');
    expect(report).toHaveTextContent('Level reached: GOOD');
    expect(report).toHaveTextContent('Next level up: EXCELLENT');
    expect(report).toHaveTextContent('gives the measured figure');
    expect(within(report).getByRole('link')).toHaveAttribute(
      'href',
      '/feedback'
    );
    expect(await axe(container)).toHaveNoViolations();
  });

  it('renders a comment’s Markdown, and trusts it no more than any other', async () => {
    const comment = 'Name the **figure**.<img src="x" onerror="alert()">';
    await show(released(assignment('01_tensor', { state: 'returned' })), {
      feedback: jest.fn().mockResolvedValue({
        ...FEEDBACK,
        answers: [{ ...FEEDBACK.answers[0], comment }]
      })
    });
    expect(screen.getByText('figure').tagName).toBe('STRONG');
    expect(document.querySelector('[onerror]')).toBeNull();
  });

  it('tells how the tests end on own earlier modules', async () => {
    const own = (test: string, score: number, causes: string[]) => ({
      test,
      score,
      graded: 10,
      possible: 10,
      message: score < 10 ? 'NaN' : '',
      causes
    });
    const run: OwnRun = {
      module: '03_layers',
      student: 'ada',
      graded_at: '2026-01-02T12:00:00Z',
      tests: [
        own('test_forward', 4, ['02_activations']),
        own('test_init', 10, [])
      ],
      own: ['02_activations'],
      replaced: { '01_tensor': 'it cannot be exported' }
    };
    await show(released(assignment('01_tensor', { state: 'returned' })), {
      feedback: jest.fn().mockResolvedValue({ ...FEEDBACK, own_run: run })
    });
    const items = screen
      .getByRole('heading', { name: 'On your own earlier modules' })
      .parentElement?.querySelectorAll('li');
    expect([...(items ?? [])].map(item => item.textContent)).toEqual([
      'Forward: 4 instead of 10 pointsExplained by your 02_activations.NaN',
      'The reference stood in for 01_tensor: it cannot be exported'
    ]);
  });

  it('goes on with what it knows while the course is away, and tells what became of the outbox', async () => {
    const { asked } = await show(released(assignment('01_tensor')));
    const news: string[] = [];
    model.news.connect((_, sentence) => {
      news.push(sentence);
    });
    expect(screen.queryByText(/as of/)).toBeNull();
    asked.mockResolvedValue({
      ...released(assignment('01_tensor')),
      connected: false,
      message: 'Nobody answers.'
    });
    await act(async () => {
      await model.refresh();
    });
    expect(screen.getByRole('alert')).toHaveTextContent('Nobody answers.');
    expect(screen.getByText(/as of Thu, Nov 26/)).toBeInTheDocument();
    expect(screen.getByRole('button', { name: 'Submit…' })).toBeInTheDocument();
    asked.mockResolvedValue({
      ...released(assignment('01_tensor')),
      news: ['01_tensor is handed in now.']
    });
    await act(async () => {
      await model.refresh();
    });
    expect(screen.queryByText(/as of/)).toBeNull();
    expect(news).toEqual(['01_tensor is handed in now.']);
  });

  it('says so where there is no course, and asks again', async () => {
    const { asked } = await show({
      connected: false,
      message: 'This workspace belongs to no course.',
      as_of: null,
      assignments: [],
      news: []
    });
    expect(screen.getByText(/belongs to no course/)).toBeInTheDocument();
    asked.mockResolvedValue(released(assignment('01_tensor')));
    await userEvent.click(screen.getByRole('button', { name: 'Ask again' }));
    await act(settle);
    expect(screen.getByRole('button', { name: 'Submit…' })).toBeInTheDocument();
  });

  it('says so when a module is not released', async () => {
    await show(released());
    expect(
      screen.getByText(/01 tensor is not released in this course/)
    ).toBeInTheDocument();
  });

  it('says what is wrong when the server does not answer', async () => {
    await show(new ApiError('unreachable', 'No answer.'));
    expect(screen.getByRole('alert')).toHaveTextContent('No answer.');
  });

  it('keeps the reason why a submission failed in sight', async () => {
    await show(released(assignment('01_tensor')), {
      submit: jest.fn().mockRejectedValue(new Error('The course is closed.'))
    });
    await act(async () => {
      expect(await model.submit('01_tensor')).toBeNull();
    });
    expect(screen.getByRole('alert')).toHaveTextContent(
      'The course is closed.'
    );
  });

  it.each(['submit', 'restore'] as const)(
    'says what is going on during %s',
    async task => {
      const pending = jest.fn(() => new Promise(() => undefined));
      await show(released(assignment('01_tensor')), { [task]: pending });
      act(() => {
        void (task === 'submit'
          ? model.submit('01_tensor')
          : model.restore('01_tensor', 'first', jest.fn()));
      });
      const name = task === 'submit' ? 'Submitting…' : 'Submit…';
      expect(screen.getByRole('button', { name })).toHaveAttribute(
        'aria-disabled',
        'true'
      );
    }
  );
});
