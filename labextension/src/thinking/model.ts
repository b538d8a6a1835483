import type { NotebookPanel } from '@jupyterlab/notebook';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { Notebooks } from '../notebook/notebooks';
import { Answers } from './answers';

/** The written answers of the current module, for as long as its notebook is open. */
export class ThinkingModel implements IDisposable {
  constructor(private readonly _notebooks: Notebooks) {
    this._notebooks.changed.connect(this._onNotebookChanged, this);
    this._onNotebookChanged();
  }

  /** Emitted when the answers are those of another notebook, or of none. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The answers in the open notebook of the current module, or null. */
  get answers(): Answers | null {
    return this._answers;
  }

  /** What renders the notebook's Markdown, or null while none is open. */
  get rendermime(): IRenderMimeRegistry | null {
    return this._panel?.content.rendermime ?? null;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this._answers?.dispose();
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  private _onNotebookChanged(): void {
    const { panel } = this._notebooks;
    if (panel !== this._panel) {
      this._panel = panel;
      this._answers?.dispose();
      this._answers = null;
      void this._bind(panel);
    }
    this._changed.emit();
  }

  private async _bind(panel: NotebookPanel | null): Promise<void> {
    await panel?.context.ready;
    if (panel && panel === this._panel && !panel.isDisposed) {
      this._answers = new Answers(panel.context);
      this._changed.emit();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private _panel: NotebookPanel | null = null;
  private _answers: Answers | null = null;
  private _isDisposed = false;
}
