import type { NotebookPanel } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import type { TestRow } from '../api/types';
import type { Notebooks } from '../notebook/notebooks';
import type { testChecksums } from './checksums';

const PAUSE_MS = 300;

/** Whether the results shown are still of the code in the open notebook of the current module. */
export class Staleness implements IDisposable {
  constructor(
    private readonly _notebooks: Pick<Notebooks, 'changed' | 'panel'>
  ) {
    this._compute = new Debouncer(() => {
      this._computeNow();
    }, PAUSE_MS);
    this._notebooks.changed.connect(this._onNotebookChanged, this);
    this._onNotebookChanged();
  }

  /** Emitted when a result may have become outdated, or current again. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._compute.isDisposed;
  }

  dispose(): void {
    this._compute.dispose();
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  /** Whether the code behind the result has changed since; of a closed notebook the server knows. */
  isStale(row: TestRow): boolean {
    if (row.status !== 'passed' && row.status !== 'failed') {
      return false;
    }
    const present = this._present;
    return present === null
      ? row.stale
      : present.get(row.grade_id) !== row.checksum;
  }

  /** Whether any of the results is, as the notebook is at this moment. */
  anyStale(rows: readonly TestRow[]): boolean {
    this._computeNow();
    return rows.some(row => this.isStale(row));
  }

  private _onNotebookChanged(): void {
    const { panel } = this._notebooks;
    if (panel === this._panel) {
      return;
    }
    this._panel?.context.model.contentChanged.disconnect(
      this._onContentChanged,
      this
    );
    this._panel = panel;
    this._present = null;
    void this._follow(panel);
  }

  private async _follow(panel: NotebookPanel | null): Promise<void> {
    this._testChecksums ??= (await import('./checksums')).testChecksums;
    await panel?.context.ready;
    if (panel && panel === this._panel && !panel.isDisposed) {
      panel.context.model.contentChanged.connect(this._onContentChanged, this);
      this._computeNow();
    }
  }

  private _onContentChanged(): void {
    void this._compute.invoke();
  }

  private _computeNow(): void {
    const panel = this._panel;
    if (panel && !panel.isDisposed && this._testChecksums) {
      this._present = this._testChecksums(panel.context.model.sharedModel);
      this._changed.emit();
    }
  }

  private readonly _compute: Debouncer;
  private readonly _changed = new Signal<this, void>(this);
  private _testChecksums: typeof testChecksums | null = null;
  private _panel: NotebookPanel | null = null;
  private _present: Map<string, string> | null = null;
}
