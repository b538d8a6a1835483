import { PromiseDelegate } from '@lumino/coreutils';

import { SaveWatch } from '../src/notebook/saves';
import { Answers } from '../src/thinking/answers';
import { trans } from './fixtures';
import { cancelled, MemoryContext } from './notebookFixtures';

function answersIn(context: MemoryContext): Answers {
  return new Answers(context, new SaveWatch(context, trans));
}

describe('Answers', () => {
  let context: MemoryContext;
  let answers: Answers;

  beforeEach(() => {
    jest.useFakeTimers();
    // Every new cell is read once before it is part of its notebook, which Yjs warns of.
    jest.spyOn(console, 'warn').mockImplementation();
    context = new MemoryContext();
    answers = answersIn(context);
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

  it('saves what is pending when the notebook is left', async () => {
    answers.write('answer_1', 'In haste');
    answers.dispose();
    await jest.advanceTimersByTimeAsync(0);
    expect(context.saved).toEqual(['In haste']);
  });

  it('does not write a read-only notebook', () => {
    context.model.readOnly = true;
    answers.write('answer_1', 'No');
    expect(answers.readOnly).toBe(true);
    expect(context.source('r1')).toBe('YOUR ANSWER HERE');
  });

  it('leaves saving to the server where several people edit at once', async () => {
    const together = new MemoryContext(true);
    const theirs = answersIn(together);
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
    answers.write('answer_1', 'Because');
    await answers.save();
    expect(answers.saveState.kind).toBe('failed');
    context.model.dirty = false;
    context.model.dirty = true;
    expect(answers.saveState.kind).toBe('unsaved');
  });

  it('keeps the text when nobody chooses which version to keep, and saves again after the next keystroke', async () => {
    context.failure = cancelled();
    answers.write('answer_1', 'B');
    await jest.advanceTimersByTimeAsync(1100);
    expect(answers.saveState).toEqual({
      kind: 'failed',
      reason:
        'The notebook has changed on disk, and you have not chosen which version to keep.'
    });
    expect(answers.questions[0]?.answer).toBe('B');
    context.failure = null;
    answers.write('answer_1', 'Be');
    await jest.advanceTimersByTimeAsync(1100);
    expect(answers.saveState).toEqual({ kind: 'saved' });
    expect(context.saved).toEqual(['Be']);
  });

  it('does not wait for ever for a save of Jupyter’s own that was cancelled', async () => {
    context.cell('r1').updateSource(0, 0, 'From the notebook ');
    context.saveState.emit('started');
    expect(answers.saveState.kind).toBe('saving');
    answers.write('answer_1', 'B');
    await jest.advanceTimersByTimeAsync(11_000);
    expect(context.saved).toEqual(['B']);
    expect(answers.saveState.kind).toBe('saved');
  });

  it('is unsaved while something was written during the last save', async () => {
    const slowness = new PromiseDelegate<void>();
    context.slowness = slowness;
    answers.write('answer_1', 'B');
    await jest.advanceTimersByTimeAsync(1100);
    expect(answers.saveState.kind).toBe('saving');
    context.cell('r2').updateSource(0, 7, 'Just now');
    slowness.resolve();
    await jest.advanceTimersByTimeAsync(0);
    expect(answers.saveState.kind).toBe('unsaved');
  });

  it('saves what is held once the server answers, wherever it was written', async () => {
    answers.held = true;
    context.cell('r1').updateSource(0, 16, 'In the notebook');
    expect(answers.saveState.kind).toBe('held');
    answers.held = false;
    await jest.advanceTimersByTimeAsync(0);
    expect(context.saved).toEqual(['In the notebook']);
    expect(answers.saveState.kind).toBe('saved');
  });
});
