import type { ISignal } from '@lumino/signaling';
import { useEffect, useReducer } from 'react';

/** Draw the component again whenever `signal` is emitted. */
export function useChanges(signal: ISignal<unknown, unknown>): void {
  const [, drawAgain] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const slot = (): void => {
      drawAgain();
    };
    signal.connect(slot);
    // What changed between drawing and connecting counts too.
    slot();
    return () => {
      signal.disconnect(slot);
    };
  }, [signal]);
}
