import {
  type IRenderMimeRegistry,
  RenderMimeRegistry,
  standardRendererFactories
} from '@jupyterlab/rendermime';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { act, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { axe } from 'jest-axe';
import React from 'react';

import { ApiError } from '../src/api/client';
import type { ModuleEntry, TestRun } from '../src/api/types';
import { CommandIDs } from '../src/commands';
import { ModulesModel } from '../src/modules/model';
import { ModulesView } from '../src/modules/ModulesView';
import type { Notebooks } from '../src/notebook/notebooks';
import { TestsModel } from '../src/tests/model';
import { TestsView } from '../src/tests/TestsView';
import type { Answers, Question, SaveState } from '../src/thinking/answers';
import type { ThinkingModel } from '../src/thinking/model';
import { ThinkingView } from '../src/thinking/ThinkingView';
import { course, entry, fakeApi, row, run, trans } from './fixtures';

/** The open notebooks as a test arranges them. */
class FakeNotebooks {
  readonly changed = new Signal<this, void>(this);
  readonly panel = null;
  readonly reveal = jest.fn().mockResolvedValue(undefined);
  constructor(readonly current: ModuleEntry | undefined) {}

  get asNotebooks(): Notebooks {
    return this as unknown as Notebooks;
  }
}

/** A registry in which every command is recorded. */
function recordingCommands(): { commands: CommandRegistry; calls: unknown[] } {
  const commands = new CommandRegistry();
  const calls: unknown[] = [];
  for (const id of Object.values(CommandIDs)) {
    commands.addCommand(id, { execute: args => calls.push([id, args.module]) });
  }
  return { commands, calls };
}

/** Let polls that are due ask and be answered. */
function settle(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, 10));
}

