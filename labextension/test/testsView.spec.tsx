import { Signal } from '@lumino/signaling';
import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { axe } from 'jest-axe';
import React from 'react';

import { ApiError } from '../src/api/client';
import type { PastRun, TestRow, TestRun } from '../src/api/types';
import { CommandIDs } from '../src/commands';
import { TestsModel } from '../src/tests/model';
import type { Staleness } from '../src/tests/staleness';
import { TestsView } from '../src/tests/TestsView';
import { entry, fakeApi, row, run, trans } from './fixtures';
import { FakeNotebooks, recordingCommands, settle } from './viewFixtures';

describe('TestsView', () => {
  let model: TestsModel;
  const staleness = {
    changed: new Signal<Staleness, void>({} as Staleness),
    isStale: (row: TestRow) => row.stale
  };

  async function show(
    latest: TestRun | Error,
    current = true,
    runs: PastRun[] = [],
    path: string | null = 'modules/01_tensor/01_tensor.ipynb'
  ) {
    const tests =
      latest instanceof Error
        ? jest.fn().mockRejectedValue(latest)
        : jest.fn().mockResolvedValue(latest);
    model = new TestsModel(
      fakeApi({
        tests,
        testHistory: jest.fn().mockResolvedValue({ runs })
      }),
      null
    );
    const { commands, calls } = recordingCommands();
    const notebooks = new FakeNotebooks(
      current ? entry('01_tensor', { status: 'in_progress', path }) : undefined
    );
    const view = render(
      <TestsView
        model={model}
        staleness={staleness}
        notebooks={notebooks.asNotebooks}
        commands={commands}
        trans={trans}
      />
    );
    await act(settle);
    return { ...view, calls, notebooks, tests };
  }

  afterEach(() => {
    model.dispose();
  });

  it('says so when no module is open', async () => {
    await show(run(), false);
    expect(screen.getByText(/Open a module/)).toBeInTheDocument();
    expect(screen.queryByRole('button')).toBeNull();
  });

  it('runs tests that were never run', async () => {
    const { calls } = await show(run({ state: 'never' }));
    expect(screen.getByRole('status')).toHaveTextContent('not been run yet');
    await userEvent.click(screen.getByRole('button', { name: 'Run tests' }));
    expect(calls).toEqual([[CommandIDs.runTests, '01_tensor']]);
  });

  it('shows which test runs and offers to cancel', async () => {
    const { calls } = await show(
      run({ rows: [row('a', { status: 'passed' }), row('b'), row('c')] })
    );
    const items = screen.getAllByRole('listitem');
    expect(items[0]).toHaveTextContent('Passed');
    expect(items[1]).toHaveTextContent('Running');
    expect(items[2]).toHaveTextContent('Waiting');
    await userEvent.click(screen.getByRole('button', { name: 'Cancel' }));
    expect(calls).toEqual([[CommandIDs.cancelTests, '01_tensor']]);
  });

  it('shows what a passed test took beside the reference', async () => {
    await show(
      run({
        state: 'done',
        seconds: 1.25,
        rows: [
          row('matmul_shapes', {
            status: 'passed',
            seconds: 0.03,
            reference_seconds: 0.02,
            peak_bytes: 2_100_000,
            reference_peak_bytes: 1_000_000
          })
        ]
      })
    );
    expect(screen.getByText('Matmul shapes')).toBeInTheDocument();
    expect(screen.getByText('30 ms, 1.5× the reference')).toBeInTheDocument();
    expect(
      screen.getByText('2.1 MB peak, 2.1× the reference')
    ).toBeInTheDocument();
    expect(screen.getByRole('status')).toHaveTextContent(
      '1 of 1 passed, 10 of 10 points, in 1.3 s'
    );
  });

  it('shows why a test failed and leads to the cells', async () => {
    const failed = row('matmul', {
      status: 'failed',
      cell_id: 'test-cell',
      message:
        '\nNot equal to tolerance rtol=1e-07, atol=0\nmatmul: inner axes\nMismatched elements: 1 / 2 (50%)\n ACTUAL: array([1, 2])\n DESIRED: array([1, 3])',
      frames: [
        { cell: 'test-cell', line: 5, text: '  check(a @ b)' },
        { cell: 'own-cell', line: 12, text: '    return a * b' },
        { cell: 'numpy/testing/utils.py', line: 3, text: 'raise' }
      ],
      traceback: 'Traceback (most recent call last)'
    });
    const { container, notebooks } = await show(
      run({
        state: 'done',
        rows: [failed],
        notices: [{ cell_id: 'own-cell', line: 3, message: 'NameError: no np' }]
      })
    );
    expect(screen.getByText('matmul: inner axes')).toBeInTheDocument();
    expect(screen.getByText(/Mismatched elements/).tagName).toBe('PRE');
    expect(screen.getByText(/NameError: no np/)).toBeInTheDocument();
    expect(
      screen.getByRole('button', { name: 'Cell own-cell, line 3' })
    ).toBeInTheDocument();
    await userEvent.click(
      screen.getByRole('button', { name: 'Your cell, line 12' })
    );
    await userEvent.click(screen.getByRole('button', { name: /^Matmul/ }));
    const shared = {
      cells: ['other', 'own-cell', 'test-cell'].map(id => ({
        getId: () => id,
        getMetadata: () => undefined
      }))
    };
    const shown = notebooks.reveal.mock.calls.map(
      ([module, locate]: [string, (notebook: unknown) => number]) => [
        module,
        locate(shared)
      ]
    );
    expect(shown).toEqual([
      ['01_tensor', 1],
      ['01_tensor', 2]
    ]);
    expect(await axe(container)).toHaveNoViolations();
  });

  it.each([
    ['cancelled', '', 'Cancelled. 0 of 1 passed'],
    ['failed', 'The notebook cannot be read.', '0 of 1 passed']
  ] as const)('tells of a run that was %s', async (state, reason, text) => {
    await show(run({ state, reason, rows: [row('a', { status: 'not_run' })] }));
    expect(screen.getByRole('status')).toHaveTextContent(text);
    expect(screen.getByText('Not run')).toBeInTheDocument();
    expect(screen.queryByText(reason || 'nothing of the kind') !== null).toBe(
      reason !== ''
    );
  });

  it('says when the server cannot be reached, and tries again', async () => {
    const { tests } = await show(new ApiError('unreachable', 'No answer.'));
    expect(screen.getByRole('alert')).toHaveTextContent('No answer.');
    tests.mockResolvedValue(run({ state: 'never' }));
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('runs one test by itself', async () => {
    const { calls } = await show(
      run({ state: 'done', rows: [row('matmul', { status: 'failed' })] })
    );
    await userEvent.click(
      screen.getByRole('button', { name: 'Run Matmul by itself' })
    );
    expect(calls).toEqual([[CommandIDs.runTests, '01_tensor', 'matmul']]);
  });

  it('marks a result that is not of the present code', async () => {
    await show(
      run({
        state: 'done',
        rows: [row('a', { status: 'passed', stale: true }), row('b')]
      })
    );
    const [stale, current] = screen.getAllByRole('listitem');
    expect(stale).toHaveTextContent('Outdated');
    expect(current).not.toHaveTextContent('Outdated');
  });

  it('shows both sides of a mismatch', async () => {
    const { container } = await show(
      run({
        state: 'done',
        rows: [
          row('a', {
            status: 'failed',
            message: 'add(2, 2): expected 4, got 5',
            evidence: { expected: '4', actual: '5' }
          })
        ]
      })
    );
    expect(screen.getByText('add(2, 2)')).toBeInTheDocument();
    const terms = screen.getAllByRole('term').map(term => term.textContent);
    const values = screen.getAllByRole('definition');
    expect(terms).toEqual(['Expected', 'Yours']);
    expect(values.map(value => value.textContent)).toEqual(['4', '5']);
    expect(await axe(container)).toHaveNoViolations();
  });

  it('draws how runs went', async () => {
    const history = [2, 5, 9].map(passed => ({
      at: '2026-01-01T00:00:00Z',
      passed,
      total: 9,
      points: passed
    }));
    await show(run({ state: 'done', rows: [row('a')] }), true, history);
    expect(
      screen.getByRole('img', {
        name: 'The last 3 runs: from 2 of 9 tests passed to 9 of 9'
      })
    ).toBeInTheDocument();
  });

  it('says so when the notebook is gone', async () => {
    const { calls } = await show(run(), true, [], null);
    expect(screen.getByText(/was renamed or deleted/)).toBeInTheDocument();
    await userEvent.click(
      screen.getByRole('button', { name: 'Start 01 tensor again' })
    );
    expect(calls).toEqual([[CommandIDs.startModule, '01_tensor']]);
  });
});
