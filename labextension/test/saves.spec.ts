import { Signal } from '@lumino/signaling';

import { SaveWatch, untilClean } from '../src/notebook/saves';

describe('SaveWatch', () => {
  it('is idle once every save that was under way has ended', async () => {
    const context = {};
    const saveState = new Signal<never, 'started' | 'failed' | 'completed'>(
      context as never
    );
    const watch = new SaveWatch({ saveState });
    await watch.idle();
    saveState.emit('started');
    let isIdle = false;
    const waiting = watch.idle().then(() => {
      isIdle = true;
    });
    await Promise.resolve();
    expect([watch.isSaving, isIdle]).toEqual([true, false]);
    saveState.emit('failed');
    await waiting;
    expect([watch.isSaving, isIdle]).toEqual([false, true]);
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
