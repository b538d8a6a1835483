import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { PromiseDelegate } from '@lumino/coreutils';

/**
 * Knows whether a document is being saved, by whomever.
 *
 * A save that overtakes another looks to Jupyter like a change made elsewhere, and it asks which version to keep.
 */
export class SaveWatch {
  constructor(
    context: Pick<
      DocumentRegistry.IContext<DocumentRegistry.IModel>,
      'saveState'
    >
  ) {
    context.saveState.connect((_, state) => {
      if (state === 'started') {
        this._running ??= new PromiseDelegate();
      } else {
        this._running?.resolve();
        this._running = null;
      }
    });
  }

  /** Whether a save is under way. */
  get isSaving(): boolean {
    return this._running !== null;
  }

  /** Settled once no save is under way. */
  async idle(): Promise<void> {
    while (this._running) {
      await this._running.promise;
    }
  }

  private _running: PromiseDelegate<void> | null = null;
}

/**
 * Settled once a document has no unsaved changes, or after `most` milliseconds.
 *
 * A shared document is saved by the server. A browser that asks for it just then has not heard of the new file yet, and
 * Jupyter takes it for a change made elsewhere.
 */
export async function untilClean(
  model: Pick<DocumentRegistry.IModel, 'dirty' | 'stateChanged'>,
  most: number
): Promise<void> {
  const settled = new PromiseDelegate<void>();
  const look = (): void => {
    if (!model.dirty) {
      settled.resolve();
    }
  };
  const timer = setTimeout(() => {
    settled.resolve();
  }, most);
  model.stateChanged.connect(look);
  look();
  await settled.promise;
  clearTimeout(timer);
  model.stateChanged.disconnect(look);
}
