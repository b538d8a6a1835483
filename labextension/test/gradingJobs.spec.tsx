import { Signal } from '@lumino/signaling';
import { act, fireEvent, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';

import type { CourseClient } from '../src/api/courses';
import type {
  CourseModules,
  Job,
  JobRow,
  ModuleColumn
} from '../src/api/courseTypes';
import { JobPanel } from '../src/grading/jobs/JobPanel';
import { JobsModel } from '../src/grading/jobs/model';
import { RequestForm } from '../src/grading/jobs/RequestForm';
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

describe('a regrade that is only to find out', () => {
  const changed: JobRow = {
    subject: 'ada',
    ok: true,
    message: '',
    details: { before: 10, after: 20 }
  };
  const failed: JobRow = { subject: 'ben', ok: false, message: 'No memory.' };

  async function showPanel(change: Partial<Job>, rows: JobRow[]) {
    const job: Job = { ...OVER, kind: 'regrade', ...change };
    const retryJob = jest.fn().mockResolvedValue(job);
    const jobs = new JobsModel({
      jobs: () => Promise.resolve([job]),
      job: () => Promise.resolve({ job, rows }),
      retryJob
    } as unknown as CourseClient);
    render(<JobPanel job={job} jobs={jobs} trans={trans} />);
    await screen.findAllByRole('row');
    return { jobs, retryJob };
  }

  it('shows for whom it failed, and why, beside what would change', async () => {
    const { jobs, retryJob } = await showPanel({}, [changed, failed]);
    expect(screen.getByText('1 rise, 0 fall')).toBeInTheDocument();
    expect(
      screen.getByRole('row', { name: 'ben failed No memory.' })
    ).toBeInTheDocument();
    expect(
      screen.queryByRole('row', { name: /^ada done/ })
    ).not.toBeInTheDocument();
    await userEvent.click(
      screen.getByRole('button', { name: 'Try those again' })
    );
    expect(retryJob).toHaveBeenCalledWith(7);
    jobs.dispose();
  });

  it('says nothing of changes when it failed for everyone', async () => {
    const { jobs } = await showPanel({}, [failed]);
    expect(screen.getByText(/^It failed for 1/)).toBeInTheDocument();
    expect(screen.queryByText(/would change/)).not.toBeInTheDocument();
    jobs.dispose();
  });

  it.each(['cancelled', 'failed'] as const)(
    'offers nothing to apply when it is %s',
    async state => {
      const { jobs } = await showPanel({ state }, [changed]);
      expect(screen.getByRole('row', { name: 'ada done' })).toBeInTheDocument();
      expect(screen.queryByText('1 rise, 0 fall')).not.toBeInTheDocument();
      expect(
        screen.queryByRole('button', { name: /^Apply/ })
      ).not.toBeInTheDocument();
      jobs.dispose();
    }
  );
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

describe('asking for work', () => {
  const COURSE = {
    modules: [WAITING],
    catalogue: [
      { module: '01_tensor', title: 'Tensor' },
      { module: '02_activations', title: 'Activations' },
      { module: 'midterm', title: 'Midterm' }
    ]
  } as unknown as CourseModules;

  it('offers the whole curriculum to generate, what the course lacks first', async () => {
    const { jobs, requestJob } = setUp();
    const changed = new Signal<object, void>({});
    const modules = { value: COURSE, changed };
    const choice = { module: '02_activations', changed };
    const model = { jobs, modules, choice } as unknown as GradingModel;
    render(<RequestForm model={model} trans={trans} />);
    const picker = (): HTMLSelectElement => screen.getByLabelText(/^Module/);
    expect(picker().value).toBe('02_activations');
    const choose = (field: HTMLElement, value: string): boolean =>
      fireEvent.change(field, { target: { value } });
    choose(screen.getByLabelText(/^Work/), 'generate');
    expect(picker().value).toBe('01_tensor');
    expect(picker()).toHaveTextContent('02 ActivationsMidterm');
    choose(picker(), 'midterm');
    await userEvent.click(screen.getByRole('button', { name: 'Start' }));
    expect(requestJob).toHaveBeenCalledWith(
      expect.objectContaining({ kind: 'generate', module: 'midterm' })
    );
  });
});
