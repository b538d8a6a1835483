import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { CourseClient, IQuestionPlace } from '../../api/courses';
import type { MarkingView, QueuedAnswer } from '../../api/courseTypes';
import { type AnswerApi, AnswerModel, type Conflict } from './answer';
import type { Drafts } from './drafts';

/** Which answers are gone through. */
export type Filter = 'all' | 'to mark' | 'flagged' | 'conflict';

/** Where there was no answer to go to: after the present one, before it, or none to skip to. */
export type End = 'next' | 'previous' | 'skip';

/** What going through the answers asks of the server. */
export type SessionApi = AnswerApi & Pick<CourseClient, 'queue' | 'answer'>;

/** A grader's way through the answers to one question. The next one is fetched while this one is read. */
export class MarkingSession implements IDisposable {
  constructor(
    readonly place: IQuestionPlace,
    private readonly _me: string,
    private readonly _api: SessionApi,
    private readonly _drafts: Drafts
  ) {}

  /** Emitted when another answer is shown, or the list of answers changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted when a mark of the grader's met another that the grader had not seen. */
  get conflicted(): ISignal<this, AnswerModel> {
    return this._conflicted;
  }

  /** All answers to the question in the grader's order; null before they are known. */
  get queue(): readonly QueuedAnswer[] | null {
    return this._queue;
  }

  /** The answer in front of the grader, or null. */
  get answer(): AnswerModel | null {
    return this._answer;
  }

  /** Where the answer is in the queue; -1 when there is none. */
  get position(): number {
    const key = this._answer?.place.key;
    return this._queue?.findIndex(found => found.key === key) ?? -1;
  }

  /** The answers before the present one that nobody has marked. */
  get left(): readonly QueuedAnswer[] {
    const before = this._queue?.slice(0, Math.max(0, this.position)) ?? [];
    return before.filter(found => matches(found, 'to mark'));
  }

  /** In which direction the grader came to the end, until another answer is shown; or null. */
  get end(): End | null {
    return this._end;
  }

  get filter(): Filter {
    return this._filter;
  }

  /** Whether only the grader's own share is gone through. */
  get isShare(): boolean {
    return this._isShare;
  }

  /** Why the last request failed, or null. */
  get error(): Error | null {
    return this._error;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    void this._answer?.save();
    this._answer?.dispose();
    Signal.clearData(this);
  }

  /** Fetch the answers, and show the first one that waits. */
  async load(): Promise<void> {
    const load = ++this._loads;
    // Of several requests the last one counts.
    const isLast = (): boolean => load === this._loads;
    await this._attempt(async () => {
      const queue = await this._api.queue(this.place, this._isShare);
      if (isLast()) {
        await this._take(queue);
      }
    }, isLast);
  }

  setFilter(filter: Filter): void {
    this._filter = filter;
    this._end = null;
    this._changed.emit();
  }

  async setShare(isShare: boolean): Promise<void> {
    this._isShare = isShare;
    this._changed.emit();
    await this._answer?.save();
    await this.load();
  }

  /** Save, and show the next answer (or with -1 the one before) that the filter lets through. */
  async go(step: 1 | -1): Promise<void> {
    const target = this._neighbour(step, found => matches(found, this._filter));
    await this._goTo(target, step === 1 ? 'next' : 'previous');
  }

  /** Leave the answer for later, and show the next one that nobody has marked, from the first one on after the last. */
  async skip(): Promise<void> {
    const after = this._neighbour(1, found => matches(found, 'to mark'));
    await this._goTo(after ?? this.left[0]?.key, 'skip');
  }

  private async _take(queue: readonly QueuedAnswer[]): Promise<void> {
    this._queue = queue;
    this._ahead.clear();
    const first = queue.find(({ state }) => state === 'to mark') ?? queue[0];
    if (first) {
      await this._show(first.key);
    } else {
      this._leave();
    }
  }

