import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import type { ApiClient } from '../api/client';
import type {
  Assignment,
  AssignmentList,
  Feedback,
  OpenedModule,
  Receipt,
  SubmissionState
} from '../api/types';

/** What is being done to one module's notebook and the course right now. */
export type HandInTask = 'submit' | 'restore';

/** What is known of handing in one module; null until the server has said. */
export interface HandIn {
  readonly submission: SubmissionState | null;
  readonly receipts: readonly Receipt[] | null;
  readonly feedback: Feedback | null;
  /** Why the last request failed, or null. */
  readonly error: Error | null;
  /** What is being done, or null. */
  readonly task: HandInTask | null;
}

const UNKNOWN: HandIn = {
  submission: null,
  receipts: null,
  feedback: null,
  error: null,
  task: null
};

type Api = Pick<
  ApiClient,
  | 'assignments'
  | 'submission'
  | 'submissions'
  | 'submit'
  | 'restore'
  | 'feedback'
  | 'feedbackPage'
>;

/** What the course has set, what was handed in, and what came back. */
export class SubmissionsModel implements IDisposable {
  constructor(private readonly _api: Api) {
    this._poll = new Poll({
      name: 'tinytorch-lab:assignments',
      factory: () => this._load(),
      frequency: { interval: 300_000, backoff: true, max: 900_000 },
      standby: 'when-hidden'
    });
  }

  /** Emitted on any change of this model. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted with a sentence on what became of a notebook that waited until the course could be reached. */
  get news(): ISignal<this, string> {
    return this._news;
  }

  /** What the course has released, or had when it could last be reached; null until the first answer. */
  get assignments(): AssignmentList | null {
    return this._assignments;
  }

  /** Why the last look at the course failed, or null. */
  get error(): Error | null {
    return this._error;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    this._poll.dispose();
    Signal.clearData(this);
  }

  /** What the course has set of the module, if it has. */
  find(module: string): Assignment | undefined {
    return this._assignments?.assignments.find(
      assignment => assignment.module === module
    );
  }

  /** What is known of handing in the module. */
  handIn(module: string): HandIn {
    return this._handIns.get(module) ?? UNKNOWN;
  }

  /** Where the module's feedback is as a page of its own. */
  feedbackPage(module: string): string {
    return this._api.feedbackPage(module);
  }

  /** Ask the course again; a failure is kept in `error`. */
  async refresh(): Promise<void> {
    await this._load().catch(() => undefined);
  }

  /** Ask what would be handed in of the module, what was, and what came back. */
  async load(module: string): Promise<void> {
    await this._attempt(module, async () => {
      // What is in the workspace is known also while the course is away.
      this._set(module, { submission: await this._readiness(module) });
      const connected = this._assignments?.connected === true;
      const [receipts, feedback] = await Promise.all([
        connected ? this._api.submissions(module) : Promise.resolve(null),
        connected && this.find(module)?.state === 'returned'
          ? this._api.feedback(module)
          : Promise.resolve(null)
      ]);
      this._set(module, { receipts: receipts?.submissions ?? null, feedback });
    });
  }

  /** Hand in the module's notebook as saved; the receipt, or null when it failed, which is kept in the state. */
  async submit(module: string): Promise<Receipt | null> {
    return this._change('submit', module, () => this._api.submit(module));
  }

  /**
   * Put an earlier submission back as the module's notebook; null when it failed.
   *
   * Directly after that, `reread` has the open notebook read again: what is typed until then is lost.
   */
  async restore(
    module: string,
    receipt: string,
    reread: () => Promise<void>
  ): Promise<OpenedModule | null> {
    return this._change('restore', module, async () => {
      const opened = await this._api.restore(module, receipt);
      await reread();
      return opened;
    });
  }

  private async _readiness(module: string): Promise<SubmissionState> {
    try {
      return await this._api.submission(module);
    } catch (error) {
      this._set(module, { submission: null });
      throw error;
    }
  }

  private async _change<T>(
    task: HandInTask,
    module: string,
    request: () => Promise<T>
  ): Promise<T | null> {
    this._set(module, { task });
    try {
      const answer = await this._attempt(module, request);
      if (answer !== null) {
        await this.refresh();
        await this.load(module);
      }
      return answer;
    } finally {
      this._set(module, { task: null });
    }
  }

  private async _attempt<T>(
    module: string,
    request: () => Promise<T>
  ): Promise<T | null> {
    try {
      const answer = await request();
      this._set(module, { error: null });
      return answer;
    } catch (error) {
      this._set(module, { error: error as Error });
      return null;
    }
  }

  private async _load(): Promise<void> {
    const asked = ++this._asked;
    try {
      const answer = await this._api.assignments();
      if (asked >= this._shown) {
        this._shown = asked;
        this._assignments = answer;
        this._error = null;
      }
      answer.news.forEach(sentence => {
        this._news.emit(sentence);
      });
    } catch (error) {
      if (asked >= this._shown) {
        this._error = error as Error;
      }
      throw error;
    } finally {
      this._changed.emit();
    }
  }

  private _set(module: string, change: Partial<HandIn>): void {
    this._handIns.set(module, { ...this.handIn(module), ...change });
    this._changed.emit();
  }

  private readonly _poll: Poll<void>;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _news = new Signal<this, string>(this);
  private readonly _handIns = new Map<string, HandIn>();
  // Answers may overtake each other; an older question's answer never replaces a newer one's.
  private _asked = 0;
  private _shown = 0;
  private _assignments: AssignmentList | null = null;
  private _error: Error | null = null;
}
