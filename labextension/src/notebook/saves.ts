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
