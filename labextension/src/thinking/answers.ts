import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookModel } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import {
  gradeId,
  isResponse,
  type SharedCell,
  type SharedNotebook
} from '../notebook/cells';
import type { SaveWatch } from '../notebook/saves';
import { readResponse, writeResponse } from './response';

/** One question with its answer as it stands in the notebook. */
export interface Question {
  /** The response cell's grade id. */
  readonly id: string;
  /** The question cell's Markdown. */
  readonly prompt: string;
  /** What has been written so far. */
  readonly answer: string;
}

/** Whether what is seen is on disk; `reason` says why it cannot be, `held` that the server does not answer. */
export type SaveState =
  | { readonly kind: 'saved' | 'saving' | 'unsaved' | 'held' }
  | { readonly kind: 'failed'; readonly reason: string | null };

/** The notebook's context, as far as answers need it. */
export type AnswersContext = Pick<
  DocumentRegistry.IContext<INotebookModel>,
  'contentsModel' | 'model' | 'saveState'
>;

const AUTOSAVE_MS = 1000;

/**
 * The written answers of one open notebook: read from its cells, written to its cells, saved shortly after.
 *
 * A notebook that several people edit at once is saved by the server, which alone knows what of it has arrived there.
 */
export class Answers implements IDisposable {
  constructor(
    private readonly _context: AnswersContext,
    private readonly _saves: SaveWatch,
    autosaveMs: number = AUTOSAVE_MS
  ) {
    this._autosave = new Debouncer(() => this.save(), autosaveMs);
    this._context.model.contentChanged.connect(this._readAgain, this);
    this._context.model.stateChanged.connect(this._onStateChanged, this);
    this._context.saveState.connect(this._onSaveState, this);
    this._saves.changed.connect(this._onSaving, this);
    this._questions = readQuestions(this._notebook);
  }

  /** Emitted when a question, an answer or the saved state changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The questions in the notebook's order. */
  get questions(): readonly Question[] {
    return this._questions;
  }

  /** Whether the notebook may not be written. */
  get readOnly(): boolean {
    return (
      this._context.model.readOnly ||
      this._context.contentsModel?.writable === false
    );
  }

  /** Whether saving waits until the server answers again. */
  get held(): boolean {
    return this._held;
  }

  set held(value: boolean) {
    if (value === this._held) {
      return;
    }
    this._held = value;
    if (!value && !this._context.model.collaborative) {
      void this.save();
    }
    this._changed.emit();
  }

  /** Whether what is seen is on disk. */
  get saveState(): SaveState {
    if (this._saves.isSaving) {
      return { kind: 'saving' };
    }
    if (!this._context.model.dirty) {
      return { kind: 'saved' };
    }
    if (this._held) {
      return { kind: 'held' };
    }
    return this._failure
      ? { kind: 'failed', reason: this._failure.reason }
      : { kind: 'unsaved' };
  }

  get isDisposed(): boolean {
    return this._autosave.isDisposed;
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._autosave.dispose();
    if (this._waiting && !this._held) {
      void this.save();
    }
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  /** Write an answer into its cell and save the notebook once the student pauses. */
  write(id: string, text: string): void {
    const cell = this._responses().find(other => gradeId(other) === id);
    if (!cell || this.readOnly) {
      return;
    }
    writeResponse(cell, text);
    if (this._context.model.collaborative) {
      return;
    }
    this._waiting = true;
    if (!this._held) {
      void this._autosave.invoke();
    }
  }

  /** Save the notebook now; a failure is kept in the saved state. */
  async save(): Promise<void> {
    this._waiting = false;
    try {
      await this._saves.save();
    } catch (error) {
      this._waiting = true;
      this._failure = { reason: (error as Error).message || null };
      this._changed.emit();
    }
  }

  private get _notebook(): SharedNotebook {
    return this._context.model.sharedModel;
  }

  private _responses(): SharedCell[] {
    return this._notebook.cells.filter(isResponse);
  }

  private _readAgain(): void {
    this._questions = readQuestions(this._notebook);
    this._changed.emit();
  }

  private _onStateChanged(): void {
    if (!this._context.model.dirty) {
      // Somebody has saved it, maybe the server by itself.
      this._failure = null;
    }
    this._changed.emit();
  }

  private _onSaving(): void {
    this._changed.emit();
  }

  private _onSaveState(_: unknown, state: DocumentRegistry.SaveState): void {
    if (state === 'failed') {
      this._failure = { reason: null };
    } else if (state === 'completed') {
      this._failure = null;
    }
    this._changed.emit();
  }

  private readonly _autosave: Debouncer;
  private readonly _changed = new Signal<this, void>(this);
  private _questions: readonly Question[];
  private _waiting = false;
  private _held = false;
  private _failure: { reason: string | null } | null = null;
}

function readQuestions(notebook: SharedNotebook): Question[] {
  return notebook.cells.flatMap((cell, index) => {
    if (!isResponse(cell)) {
      return [];
    }
    const before = notebook.cells[index - 1];
    const prompt =
      before?.cell_type === 'markdown' && !isResponse(before)
        ? before.getSource()
        : '';
    return [{ id: gradeId(cell), prompt, answer: readResponse(cell) }];
  });
}
