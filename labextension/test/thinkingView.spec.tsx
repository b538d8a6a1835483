import {
  type IRenderMimeRegistry,
  RenderMimeRegistry,
  standardRendererFactories
} from '@jupyterlab/rendermime';
import { Signal } from '@lumino/signaling';
import { act, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { axe } from 'jest-axe';
import React from 'react';

import type { TestRun } from '../src/api/types';
import { CommandIDs } from '../src/commands';
import type { Notebooks } from '../src/notebook/notebooks';
import type { Answers, Question, SaveState } from '../src/thinking/answers';
import type { ThinkingModel } from '../src/thinking/model';
import { ThinkingView } from '../src/thinking/ThinkingView';
import { course, entry, row, run, trans } from './fixtures';
import { recordingCommands } from './viewFixtures';

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

  const UNKNOWN = {
    error: null,
    requesting: false,
    revealed: null,
    history: []
  };

  function show(
    answers: FakeAnswers | null,
    panel: unknown = {},
    latest: TestRun | null = null
  ) {
    const rendermime: IRenderMimeRegistry = new RenderMimeRegistry({
      initialFactories: standardRendererFactories
    });
    const { commands, calls } = recordingCommands();
    const notebooks = {
      current: entry('01_tensor', {
        status: 'in_progress',
        path: 'modules/01_tensor/01_tensor.ipynb'
      }),
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
        tests={{ state: () => ({ ...UNKNOWN, run: latest }) }}
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
    [
      { kind: 'held' },
      'Not saved yet: the server does not answer. Your text is kept here and saved as soon as it does; leave this page open.'
    ],
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

  it('shows the answer as it will look', async () => {
    const answers = new FakeAnswers();
    answers.write('q', 'It is **row-major**.');
    const { container } = show(answers);
    await userEvent.click(
      screen.getByRole('button', { name: 'Preview answer 1' })
    );
    const preview = screen.getByRole('region');
    expect(
      await within(preview).findByText('It is **row-major**.')
    ).toBeInTheDocument();
    expect(await axe(container)).toHaveNoViolations();
    await userEvent.click(
      screen.getByRole('button', { name: 'Preview answer 1' })
    );
    expect(screen.queryByRole('region')).toBeNull();
  });

  it('writes a measured figure where the cursor is', async () => {
    const answers = new FakeAnswers();
    answers.write('q', 'I saw  today.');
    const passed = row('matmul', { status: 'passed', seconds: 0.03 });
    const panel = { content: { model: { sharedModel: { cells: [] } } } };
    show(answers, panel, run({ rows: [passed] }));
    const box = screen.getByLabelText<HTMLTextAreaElement>(
      'Your answer to question 1'
    );
    box.setSelectionRange(6, 6);
    await userEvent.click(
      screen.getByRole('button', {
        name: 'Insert my measurement into answer 1'
      })
    );
    await userEvent.click(
      screen.getByRole('button', { name: 'Matmul: 30 ms' })
    );
    expect(box).toHaveValue('I saw Matmul: 30 ms today.');
    expect(box).toHaveFocus();
    expect(box.selectionStart).toBe('I saw Matmul: 30 ms'.length);
  });

  it('keeps the cursor where it is in the text while others write', () => {
    const answers = new FakeAnswers();
    answers.write('q', 'It is fast.');
    show(answers);
    const box = screen.getByLabelText<HTMLTextAreaElement>(
      'Your answer to question 1'
    );
    const selection = () => [box.selectionStart, box.selectionEnd];
    box.setSelectionRange(6, 10);
    act(() => {
      answers.write('q', 'It is fast. On my laptop.');
    });
    expect(selection()).toEqual([6, 10]);
    act(() => {
      answers.write('q', 'I think: It is fast. On my laptop.');
    });
    expect(selection()).toEqual([15, 19]);
    act(() => {
      answers.write('q', 'I think: On my laptop.');
    });
    expect(selection()).toEqual([9, 9]);
  });

  it('says when nothing is measured yet', async () => {
    const panel = { content: { model: { sharedModel: { cells: [] } } } };
    show(new FakeAnswers(), panel);
    await userEvent.click(
      screen.getByRole('button', {
        name: 'Insert my measurement into answer 1'
      })
    );
    expect(screen.getByText(/Nothing is measured yet/)).toBeInTheDocument();
  });
});
