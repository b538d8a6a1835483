import type { Event } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import type { ApiClient, ApiError } from '../api/client';
import type { PastRun, TestRun, TestRunEvent } from '../api/types';
import { applyEvent, isOver, mergeRun } from './merge';

/** The schema of the events the server emits while tests run. */
export const TEST_RUN_SCHEMA = 'https://tinytorch-lab.org/events/test-run/v1';

/** What is known of a module's tests. */
export interface TestsState {
  /** The last run, or null until the server has said. */
  readonly run: TestRun | null;
  /** Why the last request failed, or null. */
  readonly error: ApiError | Error | null;
  /** Whether a run or a cancellation has been asked for and not been answered yet. */
  readonly requesting: boolean;
  /** The grade id of the test whose row is to be brought into view, or null. */
  readonly revealed: string | null;
  /** How earlier runs went, the oldest first. */
  readonly history: readonly PastRun[];
}

const UNKNOWN: TestsState = {
  run: null,
  error: null,
  requesting: false,
  revealed: null,
  history: []
};

/** The runs of the modules' inline tests, kept current by events, and by polling where events do not arrive. */
export class TestsModel implements IDisposable {
  constructor(
    private readonly _api: ApiClient,
    private readonly _events: Event.IManager | null
  ) {
    this._poll = new Poll({
      name: 'tinytorch-lab:tests',
      auto: false,
      factory: () => this._pollRunning(),
      frequency: { interval: 1000, backoff: true, max: 30_000 },
      standby: 'when-hidden'
    });
    this._events?.stream.connect(this._onEvent, this);
  }

  /** Emitted with a module's name when anything about its tests changed. */
  get changed(): ISignal<this, string> {
    return this._changed;
  }

  /** Emitted with a run that has just ended. */
  get finished(): ISignal<this, TestRun> {
    return this._finished;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    this._events?.stream.disconnect(this._onEvent, this);
    this._poll.dispose();
    Signal.clearData(this);
  }

  /** What is known of the tests of `module`. */
  state(module: string): TestsState {
    return this._states.get(module) ?? UNKNOWN;
  }

  /** Whether the tests of `module` are running. */
  isRunning(module: string): boolean {
    return this.state(module).run?.state === 'running';
  }

  /** Whether the tests of `module` are running, or that has been asked for. */
  isBusy(module: string): boolean {
    return this.isRunning(module) || this.state(module).requesting;
  }

  /** Ask the server about the last run; a failure is kept in the state. */
  async load(module: string): Promise<void> {
    try {
      await this._ask(module);
      await this._loadHistory(module);
    } catch (error) {
      this._set(module, { error: error as ApiError });
    }
  }

  /**
   * Start the tests, or only the one with the grade id `test`; a failure is kept in the state.
   *
   * Before that, `prepare` brings the notebook to disk.
   */
  async run(
    module: string,
    prepare: () => Promise<void>,
    test?: string
  ): Promise<void> {
    this._set(module, { requesting: true, error: null });
    const early: TestRunEvent[] = [];
    this._early.set(module, early);
    try {
      await prepare();
      const run = await this._api.runTests(module, test);
      this._epoch++;
      this._take(module, run);
      for (const event of early) {
        this._onOwnEvent(event);
      }
    } catch (error) {
      this._set(module, { error: error as Error });
    } finally {
      this._early.delete(module);
      this._set(module, { requesting: false });
    }
  }

  /** Have the row of a test brought into view; null once that is done. */
  reveal(module: string, test: string | null): void {
    this._set(module, { revealed: test });
  }

  /** Stop the tests; a failure is kept in the state. */
  async cancel(module: string): Promise<void> {
    this._set(module, { requesting: true, error: null });
    try {
      this._take(module, await this._api.cancelTests(module));
    } catch (error) {
      this._set(module, { error: error as ApiError });
    } finally {
      this._set(module, { requesting: false });
    }
  }

  private async _ask(module: string): Promise<void> {
    const epoch = this._epoch;
    const run = await this._api.tests(module);
    // An answer to a question from before the present run was started tells of an older run.
    if (epoch === this._epoch) {
      this._take(module, run);
    }
  }

  private async _loadHistory(module: string): Promise<void> {
    const { runs } = await this._api.testHistory(module);
    this._set(module, { history: runs });
  }

  private async _pollRunning(): Promise<void> {
    const running = [...this._states.keys()].filter(module =>
      this.isRunning(module)
    );
    if (running.length === 0) {
      await this._poll.stop();
      return;
    }
    for (const module of running) {
      try {
        await this._ask(module);
      } catch (error) {
        this._set(module, { error: error as ApiError });
        throw error;
      }
    }
  }

  private _onEvent(_: unknown, emission: Event.Emission): void {
    if (emission.schema_id !== TEST_RUN_SCHEMA) {
      return;
    }
    const event = emission as unknown as TestRunEvent;
    const early = this._early.get(event.module);
    if (this.state(event.module).run?.run_id === event.run_id) {
      this._onOwnEvent(event);
    } else if (early) {
      early.push(event);
    } else {
      // Another page has started a run.
      void this.load(event.module);
    }
  }

  private _onOwnEvent(event: TestRunEvent): void {
    const { run } = this.state(event.module);
    if (run?.run_id !== event.run_id) {
      return;
    }
    this._take(event.module, applyEvent(run, event));
  }

  private _take(module: string, answer: TestRun): void {
    const known = this.state(module).run ?? undefined;
    const run = mergeRun(known, answer);
    this._set(module, { run, error: null });
    if (run.state === 'running') {
      void this._poll.start();
    } else if (isOver(run) && known?.state === 'running') {
      this._finished.emit(run);
      // Only the whole run has its duration, notices and reason.
      void this.load(module);
    }
  }

  private _set(module: string, change: Partial<TestsState>): void {
    this._states.set(module, { ...this.state(module), ...change });
    this._changed.emit(module);
  }

  private readonly _poll: Poll<void>;
  private readonly _changed = new Signal<this, string>(this);
  private readonly _finished = new Signal<this, TestRun>(this);
  private readonly _states = new Map<string, TestsState>();
  private readonly _early = new Map<string, TestRunEvent[]>();
  private _epoch = 0;
}
