import { screen, waitFor } from '@testing-library/dom';

import type { AssignmentList, SubmissionState } from '../src/api/types';
import type { ModuleCommandsContext } from '../src/modules/commands';
import { SubmissionsModel } from '../src/submission/model';
import { restore, submit } from '../src/submission/submitting';
import { assignment, entry, fakeApi, trans } from './fixtures';

const BEFORE: SubmissionState = {
  readiness: {
    module: '01_tensor',
    digest: 'saved',
    size: 2048,
    saved_at: '2026-01-02T12:00:00Z',
    unwritten: [],
    tests_passed: 9,
    tests_total: 9,
    tests_current: true,
    answers: []
  },
  complete: true
};

function released(title: string): AssignmentList {
  return {
    connected: true,
    message: title,
    as_of: null,
    assignments: [assignment('01_tensor')],
    news: []
  };
}

it('does not ask for a confirmation of what it does not know any more', async () => {
  const asked = jest.fn().mockResolvedValue(BEFORE);
  const handIn = jest.fn();
  const submissions = new SubmissionsModel(
    fakeApi({
      assignments: jest.fn().mockResolvedValue(released('')),
      submission: asked,
      submissions: jest.fn().mockResolvedValue({ submissions: [] }),
      submit: handIn
    })
  );
  await submissions.load('01_tensor');
  expect(submissions.handIn('01_tensor').submission).toBe(BEFORE);
  asked.mockRejectedValue(new Error('The notebook is gone.'));
  const app = { submissions, notebooks: { save: jest.fn() } };
  const context = { app, trans } as unknown as ModuleCommandsContext;
  await submit(context, entry('01_tensor'));
  expect(submissions.handIn('01_tensor').error?.message).toBe(
    'The notebook is gone.'
  );
  expect(document.querySelector('.jp-Dialog')).toBeNull();
  expect(handIn).not.toHaveBeenCalled();
  submissions.dispose();
});

it('hands in while the course is away, so that the notebook waits in the outbox', async () => {
  const handIn = jest.fn().mockRejectedValue(new Error('It waits.'));
  const submissions = new SubmissionsModel(
    fakeApi({
      assignments: jest.fn().mockResolvedValue(released('')),
      submission: jest.fn().mockResolvedValue(BEFORE),
      submissions: jest.fn().mockRejectedValue(new Error('Away.')),
      submit: handIn
    })
  );
  await submissions.refresh();
  const app = {
    submissions,
    notebooks: { save: jest.fn() },
    modules: { refresh: jest.fn() }
  };
  const context = { app, trans } as unknown as ModuleCommandsContext;
  const submitting = submit(context, entry('01_tensor'));
  const accept = await waitFor(() =>
    screen.getByRole('button', { name: 'Submit', hidden: true })
  );
  accept.click();
  await submitting;
  expect(handIn).toHaveBeenCalledTimes(1);
  expect(submissions.handIn('01_tensor').error?.message).toBe('It waits.');
  submissions.dispose();
});

it('does not put an older list of the course over a newer one', async () => {
  const answers: ((list: AssignmentList) => void)[] = [];
  const submissions = new SubmissionsModel(
    fakeApi({
      assignments: jest.fn(
        () => new Promise<AssignmentList>(resolve => answers.push(resolve))
      )
    })
  );
  const first = submissions.refresh();
  const second = submissions.refresh();
  const [older, newer] = answers.slice(-2);
  newer?.(released('newer'));
  await second;
  older?.(released('older'));
  await first;
  expect(submissions.assignments?.message).toBe('newer');
  submissions.dispose();
});

it('reads a restored notebook again before it asks anything else', async () => {
  const steps: string[] = [];
  const step = (name: string, answer: unknown) =>
    jest.fn(() => {
      steps.push(name);
      return Promise.resolve(answer);
    });
  const submissions = new SubmissionsModel(
    fakeApi({
      assignments: step('assignments', released('')),
      submission: step('submission', BEFORE),
      submissions: step('submissions', { submissions: [] }),
      restore: step('restore', { backup: null })
    })
  );
  await submissions.refresh();
  steps.length = 0;
  const app = {
    submissions,
    notebooks: { save: step('save', undefined), revert: step('revert', null) },
    modules: { refresh: step('course', undefined) }
  };
  const context = { app, trans } as unknown as ModuleCommandsContext;
  const restoring = restore(context, entry('01_tensor'), 'first');
  const accept = await waitFor(() =>
    screen.getByRole('button', { name: 'Restore', hidden: true })
  );
  accept.click();
  await restoring;
  expect(steps.slice(0, 3)).toEqual(['save', 'restore', 'revert']);
  expect(steps.slice(3)).toEqual([
    'assignments',
    'submission',
    'submissions',
    'course'
  ]);
  submissions.dispose();
});
