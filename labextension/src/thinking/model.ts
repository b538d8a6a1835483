import type { NotebookPanel } from '@jupyterlab/notebook';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { ModulesModel } from '../modules/model';
import type { Notebooks } from '../notebook/notebooks';
import type { Answers } from './answers';

/** The written answers of the current module, for as long as its notebook is open. */
export class ThinkingModel implements IDisposable {
  constructor(
    private readonly _notebooks: Pick<
      Notebooks,
      'changed' | 'panel' | 'savesOf'
    >,
    private readonly _modules: Pick<
      ModulesModel,
      'changed' | 'isUnreachable' | 'refresh'
    >
  ) {
    this._notebooks.changed.connect(this._onNotebookChanged, this);
    this._modules.changed.connect(this._onConnection, this);
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
    this._disposeLeft();
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  private _onNotebookChanged(): void {
    const { panel } = this._notebooks;
    if (panel !== this._panel) {
      this._panel = panel;
      this._leave();
      void this._bind(panel);
    }
    this._changed.emit();
  }

  private _leave(): void {
    if (this._answers?.saveState.kind === 'held') {
      this._left.add(this._answers);
    } else {
      this._answers?.dispose();
    }
    this._answers = null;
  }

  private _disposeLeft(): void {
    for (const answers of this._left) {
      answers.dispose();
    }
    this._left.clear();
  }

  private async _bind(panel: NotebookPanel | null): Promise<void> {
    const { Answers } = await import('./answers');
    await panel?.context.ready;
    if (panel && panel === this._panel && !panel.isDisposed) {
      this._answers = new Answers(
        panel.context,
        this._notebooks.savesOf(panel)
      );
      this._answers.changed.connect(this._onAnswersChanged, this);
      this._onConnection();
      this._changed.emit();
    }
  }

  private _onAnswersChanged(answers: Answers): void {
    const failed = answers.saveState.kind === 'failed';
    if (failed && !this._hasFailed) {
      // Ask once why: a server that does not answer is waited for.
      void this._modules.refresh();
    }
    this._hasFailed = failed;
  }

  private _onConnection(): void {
    const held = this._modules.isUnreachable;
    for (const answers of [...this._left, this._answers]) {
      if (answers) {
        answers.held = held;
      }
    }
    if (!held) {
      this._disposeLeft();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private _panel: NotebookPanel | null = null;
  private _answers: Answers | null = null;
  /** Those of other notebooks that wait until the server answers. */
  private readonly _left = new Set<Answers>();
  private _hasFailed = false;
  private _isDisposed = false;
}
