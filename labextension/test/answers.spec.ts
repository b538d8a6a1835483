import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { type INotebookModel, NotebookModel } from '@jupyterlab/notebook';
import type { JSONObject } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';

import { Answers, type AnswersContext } from '../src/thinking/answers';

const GRADED = { grade: true, solution: true, locked: false, task: false };

/** A context around a real notebook, whose file is a variable. */
class MemoryContext implements AnswersContext {
  readonly model: INotebookModel;
  readonly contentsModel = null;
  readonly isDisposed = false;
  readonly saveState = new Signal<
    DocumentRegistry.IContext<INotebookModel>,
    DocumentRegistry.SaveState
  >(this as never);
  saved: string[] = [];
  failure: Error | null = null;

  constructor(collaborationEnabled = false) {
    this.model = new NotebookModel({ collaborationEnabled });
    this.model.sharedModel.insertCells(0, [
      markdown('# Module', 'title'),
      markdown('### Question 1\n\nWhy is it fast?', 'q1'),
      markdown('YOUR ANSWER HERE', 'r1', { ...GRADED, grade_id: 'answer_1' }),
      markdown('### Question 2', 'q2'),
      markdown('Already *written*', 'r2', { ...GRADED, grade_id: 'answer_2' })
    ]);
    this.model.dirty = false;
  }

  save(): Promise<void> {
    this.saveState.emit('started');
    if (this.failure) {
      this.saveState.emit('failed');
      return Promise.reject(this.failure);
    }
    this.saved.push(this.source('r1'));
    this.model.dirty = false;
    this.saveState.emit('completed');
    return Promise.resolve();
  }

  cell(id: string) {
    const cell = this.model.sharedModel.cells.find(
      other => other.getId() === id
    );
    if (!cell) {
      throw new Error(`no cell ${id}`);
    }
    return cell;
  }

  source(id: string): string {
    return this.cell(id).getSource();
  }
}

function markdown(source: string, id: string, nbgrader?: JSONObject) {
  return {
    cell_type: 'markdown' as const,
    id,
    source,
    metadata: nbgrader ? { nbgrader } : {}
  };
}

describe('Answers', () => {
  let context: MemoryContext;
  let answers: Answers;

  beforeEach(() => {
    jest.useFakeTimers();
    // Every new cell is read once before it is part of its notebook, which Yjs warns of.
    jest.spyOn(console, 'warn').mockImplementation();
    context = new MemoryContext();
    answers = new Answers(context);
  });

  afterEach(() => {
    answers.dispose();
    context.model.dispose();
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  it('pairs every response with the question before it', () => {
    expect(answers.questions).toEqual([
      {
        id: 'answer_1',
        prompt: '### Question 1\n\nWhy is it fast?',
        answer: ''
      },
      { id: 'answer_2', prompt: '### Question 2', answer: 'Already *written*' }
    ]);
  });

  it('replaces the stub by what is written, and restores it when emptied', () => {
    answers.write('answer_1', 'Because');
    expect(context.source('r1')).toBe('Because');
    expect(answers.questions[0]?.answer).toBe('Because');
    answers.write('answer_1', '  ');
    expect(context.source('r1')).toBe('YOUR ANSWER HERE');
    expect(answers.questions[0]?.answer).toBe('');
  });

  it('shows what is written in the notebook itself', () => {
    const changed = jest.fn();
    answers.changed.connect(() => {
      changed();
    });
    context.cell('r1').setSource('From the notebook');
    expect(answers.questions[0]?.answer).toBe('From the notebook');
    expect(changed).toHaveBeenCalled();
  });

  it('changes only the part of the cell that differs', () => {
    answers.write('answer_1', 'one two three');
    const deltas: unknown[] = [];
    context.cell('r1').changed.connect((_, change) => {
      deltas.push(change.sourceChange);
    });
    answers.write('answer_1', 'one twenty three');
    expect(deltas).toEqual([
      [{ retain: 6 }, { insert: 'enty' }, { delete: 1 }]
    ]);
  });

  it('follows cells that are added, moved and removed', () => {
    context.model.sharedModel.deleteCell(4);
    expect(answers.questions.map(({ id }) => id)).toEqual(['answer_1']);
    context.model.sharedModel.moveCell(2, 0);
    expect(answers.questions[0]?.prompt).toBe('');
  });

  it('saves once, a second after the last keystroke', async () => {
    answers.write('answer_1', 'B');
    await jest.advanceTimersByTimeAsync(700);
    answers.write('answer_1', 'Be');
    expect(answers.saveState.kind).toBe('unsaved');
    await jest.advanceTimersByTimeAsync(700);
    expect(context.saved).toEqual([]);
    await jest.advanceTimersByTimeAsync(400);
    expect(context.saved).toEqual(['Be']);
    expect(answers.saveState.kind).toBe('saved');
  });

  it('says why it cannot save, and saves again after the next keystroke', async () => {
    context.failure = new Error('No space left on device');
    answers.write('answer_1', 'B');
    await jest.advanceTimersByTimeAsync(1100);
    expect(answers.saveState).toEqual({
      kind: 'failed',
      reason: 'No space left on device'
    });
    context.failure = null;
    answers.write('answer_1', 'Be');
    await jest.advanceTimersByTimeAsync(1100);
    expect(answers.saveState).toEqual({ kind: 'saved' });
  });

  it('saves what is pending when the notebook is left', () => {
    answers.write('answer_1', 'In haste');
    answers.dispose();
    return Promise.resolve().then(() => {
      expect(context.saved).toEqual(['In haste']);
    });
  });

  it('does not write a read-only notebook', () => {
    context.model.readOnly = true;
    answers.write('answer_1', 'No');
    expect(answers.readOnly).toBe(true);
    expect(context.source('r1')).toBe('YOUR ANSWER HERE');
  });

  it('leaves saving to the server where several people edit at once', async () => {
    const together = new MemoryContext(true);
    const theirs = new Answers(together);
    theirs.write('answer_1', 'Because');
    await jest.advanceTimersByTimeAsync(5000);
    expect(theirs.saveState.kind).toBe('unsaved');
    theirs.held = true;
    expect(theirs.saveState.kind).toBe('held');
    together.model.dirty = false;
    expect(theirs.saveState.kind).toBe('saved');
    theirs.dispose();
    expect(together.saved).toEqual([]);
    together.model.dispose();
  });

  it('forgets a failure once somebody else has saved', async () => {
    context.failure = new Error('No space left on device');
    await answers.save();
    context.model.dirty = true;
    expect(answers.saveState.kind).toBe('failed');
    context.model.dirty = false;
    context.model.dirty = true;
    expect(answers.saveState.kind).toBe('unsaved');
  });
});
