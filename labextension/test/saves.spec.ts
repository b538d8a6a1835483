import { PromiseDelegate } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';

import { SaveWatch, untilClean } from '../src/notebook/saves';
import { trans } from './fixtures';
import { cancelled, MemoryContext } from './notebookFixtures';

describe('SaveWatch', () => {
  let context: MemoryContext;
  let watch: SaveWatch;

  beforeEach(() => {
    jest.useFakeTimers();
    // Every new cell is read once before it is part of its notebook, which Yjs warns of.
    jest.spyOn(console, 'warn').mockImplementation();
    context = new MemoryContext();
    watch = new SaveWatch(context, trans);
  });

  afterEach(() => {
    context.model.dispose();
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  function type(text: string): void {
    context.cell('r1').setSource(text);
    context.model.dirty = true;
  }

  /** Whether the watch waits for no save any more. */
  function idleness(): { reached: boolean } {
    const idle = { reached: false };
    void watch.idle().then(() => {
      idle.reached = true;
    });
    return idle;
  }

  it('is idle once every save that was under way has ended', async () => {
    await watch.idle();
    context.saveState.emit('started');
    const idle = idleness();
    await jest.advanceTimersByTimeAsync(0);
    expect([watch.isSaving, idle.reached]).toEqual([true, false]);
    context.saveState.emit('failed');
    await jest.advanceTimersByTimeAsync(0);
    expect([watch.isSaving, idle.reached]).toEqual([false, true]);
  });

  it('does not wait for ever for a save of whose end Jupyter does not tell', async () => {
    const changes: boolean[] = [];
    watch.changed.connect(({ isSaving }) => changes.push(isSaving));
    context.saveState.emit('started');
    await jest.advanceTimersByTimeAsync(9000);
    context.saveState.emit('started');
    const idle = idleness();
    await jest.advanceTimersByTimeAsync(9000);
    expect(idle.reached).toBe(false);
    await jest.advanceTimersByTimeAsync(1000);
    expect(idle.reached).toBe(true);
    expect(changes).toEqual([true, false]);
  });

  it('waits for a save of its own for as long as it takes', async () => {
    const slowness = new PromiseDelegate<void>();
    context.slowness = slowness;
    type('One');
    const saving = watch.save();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(watch.isSaving).toBe(true);
    slowness.resolve();
    await saving;
    expect(watch.isSaving).toBe(false);
  });

  it('says so when nobody chooses which version to keep, and can save again', async () => {
    type('One');
    context.failure = cancelled();
    await expect(watch.save()).rejects.toThrow(
      'The notebook has changed on disk, and you have not chosen which version to keep.'
    );
    expect([watch.isSaving, context.model.dirty]).toEqual([false, true]);
    context.failure = null;
    await watch.save();
    expect(context.saved).toEqual(['One']);
  });

  it('passes on why a save failed', async () => {
    type('One');
    context.failure = new Error('No space left on device');
    await expect(watch.save()).rejects.toBe(context.failure);
    expect(watch.isSaving).toBe(false);
  });

  it('saves one after the other, and only what is not on disk', async () => {
    const slowness = new PromiseDelegate<void>();
    context.slowness = slowness;
    type('One');
    const saves = Promise.all([watch.save(), watch.save()]);
    await jest.advanceTimersByTimeAsync(0);
    type('Two');
    const last = watch.save();
    slowness.resolve();
    await saves;
    await last;
    expect(context.saved).toEqual(['One', 'Two']);
  });

  it('saves again what was typed while Jupyter saved', async () => {
    const slowness = new PromiseDelegate<void>();
    context.slowness = slowness;
    type('One');
    const theirs = context.save();
    type('Two');
    const ours = watch.save();
    slowness.resolve();
    await theirs;
    expect(context.model.dirty).toBe(true);
    await ours;
    expect(context.saved).toEqual(['One', 'Two']);
    expect(context.model.dirty).toBe(false);
  });

  it('has nothing to save where a save ended in reading the file again', async () => {
    type('One');
    context.saveState.emit('started');
    await context.revert();
    await jest.advanceTimersByTimeAsync(0);
    context.saveState.emit('completed');
    expect(context.model.dirty).toBe(false);
  });

  it('leaves it to the server what of a shared notebook is saved', () => {
    const together = new MemoryContext(true);
    new SaveWatch(together, trans);
    together.saveState.emit('started');
    together.cell('r1').setSource('Shared');
    together.model.dirty = false;
    together.saveState.emit('completed');
    expect(together.model.dirty).toBe(false);
    together.model.dispose();
  });

  it('does not save while the file is read again', async () => {
    type('One');
    const reading = watch.revert();
    type('Two');
    await Promise.all([reading, watch.save()]);
    expect(context.saved).toEqual([]);
  });

  it('does not save a notebook that was closed', async () => {
    type('One');
    context.isDisposed = true;
    await watch.save();
    expect(context.saved).toEqual([]);
  });
});

describe('untilClean', () => {
  function document(dirty: boolean) {
    const model = { dirty };
    const stateChanged = new Signal<never, never>(model as never);
    return Object.assign(model, { stateChanged });
  }

  it('does not wait for a document without changes', async () => {
    await untilClean(document(false), 60_000);
  });

  it('waits until somebody else has saved the changes', async () => {
    const model = document(true);
    let isSettled = false;
    const waiting = untilClean(model, 60_000).then(() => {
      isSettled = true;
    });
    model.stateChanged.emit(undefined as never);
    await new Promise(resolve => setTimeout(resolve));
    expect(isSettled).toBe(false);
    model.dirty = false;
    model.stateChanged.emit(undefined as never);
    await waiting;
  });

  it('gives up where nobody does', async () => {
    const model = document(true);
    await untilClean(model, 10);
    expect(model.dirty).toBe(true);
  });
});
