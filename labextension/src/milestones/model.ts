import type { Event } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import { type ApiClient, ApiError } from '../api/client';
import type { MilestoneEntry, MilestoneRunEvent } from '../api/types';
import type { ModulesModel } from '../modules/model';
import { canRun, furthest, isOver, isRunning, mergeEntry } from './merge';

/** The schema of the events the server emits while a milestone runs. */
export const MILESTONE_RUN_SCHEMA =
  'https://tinytorch-lab.org/events/milestone-run/v1';

/** The course's milestones and their runs, kept current by events, and by polling where events do not arrive. */
export class MilestonesModel implements IDisposable {
  constructor(
    private readonly _api: ApiClient,
    private readonly _events: Event.IManager | null,
    private readonly _modules: Pick<ModulesModel, 'changed' | 'overview'>
  ) {
    this._poll = new Poll({
      name: 'tinytorch-lab:milestones',
      auto: false,
      factory: () => this._pollRunning(),
      frequency: { interval: 1000, backoff: true, max: 30_000 },
      standby: 'when-hidden'
    });
    this._events?.stream.connect(this._onEvent, this);
    this._modules.changed.connect(this._onModulesChanged, this);
    this._onModulesChanged();
  }

  /** Emitted on any change of this model. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The milestones, or null until the first answer. */
  get entries(): readonly MilestoneEntry[] | null {
    return this._entries;
  }

  /** Why the last look at the milestones failed, or null. */
  get error(): Error | null {
    return this._error;
  }

  /** The first milestone that can be run and is not passed. */
  get next(): MilestoneEntry | undefined {
    return this._entries?.find(
      entry => canRun(entry) && entry.status !== 'passed'
    );
  }

  /** The milestone that runs, or the first of them. */
  get running(): MilestoneEntry | undefined {
    return this._entries?.find(isRunning);
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    this._poll.dispose();
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  /** The milestone with this number. */
  find(number: number): MilestoneEntry | undefined {
    return this._entries?.find(entry => entry.number === number);
  }

  /** Why the last request about the milestone failed, or null. */
  problem(number: number): Error | null {
    return this._problems.get(number) ?? null;
  }

  /** Whether a run or a cancellation has been asked for and not been answered yet. */
  isRequesting(number: number): boolean {
    return this._requesting.has(number);
  }

  /** The plot of the milestone's last run. */
  plot(number: number): Promise<Blob> {
    return this._api.milestonePlot(number);
  }

  /** Ask the server for all milestones; a failure is kept in `error`. */
  async refresh(): Promise<void> {
    const asked = ++this._asked;
    const epoch = this._epoch;
    try {
      const { milestones } = await this._api.milestones();
      if (asked !== this._asked) {
        return;
      }
      if (epoch !== this._epoch) {
        // Meanwhile a run was started, of which this answer may not know.
        await this.refresh();
        return;
      }
      this._entries = milestones.map(entry =>
        mergeEntry(this.find(entry.number), entry)
      );
      this._error = null;
      this._follow();
    } catch (error) {
      if (asked !== this._asked) {
        return;
      }
      this._error = error as Error;
    }
    this._changed.emit();
  }

  /** Run the milestone, or its longer run, on the package as exported; a failure is kept as its `problem`. */
  async run(number: number, full = false): Promise<void> {
    await this._request(number, () => this._api.runMilestone(number, full));
  }

  /** Stop the milestone's run; a failure is kept as its `problem`. */
  async cancel(number: number): Promise<void> {
    await this._request(number, () => this._api.cancelMilestone(number));
  }

  private async _request(
    number: number,
    request: () => Promise<MilestoneEntry>
  ): Promise<void> {
    this._requesting.add(number);
    this._problems.delete(number);
    this._changed.emit();
    try {
      const entry = await request();
      this._epoch++;
      this._take(entry);
    } catch (error) {
      this._problems.set(number, error as Error);
      if (error instanceof ApiError && error.kind === 'refused') {
        // The milestone stands differently from what is shown.
        void this.refresh();
      }
    } finally {
      this._requesting.delete(number);
      this._changed.emit();
    }
  }

  private async _ask(number: number): Promise<void> {
    const epoch = this._epoch;
    try {
      const entry = await this._api.milestone(number);
      // An answer to a question from before the present run was started tells of an older run.
      if (epoch === this._epoch) {
        this._problems.delete(number);
        this._take(entry);
      }
    } catch (error) {
      this._problems.set(number, error as Error);
      this._changed.emit();
      throw error;
    }
  }

  private async _pollRunning(): Promise<void> {
    const running = (this._entries ?? []).filter(isRunning);
    if (running.length === 0) {
      await this._poll.stop();
      return;
    }
    for (const { number } of running) {
      await this._ask(number);
    }
  }

  private _onModulesChanged(): void {
    const { overview } = this._modules;
    // What is exported may have changed with it.
    if (overview !== null && overview !== this._overview) {
      this._overview = overview;
      void this.refresh();
    }
  }

  private _onEvent(_: unknown, emission: Event.Emission): void {
    if (emission.schema_id !== MILESTONE_RUN_SCHEMA) {
      return;
    }
    const { number, run } = emission as unknown as MilestoneRunEvent;
    const entry = this.find(number);
    if (!entry) {
      return;
    }
    if (isOver(run)) {
      // Only the whole entry has the result; where it cannot be had, the poll asks again.
      this._ask(number).catch(() => undefined);
      return;
    }
    if (run.run_id !== entry.run.run_id) {
      this._epoch++;
      this._take({ ...entry, run });
    } else if (isRunning(entry)) {
      this._take({ ...entry, run: furthest(entry.run, run) });
    }
  }

  private _take(answer: MilestoneEntry): void {
    const entries = this._entries ?? [];
    this._entries = entries.map(entry =>
      entry.number === answer.number ? mergeEntry(entry, answer) : entry
    );
    this._follow();
    this._changed.emit();
  }

  private _follow(): void {
    if (this.running) {
      void this._poll.start();
    }
  }

  private readonly _poll: Poll<void>;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _problems = new Map<number, Error>();
  private readonly _requesting = new Set<number>();
  private _entries: readonly MilestoneEntry[] | null = null;
  private _error: Error | null = null;
  private _overview: ModulesModel['overview'] = null;
  private _asked = 0;
  private _epoch = 0;
}
