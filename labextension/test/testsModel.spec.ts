import type { Event } from '@jupyterlab/services';

import { ApiError } from '../src/api/client';
import { TEST_RUN_SCHEMA, TestsModel } from '../src/tests/model';
import { event, FakeEvents, fakeApi, row, run } from './fixtures';

const MODULE = '01_tensor';
const nothing = () => Promise.resolve();

function statuses(model: TestsModel): string[] {
  return model.state(MODULE).run?.rows.map(({ status }) => status) ?? [];
}

describe('TestsModel', () => {
  let events: FakeEvents;
  let model: TestsModel;

  function create(answers: Parameters<typeof fakeApi>[0]): TestsModel {
    model = new TestsModel(
      fakeApi(answers),
      events as unknown as Event.IManager
    );
    return model;
  }

  beforeEach(() => {
    jest.useFakeTimers();
    events = new FakeEvents();
  });

  afterEach(() => {
    model.dispose();
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  it('prepares before it asks for a run', async () => {
    const order: string[] = [];
    create({
      runTests: jest.fn(() => {
        order.push('run');
        return Promise.resolve(run());
      })
    });
    await model.run(MODULE, () => {
      order.push('save');
      return Promise.resolve();
    });
    expect(order).toEqual(['save', 'run']);
    expect(model.isRunning(MODULE)).toBe(true);
  });

  it('asks for no run when the notebook cannot be saved', async () => {
    const runTests = jest.fn();
    create({ runTests });
    await model.run(MODULE, () => Promise.reject(new Error('disk full')));
    expect(runTests).not.toHaveBeenCalled();
    expect(model.state(MODULE)).toMatchObject({
      error: { message: 'disk full' },
      requesting: false
    });
  });

  it('takes in rows as events bring them', async () => {
    create({
      runTests: jest.fn().mockResolvedValue(run({ rows: [row('a'), row('b')] }))
    });
    await model.run(MODULE, nothing);
    events.emit(
      event({ row: row('a', { status: 'passed' }) }),
      TEST_RUN_SCHEMA
    );
    expect(statuses(model)).toEqual(['passed', 'pending']);
  });

  it('takes in events that arrive before the answer to the request', async () => {
    create({
      runTests: jest.fn(() => {
        const early = event({ row: row('a', { status: 'passed' }) });
        events.emit(early, TEST_RUN_SCHEMA);
        return Promise.resolve(run({ rows: [row('a')] }));
      })
    });
    await model.run(MODULE, nothing);
    expect(statuses(model)).toEqual(['passed']);
  });

  it('ignores events of other schemas', async () => {
    const tests = jest.fn();
    create({
      runTests: jest.fn().mockResolvedValue(run({ rows: [row('a')] })),
      tests
    });
    await model.run(MODULE, nothing);
    events.emit(
      event({ row: row('a', { status: 'failed' }) }),
      'https://other'
    );
    expect(statuses(model)).toEqual(['pending']);
    expect(tests).not.toHaveBeenCalled();
  });

  it('asks for the whole run when an event says that it ended', async () => {
    const done = run({
      state: 'done',
      seconds: 2,
      notices: [{ cell_id: 'c', line: 3, message: 'oops' }]
    });
    create({
      runTests: jest.fn().mockResolvedValue(run()),
      tests: jest.fn().mockResolvedValue(done)
    });
    const finished = jest.fn();
    model.finished.connect((_, ended) => {
      finished(ended.state);
    });
    await model.run(MODULE, nothing);
    events.emit(event({ state: 'done' }), TEST_RUN_SCHEMA);
    await jest.advanceTimersByTimeAsync(0);
    expect(model.state(MODULE).run).toEqual(done);
    expect(finished.mock.calls).toEqual([['done']]);
  });

  it('shows a run that another page has started', async () => {
    const other = run({ run_id: 'other', rows: [row('a')] });
    create({ tests: jest.fn().mockResolvedValue(other) });
    events.emit(event({ run_id: 'other' }), TEST_RUN_SCHEMA);
    await jest.advanceTimersByTimeAsync(0);
    expect(model.state(MODULE).run).toEqual(other);
  });

  it('polls while no event arrives, and stops when the run has ended', async () => {
    const tests = jest
      .fn()
      .mockResolvedValueOnce(run({ rows: [row('a')] }))
      .mockResolvedValue(
        run({ state: 'done', rows: [row('a', { status: 'passed' })] })
      );
    create({
      runTests: jest.fn().mockResolvedValue(run({ rows: [row('a')] })),
      tests
    });
    await model.run(MODULE, nothing);
    await jest.advanceTimersByTimeAsync(5000);
    expect(statuses(model)).toEqual(['passed']);
    const asked = tests.mock.calls.length;
    await jest.advanceTimersByTimeAsync(20_000);
    expect(tests).toHaveBeenCalledTimes(asked);
  });

  it('asks less and less often while the server does not answer, and recovers', async () => {
    // A poll's waits grow by chance, and by bad luck hardly at all.
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    const lost = new ApiError('unreachable', 'gone');
    const tests = jest.fn().mockRejectedValue(lost);
    create({ runTests: jest.fn().mockResolvedValue(run()), tests });
    await model.run(MODULE, nothing);
    await jest.advanceTimersByTimeAsync(30_000);
    expect(tests.mock.calls.length).toBeLessThan(10);
    expect(model.state(MODULE).error).toBe(lost);
    tests.mockResolvedValue(run({ state: 'done' }));
    await jest.advanceTimersByTimeAsync(31_000);
    expect(model.state(MODULE)).toMatchObject({
      error: null,
      run: { state: 'done' }
    });
  });

  it('does not let a late answer about the last run replace the new one', async () => {
    let answer: (old: ReturnType<typeof run>) => void = () => undefined;
    const slow = new Promise<ReturnType<typeof run>>(resolve => {
      answer = resolve;
    });
    create({
      tests: jest.fn().mockReturnValueOnce(slow).mockResolvedValue(run()),
      runTests: jest.fn().mockResolvedValue(run())
    });
    const loading = model.load(MODULE);
    await model.run(MODULE, nothing);
    answer(run({ run_id: 'old', state: 'done' }));
    await loading;
    expect(model.state(MODULE).run?.run_id).toBe('first');
  });

  it('has a row brought into view until that is done', () => {
    create({});
    const seen: (string | null)[] = [];
    model.changed.connect((_, module) => {
      seen.push(model.state(module).revealed);
    });
    model.reveal(MODULE, 'test_matmul');
    model.reveal(MODULE, null);
    expect(seen).toEqual(['test_matmul', null]);
  });

  it('shows what a cancelled run had', async () => {
    const cancelled = run({
      state: 'cancelled',
      rows: [row('a', { status: 'not_run' })]
    });
    create({
      runTests: jest.fn().mockResolvedValue(run({ rows: [row('a')] })),
      cancelTests: jest.fn().mockResolvedValue(cancelled),
      tests: jest.fn().mockResolvedValue(cancelled)
    });
    await model.run(MODULE, nothing);
    await model.cancel(MODULE);
    expect(model.state(MODULE)).toEqual({
      run: cancelled,
      error: null,
      requesting: false,
      revealed: null,
      history: []
    });
  });

  it('is deaf once disposed', async () => {
    create({
      runTests: jest.fn().mockResolvedValue(run({ rows: [row('a')] }))
    });
    await model.run(MODULE, nothing);
    model.dispose();
    events.emit(
      event({ row: row('a', { status: 'passed' }) }),
      TEST_RUN_SCHEMA
    );
    expect(statuses(model)).toEqual(['pending']);
  });
});
