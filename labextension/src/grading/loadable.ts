import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

/** Something from the server: what came last, whether it is being asked for, and why it could not be had. */
export class Loadable<T> implements IDisposable {
  constructor(private readonly _ask: () => Promise<T>) {}

  /** Emitted on any change. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What came last, or null before anything did. */
  get value(): T | null {
    return this._value;
  }

  /** Why the last request failed, or null. */
  get error(): Error | null {
    return this._error;
  }

  get isLoading(): boolean {
    return this._isLoading;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  /** Ask the server; of several requests the last one counts. */
  async load(): Promise<void> {
    const asked = ++this._asked;
    this._isLoading = true;
    this._changed.emit();
    try {
      const value = await this._ask();
      if (asked === this._asked) {
        this.take(value);
      }
    } catch (error) {
      if (asked === this._asked) {
        this._error = error as Error;
      }
    } finally {
      if (asked === this._asked && !this._isDisposed) {
        this._isLoading = false;
        this._changed.emit();
      }
    }
  }

  /** Ask unless it is there, or being asked for. */
  async ensure(): Promise<void> {
    if (this._value === null && !this._isLoading) {
      await this.load();
    }
  }

  /** Take what another request answered. */
  take(value: T): void {
    this._value = value;
    this._error = null;
    this._changed.emit();
  }

  /** Do something else about it on the server; a failure is kept in `error`. */
  async attempt(request: () => Promise<void>): Promise<boolean> {
    try {
      await request();
      return true;
    } catch (error) {
      this._error = error as Error;
      this._changed.emit();
      return false;
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private _value: T | null = null;
  private _error: Error | null = null;
  private _isLoading = false;
  private _isDisposed = false;
  private _asked = 0;
}
