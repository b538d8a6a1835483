import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';

import type { CourseClient } from '../src/api/courses';
import type { Job, ModuleColumn } from '../src/api/courseTypes';
import { JobsModel } from '../src/grading/jobs/model';
import { useReload } from '../src/grading/jobs/useReload';
import { Loadable } from '../src/grading/loadable';
import type { GradingModel } from '../src/grading/model';
import { ModuleTable } from '../src/grading/overview/ModuleTable';
import { trans } from './fixtures';

const OPEN: Job = {
  id: 7,
  kind: 'return_feedback',
  arguments: { module: '01_tensor' },
  requested_by: 'tess',
  requested_at: '2026-01-02T12:00:00Z',
  queued_at: '2026-01-02T12:00:00Z',
  started_at: '2026-01-02T12:00:01Z',
  finished_at: null,
  reported_at: null,
  state: 'running',
  attempt: 1,
  done: 1,
  total: 3,
  message: ''
};
const OVER: Job = {
  ...OPEN,
  finished_at: '2026-01-02T12:00:09Z',
  state: 'done'
};
const WAITING: ModuleColumn = {
  module: '02_activations',
  title: 'Activations',
  released_at: '2026-01-01T12:00:00Z',
  due_at: null,
  automatic_total: 70,
  written_total: 30,
  submitted: 3,
  waiting: 1,
  graded: 2,
  to_mark: 0,
  marked: 0,
  returned: 0,
  suspicious: 0,
  next_action: 'autograde'
};

function setUp(requestJob = jest.fn().mockResolvedValue(OPEN)) {
  const seen = jest.fn().mockResolvedValue([OPEN]);
  const jobs = new JobsModel({
    jobs: seen,
    requestJob
  } as unknown as CourseClient);
  return { jobs, requestJob, seen };
}

function showTable(jobs: JobsModel, module: ModuleColumn): void {
  render(
    <ModuleTable
      model={{ jobs } as unknown as GradingModel}
      modules={[module]}
      students={3}
      trans={trans}
    />
  );
}

describe('the next step of a module', () => {
  it('collects everything and autogrades only what is new', async () => {
    const { jobs, requestJob } = setUp();
    showTable(jobs, WAITING);
    await userEvent.click(
      screen.getByRole('button', { name: 'Collect and autograde' })
    );
    expect(requestJob.mock.calls.map(([body]) => body as unknown)).toEqual([
      { kind: 'collect', module: '02_activations', changed: false },
      { kind: 'autograde', module: '02_activations', changed: true }
    ]);
    jobs.dispose();
  });

  it('goes no further once a step was refused, and keeps the reason while other work is followed', async () => {
    const refused = jest.fn().mockRejectedValue(new Error('Nobody there.'));
    const { jobs, requestJob, seen } = setUp(refused);
    await jobs.refresh();
    showTable(jobs, WAITING);
    await userEvent.click(
      screen.getByRole('button', { name: 'Collect and autograde' })
    );
    expect(requestJob).toHaveBeenCalledTimes(1);
    const asked = seen.mock.calls.length;
    await act(() => new Promise(resolve => setTimeout(resolve, 700)));
    expect(seen.mock.calls.length).toBeGreaterThan(asked);
    expect(screen.getByRole('alert')).toHaveTextContent('Nobody there.');
    await act(() => jobs.refresh());
    expect(screen.queryByRole('alert')).not.toBeInTheDocument();
    jobs.dispose();
  });

  it('shows how far the work is under the name it has everywhere', async () => {
    const { jobs } = setUp();
    await jobs.refresh();
    showTable(jobs, { ...WAITING, module: '01_tensor' });
    expect(screen.getByRole('progressbar')).toHaveAccessibleName(
      'Return feedback: 1 of 3'
    );
    jobs.dispose();
  });
});

it('does not open a job again by an older answer', async () => {
  const { jobs, seen } = setUp();
  await jobs.refresh();
  const answers: ((found: Job[]) => void)[] = [];
  seen.mockImplementation(() => new Promise(resolve => answers.push(resolve)));
  const ended: number[] = [];
  jobs.finished.connect((_, { id }) => ended.push(id));
  const first = jobs.refresh();
  const second = jobs.refresh();
  const [older, newer] = answers.slice(-2);
  newer?.([OVER]);
  await second;
  older?.([OPEN]);
  await first;
  expect(jobs.jobs).toEqual([OVER]);
  expect(ended).toEqual([7]);
  jobs.dispose();
});

it('what jobs change is asked for again when they end', async () => {
  const { jobs, seen } = setUp();
  const asked = jest.fn().mockResolvedValue(1);
  const loadable = new Loadable<number>(asked);
  function Section(): React.JSX.Element {
    useReload(jobs, loadable);
    return <></>;
  }
  const view = render(<Section />);
  await jobs.refresh();
  expect(asked).not.toHaveBeenCalled();
  seen.mockResolvedValue([OVER]);
  await jobs.refresh();
  expect(asked).toHaveBeenCalledTimes(1);
  view.unmount();
  loadable.dispose();
  jobs.dispose();
});