describe('ModulesView', () => {
  let model: ModulesModel;

  async function show(
    answers: Parameters<typeof fakeApi>[0],
    current?: ModuleEntry
  ) {
    model = new ModulesModel(
      fakeApi({ course: jest.fn().mockResolvedValue(course()), ...answers })
    );
    const { commands, calls } = recordingCommands();
    const notebooks = new FakeNotebooks(current);
    const view = render(
      <ModulesView
        model={model}
        notebooks={notebooks.asNotebooks}
        commands={commands}
        trans={trans}
      />
    );
    // The model's own first look, and the one asked for.
    await act(async () => {
      await model.refresh();
      await settle();
    });
    return { ...view, calls, notebooks };
  }

  afterEach(() => {
    model.dispose();
  });

  it('says in words how every module stands', async () => {
    const { container } = await show({});
    expect(screen.getByText('In progress: 4 of 9 tests')).toBeInTheDocument();
    expect(
      screen.getByText('Export is behind the notebook')
    ).toBeInTheDocument();
    expect(screen.getByText('Not started')).toBeInTheDocument();
    expect(screen.getByText('Not yet available')).toBeInTheDocument();
    expect(screen.getByText('0 of 3 modules passed')).toBeInTheDocument();
    expect(await axe(container)).toHaveNoViolations();
  });

  it('offers no action on a module that is not there', async () => {
    const { calls } = await show({});
    const title = screen.getByRole('button', { name: '03 layers' });
    expect(title).toHaveAttribute('aria-disabled', 'true');
    await userEvent.click(title);
    expect(calls).toEqual([]);
    expect(screen.queryByRole('button', { name: /Export 03/ })).toBeNull();
  });

  it('moves between modules by arrow keys and opens with Enter', async () => {
    const { calls } = await show({});
    await userEvent.tab();
    expect(
      screen.getByRole('button', { name: /01 tensor Open/ })
    ).toHaveFocus();
    await userEvent.keyboard('{ArrowDown}');
    expect(
      screen.getByRole('button', { name: /02 activations Start/ })
    ).toHaveFocus();
    await userEvent.keyboard('{Enter}{End}{ArrowDown}');
    expect(screen.getByRole('button', { name: '03 layers' })).toHaveFocus();
    await userEvent.keyboard('{Home}{ArrowUp}{Enter}');
    expect(calls).toEqual([
      [CommandIDs.startModule, '02_activations'],
      [CommandIDs.openModule, '01_tensor']
    ]);
  });

  it('reaches the actions of one module by Tab', async () => {
    const { calls } = await show({});
    await userEvent.tab();
    await userEvent.tab();
    await userEvent.keyboard('{Enter}');
    await userEvent.tab();
    await userEvent.tab();
    await userEvent.tab();
    expect(document.body).toHaveFocus();
    expect(calls).toEqual([[CommandIDs.runTests, '01_tensor']]);
  });

  it('starts no second action on a busy module', async () => {
    const { calls } = await show({
      exportModule: jest.fn(() => new Promise(() => undefined))
    });
    act(() => void model.export('01_tensor'));
    await userEvent.click(
      screen.getByRole('button', { name: 'Export 01 tensor' })
    );
    expect(screen.getByText('Exporting…')).toBeInTheDocument();
    expect(calls).toEqual([]);
  });

  it('shows where an export failed and leads to the cell', async () => {
    const problem = {
      notebook: 'modules/01_tensor/01_tensor.ipynb',
      cell: 7,
      line: 2,
      message: 'The bracket is never closed.'
    };
    const { container, notebooks } = await show({
      exportModule: jest
        .fn()
        .mockResolvedValue({ written: [], unchanged: [], problems: [problem] })
    });
    await act(async () => {
      await model.export('01_tensor');
    });
    const alert = screen.getByRole('alert');
    expect(alert).toHaveTextContent('The bracket is never closed.');
    await userEvent.click(
      within(alert).getByRole('button', {
        name: '01_tensor.ipynb, cell 7, line 2'
      })
    );
    const [module, locate] = notebooks.reveal.mock.calls[0] as [
      string,
      () => number
    ];
    expect([module, locate()]).toEqual(['01_tensor', 6]);
    expect(await axe(container)).toHaveNoViolations();
    await userEvent.click(screen.getByRole('button', { name: 'Dismiss' }));
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('says when the server is of another version', async () => {
    await show({
      course: jest.fn().mockResolvedValue(course({ version: '9.9.9' }))
    });
    expect(screen.getByRole('alert')).toHaveTextContent('the server 9.9.9');
  });

  it('says what is wrong when the course cannot be had, and tries again', async () => {
    const asked = jest
      .fn()
      .mockRejectedValue(new ApiError('missing', 'The extension is missing.'));
    const { container } = await show({ course: asked });
    expect(screen.getByRole('alert')).toHaveTextContent(
      'The extension is missing.'
    );
    expect(await axe(container)).toHaveNoViolations();
    asked.mockResolvedValue(course());
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText('01 tensor')).toBeInTheDocument();
    await act(settle);
    expect(screen.queryByRole('alert')).toBeNull();
  });
});

describe('TestsView', () => {
  let model: TestsModel;

  async function show(latest: TestRun | Error, current = true) {
    const tests =
      latest instanceof Error
        ? jest.fn().mockRejectedValue(latest)
        : jest.fn().mockResolvedValue(latest);
    model = new TestsModel(fakeApi({ tests }), null);
    const { commands, calls } = recordingCommands();
    const notebooks = new FakeNotebooks(
      current ? entry('01_tensor', { status: 'in_progress' }) : undefined
    );
    const view = render(
      <TestsView
        model={model}
        notebooks={notebooks.asNotebooks}
        commands={commands}
        trans={trans}
      />
    );
    await act(async () => {
      await Promise.resolve();
    });
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
    await userEvent.click(screen.getByRole('button', { name: /Matmul/ }));
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
});

describe('ThinkingView', () => {
  /** Answers as a view sees them. */
  class FakeAnswers {
    readonly changed = new Signal<this, void>(this);
    readOnly = false;
    saveState: SaveState = { kind: 'saved' };
    questions: Question[] = [
      { id: 'q', prompt: '### Question 1\n\n*Why?*', answer: '' }
    ];

    write(id: string, text: string): void {
      this.questions = this.questions.map(question =>
        question.id === id ? { ...question, answer: text } : question
      );
      this.changed.emit();
    }
  }

  function show(answers: FakeAnswers | null, panel: unknown = {}) {
    const rendermime: IRenderMimeRegistry = new RenderMimeRegistry({
      initialFactories: standardRendererFactories
    });
    const { commands, calls } = recordingCommands();
    const notebooks = {
      current: entry('01_tensor', { status: 'in_progress' }),
      panel
    };
    const model = {
      answers: answers as unknown as Answers,
      rendermime
    } as ThinkingModel;
    Object.assign(model, { changed: new Signal(model) });
    const view = render(
      <ThinkingView
        model={model}
        modules={{ overview: course() }}
        notebooks={notebooks as unknown as Notebooks}
        commands={commands}
        trans={trans}
      />
    );
    return { ...view, calls };
  }

  it('offers to open a notebook that is closed', async () => {
    const { calls } = show(null, null);
    await userEvent.click(
      screen.getByRole('button', { name: 'Open 01_tensor' })
    );
    expect(calls).toEqual([[CommandIDs.openModule, '01_tensor']]);
  });

  it('counts while it is written', async () => {
    const answers = new FakeAnswers();
    const { container } = show(answers);
    const box = screen.getByLabelText('Your answer to question 1');
    expect(screen.getByText('Not answered yet')).toBeInTheDocument();
    await userEvent.type(box, 'two words');
    expect(screen.getByText('2 words: 148 short of 150')).toBeInTheDocument();
    expect(box).toHaveValue('two words');
    act(() => {
      answers.write('q', 'word '.repeat(200));
    });
    expect(screen.getByText('200 words: a good length')).toBeInTheDocument();
    act(() => {
      answers.write('q', 'word '.repeat(312));
    });
    expect(screen.getByText('312 words: 12 over 300')).toBeInTheDocument();
    expect(box).toHaveAccessibleDescription(/312 words: 12 over 300.*Saved/);
    expect(await axe(container)).toHaveNoViolations();
  });

  it.each<[SaveState, string]>([
    [{ kind: 'saved' }, 'Saved'],
    [{ kind: 'saving' }, 'Saving…'],
    [{ kind: 'unsaved' }, 'Unsaved changes'],
    [{ kind: 'failed', reason: 'disk full' }, 'Cannot save: disk full']
  ])('tells the saved state %j', (state, text) => {
    const answers = new FakeAnswers();
    answers.saveState = state;
    show(answers);
    expect(screen.getByText(text)).toBeInTheDocument();
  });

  it('says that a read-only notebook cannot be written', () => {
    const answers = new FakeAnswers();
    answers.readOnly = true;
    show(answers);
    expect(screen.getByRole('textbox')).toHaveAttribute('readonly');
    expect(screen.getByRole('alert')).toHaveTextContent('read-only');
  });
});