  private async _goTo(key: string | undefined, end: End): Promise<void> {
    if (key === undefined) {
      this._end = end;
      await this._answer?.save();
      this._changed.emit();
      return;
    }
    // The next answer need not wait for this one's way to the server.
    const left = this._answer;
    if (left) {
      this._leaving.set(left.place.key, left.save());
    }
    await this._attempt(() => this._show(key));
    if (left && left !== this._answer) {
      await this._leaving.get(left.place.key);
      this._tellFailed(left);
    }
  }

  private async _show(key: string): Promise<void> {
    const asked = ++this._asked;
    const view = await (this._ahead.get(key) ?? this._fetch(key));
    this._ahead.delete(key);
    if (asked !== this._asked || this._isDisposed) {
      return;
    }
    const place = { ...this.place, key };
    this._answer = new AnswerModel(place, view, this._api, this._drafts);
    this._answer.changed.connect(this._onAnswer, this);
    this._end = null;
    this._changed.emit();
    this._fetchAhead();
  }

  private _leave(): void {
    this._answer?.dispose();
    this._answer = null;
    this._end = null;
  }

  private async _fetch(key: string): Promise<MarkingView> {
    // Whoever comes back to an answer finds the mark that was on its way.
    await this._leaving.get(key);
    return this._api.answer({ ...this.place, key });
  }

  private _fetchAhead(): void {
    const next = this._neighbour(1, found => matches(found, this._filter));
    if (next !== undefined && !this._ahead.has(next)) {
      const fetched = this._fetch(next);
      this._ahead.set(next, fetched);
      // A failure is told when the answer is really wanted.
      fetched.catch(() => this._ahead.delete(next));
    }
  }

  private _neighbour(
    step: 1 | -1,
    wanted: (answer: QueuedAnswer) => boolean
  ): string | undefined {
    const queue = this._queue ?? [];
    for (let at = this.position + step; at >= 0; at += step) {
      const found = queue[at];
      if (!found) {
        break;
      }
      if (wanted(found)) {
        return found.key;
      }
    }
    return undefined;
  }

  /** Keep the list in step with what was done to an answer. */
  private _onAnswer(answer: AnswerModel): void {
    const { mark, flag } = answer.view;
    if (answer !== this._answer) {
      // Fetched ahead before this change, it would be shown without it.
      this._ahead.delete(answer.place.key);
    }
    this._queue =
      this._queue?.map(found =>
        found.key === answer.place.key
          ? {
              ...found,
              state: mark ? 'marked' : 'to mark',
              points: mark?.points ?? null,
              author: mark?.author ?? '',
              flagged: flag !== null,
              conflict: answer.conflict !== null
            }
          : found
      ) ?? null;
    const { conflict } = answer;
    if (conflict?.mine.author === this._me && conflict !== this._told) {
      this._told = conflict;
      this._conflicted.emit(answer);
    }
    this._changed.emit();
  }

  /** An answer that was left and could not be saved is told of, and stays a draft. */
  private _tellFailed(left: AnswerModel): void {
    if (left.state === 'failed') {
      this._error = left.error;
      this._changed.emit();
    }
    if (left.conflict === null) {
      left.dispose();
    }
  }

  private async _attempt(
    request: () => Promise<void>,
    isWanted: () => boolean = () => true
  ): Promise<void> {
    let failure: Error | null = null;
    try {
      await request();
    } catch (error) {
      failure = error as Error;
    }
    if (isWanted()) {
      this._error = failure;
      this._changed.emit();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _conflicted = new Signal<this, AnswerModel>(this);
  private readonly _ahead = new Map<string, Promise<MarkingView>>();
  private readonly _leaving = new Map<string, Promise<void>>();
  private _queue: readonly QueuedAnswer[] | null = null;
  private _answer: AnswerModel | null = null;
  private _filter: Filter = 'all';
  private _isShare = false;
  private _error: Error | null = null;
  private _told: Conflict | null = null;
  private _end: End | null = null;
  private _asked = 0;
  private _loads = 0;
  private _isDisposed = false;
}

function matches(answer: QueuedAnswer, filter: Filter): boolean {
  switch (filter) {
    case 'all':
      return true;
    case 'to mark':
      return answer.state === 'to mark';
    case 'flagged':
      return answer.flagged;
    case 'conflict':
      return answer.conflict;
  }
}
