import { PromiseDelegate } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import type { ApiClient, ApiError } from '../api/client';
import type {
  CourseOverview,
  ExportReport,
  ModuleEntry,
  OpenedModule
} from '../api/types';

/** What is being done to a module right now. */
export type ModuleTask = 'start' | 'reset' | 'export';

/** The course as the server last described it, and what is being done to it. */
export class ModulesModel implements IDisposable {
  constructor(private readonly _api: ApiClient) {
    // The page refreshes after every action of its own; polling is for changes from elsewhere (a terminal, a tab).
    this._poll = new Poll({
      name: 'tinytorch-lab:course',
      factory: () => this._load(),
      frequency: { interval: 60_000, backoff: true, max: 300_000 },
      standby: 'when-hidden'
    });
    this._reconnect = new Poll({
      name: 'tinytorch-lab:reconnect',
      auto: false,
      factory: () => this._load(),
      frequency: { interval: 3000, backoff: true, max: 30_000 },
      standby: 'when-hidden'
    });
  }

  /** Emitted on any change of this model. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted when the server answers again after it did not. */
  get reconnected(): ISignal<this, void> {
    return this._reconnected;
  }

  /** Whether the server did not answer when it was last asked. */
  get isUnreachable(): boolean {
    return this._error?.kind === 'unreachable';
  }

  /** Settled once the server has described the course for the first time. */
  get ready(): Promise<void> {
    return this._ready.promise;
  }

  /** The course, or null until the first answer. */
  get overview(): CourseOverview | null {
    return this._overview;
  }

  /** Why the last look at the course failed, or null. */
  get error(): ApiError | null {
    return this._error;
  }

  /** What the last export did, until dismissed. */
  get report(): ExportReport | null {
    return this._report;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    this._poll.dispose();
    this._reconnect.dispose();
    Signal.clearData(this);
  }

  /** The module called `name`. */
  find(name: string): ModuleEntry | undefined {
    return this._overview?.modules.find(entry => entry.name === name);
  }

  /** The module whose notebook is at `path`. */
  findByPath(path: string): ModuleEntry | undefined {
    return this._overview?.modules.find(entry => entry.path === path);
  }

  /** The first module that can be started and has not been. */
  get next(): ModuleEntry | undefined {
    return this._overview?.modules.find(
      entry => entry.status === 'not_started'
    );
  }

  /** The module to go on with: the first that is begun and not passed, or else the next. */
  get open(): ModuleEntry | undefined {
    const begun = this._overview?.modules.find(
      entry => entry.status === 'in_progress'
    );
    return begun ?? this.next;
  }

  /** What is being done to the module called `name`, or null. */
  task(name: string): ModuleTask | null {
    return this._tasks.get(name) ?? this._tasks.get(WHOLE_COURSE) ?? null;
  }

  /** Ask the server for the course again; a failure is kept in `error`. */
  async refresh(): Promise<void> {
    try {
      await this._load();
    } catch {
      return;
    }
    await this._poll.start();
  }

  /** Make sure the module's notebook is in the workspace. */
  start(name: string): Promise<OpenedModule> {
    return this._perform('start', name, () => this._api.start(name));
  }

  /**
   * Replace the module's notebook, or its cell with this grade id, by a fresh one; the server keeps the present one.
   *
   * Directly after that, `reread` has the open notebook read again: what is typed until then is lost.
   */
  reset(
    name: string,
    reread: () => Promise<void>,
    cell?: string
  ): Promise<OpenedModule> {
    return this._perform('reset', name, async () => {
      const opened = await this._api.reset(name, cell);
      await reread();
      return opened;
    });
  }

  /** What the module is about, in Markdown. */
  async readme(name: string): Promise<string> {
    return (await this._api.readme(name)).markdown;
  }

  /** Export one module, or every started one, to the student's package. */
  async export(name: string | null): Promise<ExportReport> {
    const request = () =>
      name === null ? this._api.exportAll() : this._api.exportModule(name);
    const report = await this._perform('export', name ?? WHOLE_COURSE, request);
    this._report = report;
    this._changed.emit();
    return report;
  }

  /** Forget the last export's report. */
  dismissReport(): void {
    this._report = null;
    this._changed.emit();
  }

  private async _perform<T>(
    task: ModuleTask,
    name: string,
    request: () => Promise<T>
  ): Promise<T> {
    this._tasks.set(name, task);
    this._changed.emit();
    try {
      const answer = await request();
      await this.refresh();
      return answer;
    } finally {
      this._tasks.delete(name);
      this._changed.emit();
    }
  }

  private async _load(): Promise<void> {
    const asked = ++this._asked;
    try {
      const overview = await this._api.course();
      if (asked >= this._shown) {
        this._shown = asked;
        this._overview = overview;
        this._onAnswer();
      }
    } catch (error) {
      if (asked >= this._shown) {
        this._onFailure(error as ApiError);
      }
      throw error;
    } finally {
      this._changed.emit();
    }
  }

  private _onAnswer(): void {
    const wasUnreachable = this.isUnreachable;
    this._error = null;
    this._ready.resolve();
    void this._reconnect.stop();
    if (wasUnreachable) {
      this._reconnected.emit();
    }
  }

  private _onFailure(error: ApiError): void {
    const wasUnreachable = this.isUnreachable;
    this._error = error;
    if (error.kind === 'missing') {
      // Asking again cannot help before Jupyter is restarted.
      void this._poll.stop();
    } else if (this.isUnreachable && !wasUnreachable) {
      void this._reconnect.start();
    }
  }

  private readonly _ready = new PromiseDelegate<void>();
  private readonly _poll: Poll<void>;
  private readonly _reconnect: Poll<void>;
  private readonly _reconnected = new Signal<this, void>(this);
  private readonly _changed = new Signal<this, void>(this);
  private readonly _tasks = new Map<string, ModuleTask>();
  private _overview: CourseOverview | null = null;
  private _error: ApiError | null = null;
  private _report: ExportReport | null = null;
  // Answers may overtake each other; an older question's answer never replaces a newer one's.
  private _asked = 0;
  private _shown = 0;
}

const WHOLE_COURSE = '*';
