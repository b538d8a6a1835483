import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { TranslationBundle } from '@jupyterlab/translation';
import { PromiseDelegate } from '@lumino/coreutils';
import { type ISignal, Signal } from '@lumino/signaling';

/** A document's context, as far as saving it needs it. */
export type SavedContext = Pick<
  DocumentRegistry.IContext<DocumentRegistry.IModel>,
  | 'contentsModel'
  | 'fileChanged'
  | 'isDisposed'
  | 'model'
  | 'revert'
  | 'save'
  | 'saveState'
>;

/** Of a save of its own that ends with "Cancel" Jupyter tells only the start; no other should take as long as this. */
const LONGEST_SAVE_MS = 10_000;

/**
 * Saves a document, and knows whether it is being saved, by whomever.
 *
 * A save that overtakes another looks to Jupyter like a change made elsewhere, and it asks which version to keep.
 */
export class SaveWatch {
  constructor(
    private readonly _context: SavedContext,
    private readonly _trans: TranslationBundle
  ) {
    this._context.saveState.connect(this._onSaveState, this);
    this._context.fileChanged.connect(this._onFileChanged, this);
    this._context.model.contentChanged.connect(this._onContentChanged, this);
  }

  /** Emitted when a save began or ended. */
  get changed(): ISignal<this, void> {
    return this._changed;
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

  /** Write what is not on disk yet and may be written; rejects with a sentence where that fails. */
  save(): Promise<void> {
    return this._inTurn(() => this._save());
  }

  /** Read the document again; no save of ours comes between. */
  revert(): Promise<void> {
    return this._inTurn(() => this._context.revert());
  }

  private _inTurn(action: () => Promise<void>): Promise<void> {
    const done = this._last.then(action);
    this._last = done.catch(() => undefined);
    return done;
  }

  private async _save(): Promise<void> {
    if (this.isSaving) {
      await this.idle();
    }
    const { contentsModel, isDisposed, model } = this._context;
    if (isDisposed || !model.dirty || contentsModel?.writable === false) {
      return;
    }
    this._isOurs = true;
    this._begin();
    try {
      await this._context.save();
    } catch (error) {
      throw this._reason(error as Error);
    } finally {
      this._isOurs = false;
      this._end();
    }
  }

  /** Jupyter's own words for a question that was cancelled, or is open already, are no sentence. */
  private _reason(error: Error): Error {
    return ['ModalCancelError', 'ModalDuplicateError'].includes(error.name)
      ? new Error(
          this._trans.__(
            'The notebook has changed on disk, and you have not chosen which version to keep.'
          )
        )
      : error;
  }

  private _begin(): void {
    if (!this._running) {
      this._running = new PromiseDelegate();
      this._changed.emit();
    }
  }

  private _end(): void {
    if (this._running) {
      this._running.resolve();
      this._running = null;
      this._changed.emit();
    }
  }

  private _onSaveState(_: unknown, state: DocumentRegistry.SaveState): void {
    const { model } = this._context;
    if (state === 'started') {
      this._isOutdated = false;
    } else if (
      state === 'completed' &&
      this._isOutdated &&
      !model.collaborative
    ) {
      // Jupyter calls it clean after a save, whatever was typed while it lasted.
      model.dirty = true;
    }
    if (!this._isOurs) {
      this._follow(state);
    }
  }

  private _follow(state: DocumentRegistry.SaveState): void {
    clearTimeout(this._timer);
    if (state === 'started') {
      this._begin();
      this._timer = setTimeout(() => {
        this._end();
      }, LONGEST_SAVE_MS);
    } else {
      this._end();
    }
  }

  private _onContentChanged(): void {
    this._isOutdated = true;
  }

  private _onFileChanged(): void {
    // A save that wrote the file is told of in the same breath; this one has read it again, as the user chose.
    void Promise.resolve().then(() => {
      this._isOutdated = false;
    });
  }

  private readonly _changed = new Signal<this, void>(this);
  private _last: Promise<void> = Promise.resolve();
  private _running: PromiseDelegate<void> | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _isOurs = false;
  /** Whether the document has changed since the last save began. */
  private _isOutdated = false;
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
