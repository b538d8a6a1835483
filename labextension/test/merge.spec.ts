import { applyEvent, mergeRun } from '../src/tests/merge';
import { shownRows, totals } from '../src/tests/rows';
import { event, row, run } from './fixtures';

describe('applyEvent', () => {
  it('replaces the row with the same grade id', () => {
    const before = run({ rows: [row('a'), row('b')] });
    const after = applyEvent(
      before,
      event({ row: row('b', { status: 'passed' }) })
    );
    expect(after.rows.map(({ status }) => status)).toEqual([
      'pending',
      'passed'
    ]);
  });

  it('gives the same result when it comes twice', () => {
    const before = run({ rows: [row('a')] });
    const passed = event({ row: row('a', { status: 'passed' }) });
    const once = applyEvent(before, passed);
    expect(applyEvent(once, passed)).toEqual(once);
  });

  it('does not turn an ended row back to running', () => {
    const before = run({ rows: [row('a', { status: 'failed' })] });
    const late = event({ row: row('a', { status: 'running' }) });
    expect(applyEvent(before, late).rows[0]?.status).toBe('failed');
  });

  it('does not bring an ended run back', () => {
    const done = run({ state: 'done', rows: [row('a')] });
    const late = event({ row: row('a', { status: 'passed' }) });
    expect(applyEvent(done, late)).toMatchObject({
      state: 'done',
      rows: [{ status: 'passed' }]
    });
  });
});

describe('mergeRun', () => {
  it('takes another run as it is', () => {
    const known = run({ rows: [row('a', { status: 'passed' })] });
    const answer = run({ run_id: 'second', rows: [row('a')] });
    expect(mergeRun(known, answer)).toBe(answer);
  });

  it('keeps rows that events have brought further than the answer', () => {
    const known = run({ rows: [row('a', { status: 'passed' }), row('b')] });
    const answer = run({ rows: [row('a'), row('b', { status: 'failed' })] });
    expect(mergeRun(known, answer).rows.map(({ status }) => status)).toEqual([
      'passed',
      'failed'
    ]);
  });

  it('keeps an ended run when an older answer says it is running', () => {
    const known = run({ state: 'done' });
    expect(mergeRun(known, run({ state: 'running' }))).toBe(known);
  });
});

describe('totals', () => {
  it('counts tests and points', () => {
    const rows = [
      row('a', { status: 'passed', points: 12 }),
      row('b', { status: 'failed', points: 8 }),
      row('c', { status: 'not_run', points: 5 })
    ];
    expect(totals(run({ rows }))).toEqual({
      passed: 1,
      failed: 1,
      total: 3,
      points: 12,
      maxPoints: 25
    });
  });
});

describe('shownRows', () => {
  it('shows the first waiting row of a running run as running', () => {
    const rows = [row('a', { status: 'passed' }), row('b'), row('c')];
    expect(shownRows(run({ rows })).map(({ status }) => status)).toEqual([
      'passed',
      'running',
      'pending'
    ]);
  });

  it('leaves the rows of an ended run alone', () => {
    const cancelled = run({ state: 'cancelled', rows: [row('a')] });
    expect(shownRows(cancelled)).toEqual(cancelled.rows);
  });
});
