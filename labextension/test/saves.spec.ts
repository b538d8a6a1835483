import { Signal } from '@lumino/signaling';

import { SaveWatch } from '../src/notebook/saves';

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
