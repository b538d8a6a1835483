import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import type { CourseClient } from '../../api/courses';
import type { Job, JobBody, JobDetails } from '../../api/courseTypes';
import { Loadable } from '../loadable';

const QUICK = 500;

/** Whether a job has not come to its end. */
export function isOpen(job: Job): boolean {
  return job.finished_at === null;
}

/** The course's jobs, asked for again and again while one is at work: that works the same behind a hub. */
export class JobsModel implements IDisposable {
  constructor(private readonly _api: CourseClient) {
    this._list = new Loadable(() => this._api.jobs());
    this._list.changed.connect(this._onList, this);
    this._poll = new Poll({
      name: 'tinytorch-lab:jobs',
      auto: false,
      factory: () => this._look(),
      frequency: { interval: QUICK, backoff: true, max: 30_000 },
      standby: 'when-hidden'
    });
  }

  /** Emitted on any change. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted with every job that has just come to its end. */
  get finished(): ISignal<this, Job> {
    return this._finished;
  }

  /** The last jobs, the newest first; null before they are known. */
  get jobs(): readonly Job[] | null {
    return this._list.value;
  }

  /** Why the last request was refused, or else why the jobs cannot be seen, or null. */
  get error(): Error | null {
    return this._refusal ?? this._list.error;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    this._poll.dispose();
    this._list.dispose();
    Signal.clearData(this);
  }

  /** The job that is at work or waits for a module, if there is one. */
  openFor(module: string): Job | undefined {
    return this.jobs?.find(
      job => isOpen(job) && job.arguments.module === module
    );
  }

  /** Ask for the jobs; a failure is kept in `error`. */
  async refresh(): Promise<void> {
    this._refusal = null;
    await this._list.load();
  }

  /** Ask for work; returns the job, or null when it was refused, which is kept in `error`. */
  async request(body: JobBody): Promise<Job | null> {
    return this._ask(() => this._api.requestJob(body));
  }

  async cancel(id: number): Promise<Job | null> {
    return this._ask(() => this._api.cancelJob(id));
  }

  async retry(id: number): Promise<Job | null> {
    return this._ask(() => this._api.retryJob(id));
  }

  /** Store what the regrade with this number found. */
  async apply(id: number, students: string[] | null): Promise<Job | null> {
    return this._ask(() => this._api.applyRegrade(id, students));
  }

  details(id: number): Promise<JobDetails> {
    return this._api.job(id);
  }

  async log(id: number): Promise<string> {
    return (await this._api.jobLog(id)).text;
  }

  private async _ask(request: () => Promise<Job>): Promise<Job | null> {
    try {
      const job = await request();
      await this.refresh();
      return job;
    } catch (error) {
      this._refusal = error as Error;
      this._changed.emit();
      return null;
    }
  }

  private async _look(): Promise<void> {
    await this._list.load();
    if (this._list.error) {
      throw this._list.error;
    }
    if (this._open.size === 0) {
      await this._poll.stop();
    }
  }

  private _onList(): void {
    const jobs = this.jobs ?? [];
    const before = this._open;
    this._open = new Set(jobs.filter(isOpen).map(({ id }) => id));
    if (this._open.size > 0) {
      void this._poll.start();
    }
    for (const job of jobs) {
      if (before.has(job.id) && !isOpen(job)) {
        this._finished.emit(job);
      }
    }
    this._changed.emit();
  }

  private readonly _poll: Poll<void>;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _finished = new Signal<this, Job>(this);
  private readonly _list: Loadable<Job[]>;
  private _open: ReadonlySet<number> = new Set();
  private _refusal: Error | null = null;
}
