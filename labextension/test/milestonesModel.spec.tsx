import { ServerConnection, type Event } from '@jupyterlab/services';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';

import { ApiClient, ApiError } from '../src/api/client';
import type { CourseOverview, MilestoneEntry } from '../src/api/types';
import { CommandIDs } from '../src/commands';
import { addMilestoneCommands } from '../src/milestones/commands';
import { MILESTONE_RUN_SCHEMA, MilestonesModel } from '../src/milestones/model';
import { course, FakeEvents, fakeApi, trans } from './fixtures';
import {
  milestone,
  milestoneRun,
  passed,
  progress
} from './milestonesFixtures';

/** The course as a test brings it along. */
class FakeModules {
  readonly changed = new Signal<this, void>(this);
  overview: CourseOverview | null = null;

  bring(overview: CourseOverview): void {
    this.overview = overview;
    this.changed.emit();
  }
}

const RUNNING = milestone(1, { run: milestoneRun() });

describe('MilestonesModel', () => {
  let events: FakeEvents;
  let modules: FakeModules;
  let model: MilestonesModel;

  async function create(
    answers: Parameters<typeof fakeApi>[0],
    milestones: MilestoneEntry[] = [milestone(1)]
  ): Promise<MilestonesModel> {
    model = new MilestonesModel(
      fakeApi({
        milestones: jest.fn(() => Promise.resolve({ milestones })),
        ...answers
      }),
      events as unknown as Event.IManager,
      modules as unknown as ConstructorParameters<typeof MilestonesModel>[2]
    );
    modules.bring(course());
    await jest.advanceTimersByTimeAsync(0);
    return model;
  }

  function emit(
    run: MilestoneEntry['run'],
    schema = MILESTONE_RUN_SCHEMA
  ): void {
    events.stream.emit({ number: 1, run, schema_id: schema });
  }

  beforeEach(() => {
    jest.useFakeTimers();
    events = new FakeEvents();
    modules = new FakeModules();
  });

  afterEach(() => {
    model.dispose();
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  it('looks again whenever the course has been looked at', async () => {
    const milestones = jest
      .fn()
      .mockResolvedValueOnce({
        milestones: [milestone(1, { status: 'blocked' })]
      })
      .mockResolvedValue({ milestones: [milestone(1)] });
    await create({ milestones });
    expect(model.entries?.[0]?.status).toBe('blocked');
    modules.changed.emit();
    expect(milestones).toHaveBeenCalledTimes(1);
    modules.bring(course());
    await jest.advanceTimersByTimeAsync(0);
    expect(model.entries?.[0]?.status).toBe('ready');
  });

  it('knows the next milestone and the one that runs', async () => {
    await create({}, [
      passed(1),
      milestone(2, { status: 'blocked' }),
      milestone(3, { run: milestoneRun() }),
      milestone(4, { status: 'failed' })
    ]);
    expect(model.next?.number).toBe(4);
    expect(model.running?.number).toBe(3);
  });

  it('shows progress as events bring it, and never an earlier one', async () => {
    await create({ runMilestone: jest.fn().mockResolvedValue(RUNNING) });
    await model.run(1);
    emit(milestoneRun({ progress: progress(4) }));
    emit(milestoneRun({ progress: progress(3) }));
    expect(model.find(1)?.run.progress).toEqual(progress(4));
  });

  it('keeps progress that came before the answer to the request', async () => {
    await create({
      runMilestone: jest.fn(() => {
        emit(milestoneRun({ progress: progress(2) }));
        return Promise.resolve(RUNNING);
      })
    });
    await model.run(1);
    expect(model.find(1)?.run.progress).toEqual(progress(2));
  });

  it('asks for the result when an event says that the run has ended', async () => {
    const done = passed(1, { run: milestoneRun({ state: 'done' }) });
    await create({
      runMilestone: jest.fn().mockResolvedValue(RUNNING),
      milestone: jest.fn().mockResolvedValue(done)
    });
    await model.run(1);
    emit(milestoneRun({ state: 'done' }));
    await jest.advanceTimersByTimeAsync(0);
    expect(model.find(1)).toEqual(done);
  });

  it('polls while no event arrives, and stops when the run has ended', async () => {
    const done = passed(1, { run: milestoneRun({ state: 'done' }) });
    const asked = jest.fn().mockResolvedValueOnce(RUNNING);
    asked.mockResolvedValue(done);
    await create({
      runMilestone: jest.fn().mockResolvedValue(RUNNING),
      milestone: asked
    });
    await model.run(1);
    await jest.advanceTimersByTimeAsync(5000);
    expect(model.find(1)).toEqual(done);
    const times = asked.mock.calls.length;
    await jest.advanceTimersByTimeAsync(20_000);
    expect(asked).toHaveBeenCalledTimes(times);
  });

  it('takes up a run that goes on when the page is loaded', async () => {
    const done = passed(1, { run: milestoneRun({ state: 'done' }) });
    await create({ milestone: jest.fn().mockResolvedValue(done) }, [RUNNING]);
    await jest.advanceTimersByTimeAsync(2000);
    expect(model.find(1)).toEqual(done);
  });

  it('shows a run that another page has started', async () => {
    await create({
      milestone: jest.fn(() => new Promise(() => undefined))
    });
    emit(milestoneRun({ run_id: 'other' }));
    expect(model.running?.run.run_id).toBe('other');
  });

  it('does not let a late answer about the last run replace the new one', async () => {
    const late: ((entry: MilestoneEntry) => void)[] = [];
    const asked = jest.fn(
      () => new Promise<MilestoneEntry>(resolve => late.push(resolve))
    );
    await create({
      runMilestone: jest.fn().mockResolvedValue(RUNNING),
      milestone: asked
    });
    emit(milestoneRun({ run_id: 'old', state: 'done' }));
    await model.run(1);
    late[0]?.(passed(1, { run: milestoneRun({ run_id: 'old' }) }));
    await jest.advanceTimersByTimeAsync(0);
    expect(model.find(1)?.run.run_id).toBe('first');
  });

  it('does not go back to a run that is over', async () => {
    const cancelled = milestone(1, {
      run: milestoneRun({ state: 'cancelled' })
    });
    const polled = jest.fn().mockResolvedValue(RUNNING);
    await create({
      runMilestone: jest.fn().mockResolvedValue(RUNNING),
      cancelMilestone: jest.fn().mockResolvedValue(cancelled),
      milestone: polled
    });
    await model.run(1);
    await model.cancel(1);
    emit(milestoneRun({ state: 'cancelled' }));
    emit(milestoneRun({ progress: progress(9) }));
    await jest.advanceTimersByTimeAsync(0);
    expect(polled).toHaveBeenCalled();
    expect(model.find(1)).toEqual(cancelled);
  });

  it('keeps why a run was refused, and looks how the milestone stands', async () => {
    const refused = new ApiError('refused', 'Milestone 1 needs 03_layers.');
    const milestones = jest
      .fn()
      .mockResolvedValue({ milestones: [milestone(1)] });
    await create({
      milestones,
      runMilestone: jest.fn().mockRejectedValue(refused)
    });
    milestones.mockResolvedValue({
      milestones: [milestone(1, { status: 'blocked' })]
    });
    await model.run(1);
    await jest.advanceTimersByTimeAsync(0);
    expect(model.problem(1)).toBe(refused);
    expect(model.isRequesting(1)).toBe(false);
    expect(model.find(1)?.status).toBe('blocked');
  });

  it('tells while the server does not answer, and recovers', async () => {
    // A poll's waits grow by chance, and by bad luck hardly at all.
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    const lost = new ApiError('unreachable', 'gone');
    const asked = jest.fn().mockRejectedValue(lost);
    await create({
      runMilestone: jest.fn().mockResolvedValue(RUNNING),
      milestone: asked
    });
    await model.run(1);
    await jest.advanceTimersByTimeAsync(30_000);
    expect(asked.mock.calls.length).toBeLessThan(10);
    expect(model.problem(1)).toBe(lost);
    asked.mockResolvedValue(
      passed(1, { run: milestoneRun({ state: 'done' }) })
    );
    await jest.advanceTimersByTimeAsync(31_000);
    expect(model.problem(1)).toBeNull();
    expect(model.find(1)?.status).toBe('passed');
  });

  it('ignores events of other schemas, and all once disposed', async () => {
    await create({ runMilestone: jest.fn().mockResolvedValue(RUNNING) });
    await model.run(1);
    emit(milestoneRun({ progress: progress(4) }), 'https://other');
    model.dispose();
    emit(milestoneRun({ progress: progress(5) }));
    expect(model.find(1)?.run.progress).toBeNull();
  });

  it('is run and cancelled by commands', async () => {
    const runMilestone = jest.fn().mockResolvedValue(RUNNING);
    const cancelMilestone = jest
      .fn()
      .mockResolvedValue(
        milestone(1, { run: milestoneRun({ state: 'cancelled' }) })
      );
    await create({ runMilestone, cancelMilestone });
    const commands = new CommandRegistry();
    const show = jest.fn();
    addMilestoneCommands(commands, model, show, trans);
    const { cancelMilestone: cancel, runMilestone: run } = CommandIDs;
    expect(commands.isEnabled(cancel)).toBe(false);
    expect(commands.isEnabled(run, { milestone: 7 })).toBe(false);
    await commands.execute(run);
    expect(show).toHaveBeenCalledTimes(1);
    expect(runMilestone).toHaveBeenCalledWith(1, false);
    expect(commands.isEnabled(run)).toBe(false);
    await commands.execute(cancel);
    expect(cancelMilestone).toHaveBeenCalledWith(1);
    expect(commands.isEnabled(run, { milestone: 1 })).toBe(true);
  });
});

describe('ApiClient', () => {
  it.each([
    ['milestone', 'GET', '2'],
    ['runMilestone', 'POST', '2/run'],
    ['cancelMilestone', 'DELETE', '2/run'],
    ['milestonePlot', 'GET', '2/plot']
  ] as const)('%s is %s …/%s', async (verb, method, path) => {
    const requests: string[] = [];
    const settings = ServerConnection.makeSettings({
      baseUrl: 'http://jupyter/user/ada/',
      fetch: (input: RequestInfo | URL) => {
        const { method, url } = input as Request;
        requests.push(`${method} ${url.replace(/\?.*$/, '')}`);
        return Promise.resolve(new Response('{}', { status: 200 }));
      }
    });
    await new ApiClient(settings, trans)[verb](2);
    expect(requests).toEqual([
      `${method} http://jupyter/user/ada/tinytorch-lab/api/milestones/${path}`
    ]);
  });
});
