import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { ApiClient } from '../api/client';
import type { PackageOverview } from '../api/types';
import type { ModulesModel } from '../modules/model';

/** The student's own package as the server last described it; asked for anew when the course has changed. */
export class PackageModel implements IDisposable {
  constructor(
    private readonly _api: Pick<ApiClient, 'package'>,
    private readonly _modules: Pick<ModulesModel, 'changed' | 'overview'>
  ) {}

  /** Emitted on any change of this model. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The package, or null until the first answer. */
  get overview(): PackageOverview | null {
    return this._overview;
  }

  /** Why the last look at the package failed, or null. */
  get error(): Error | null {
    return this._error;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  /** Look at the package now, and again whenever the course has changed. */
  watch(): void {
    if (!this._watching) {
      this._watching = true;
      this._modules.changed.connect(this._onModulesChanged, this);
      this._onModulesChanged();
    }
  }

  /** Ask the server for the package again; a failure is kept in `error`. */
  async refresh(): Promise<void> {
    const asked = ++this._asked;
    try {
      const overview = await this._api.package();
      if (asked !== this._asked) {
        return;
      }
      this._overview = overview;
      this._error = null;
    } catch (error) {
      if (asked !== this._asked) {
        return;
      }
      this._error = error as Error;
    }
    this._changed.emit();
  }

  private _onModulesChanged(): void {
    const { overview } = this._modules;
    if (overview !== null && overview !== this._seen) {
      this._seen = overview;
      void this.refresh();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private _overview: PackageOverview | null = null;
  private _error: Error | null = null;
  private _seen: ModulesModel['overview'] = null;
  private _asked = 0;
  private _watching = false;
  private _isDisposed = false;
}
