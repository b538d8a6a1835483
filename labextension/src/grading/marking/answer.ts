import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import type { CourseClient, IAnswerPlace } from '../../api/courses';
import type { Mark, MarkingView } from '../../api/courseTypes';
import { type Draft, draftOf, type Drafts } from './drafts';
import { levelOf } from './points';

const AUTOSAVE_MS = 800;

/**
 * Whether what is seen is on the server; `incomplete`: there is a comment, but no points to save it with; `outdated`: what
 * was decided is about a former text.
 */
export type SaveState =
  | 'unmarked'
  | 'incomplete'
  | 'outdated'
  | 'unsaved'
  | 'saving'
  | 'saved'
  | 'conflict'
  | 'failed';

/** Two marks of which one has to stand. */
export interface Conflict {
  mine: Mark;
  theirs: Mark;
}

/** What marking one answer asks of the server. */
export type AnswerApi = Pick<
  CourseClient,
  'mark' | 'undo' | 'setFlag' | 'clearFlag'
>;

/** One answer in front of a grader: what is there, what the grader decides, and its way to the server. */
export class AnswerModel implements IDisposable {
  constructor(
    readonly place: IAnswerPlace,
    view: MarkingView,
    private readonly _api: AnswerApi,
    private readonly _drafts: Drafts,
    autosaveMs = AUTOSAVE_MS
  ) {
    this._view = view;
    this._autosave = new Debouncer(() => this.save(), autosaveMs);
    const kept = _drafts.read(place.key);
    this._draft = kept ?? draftOf(view.mark, view.answer);
    this._state = kept ? 'unsaved' : restingState(this._draft);
    this.restored = kept !== null;
    this._conflict = openConflict(view);
    if (this._conflict) {
      this._state = 'conflict';
    } else if (kept?.answer === view.answer) {
      this._keep({});
    } else if (kept) {
      this._state = 'outdated';
    }
  }

  /** Emitted on any change. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get view(): MarkingView {
    return this._view;
  }

  get draft(): Draft {
    return this._draft;
  }

  get state(): SaveState {
    return this._state;
  }

  /** Why the last request failed, or null. */
  get error(): Error | null {
    return this._error;
  }

  /** Two marks that wait for a decision, or null. */
  get conflict(): Conflict | null {
    return this._conflict;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** What is not saved stays a draft of this browser. */
  dispose(): void {
    this._isDisposed = true;
    this._autosave.dispose();
    Signal.clearData(this);
  }

  setPoints(points: number | null): void {
    const { total } = this._view.scheme;
    this._change({
      points: points === null ? null : Math.min(total, Math.max(0, points))
    });
  }

  setComment(comment: string): void {
    this._change({ comment });
  }

  /** Put a sentence from the bank after what is written. */
  addComment(text: string): void {
    const { comment } = this._draft;
    this.setComment(
      comment.trim() === '' ? text : `${comment.trim()}\n\n${text}`
    );
  }

  toggleCriterion(criterion: string): void {
    const { criteria } = this._draft;
    this._change({
      criteria: criteria.includes(criterion)
        ? criteria.filter(found => found !== criterion)
        : [...criteria, criterion]
    });
  }

  /** Save at once what is not saved; resolves when it is, or cannot be. */
  save(): Promise<void> {
    return this._inTurn(() => this._save());
  }

  /** Let one of two marks stand: it is given once more, in sight of the other. */
  async decide(choice: keyof Conflict): Promise<void> {
    if (!this._conflict) {
      return;
    }
    const chosen = this._conflict[choice];
    this._draft = {
      ...draftOf(chosen, this._view.answer),
      seen: this._conflict.theirs.id
    };
    this._decisions += 1;
    this._conflict = null;
    this._state = 'unsaved';
    await this.save();
  }

  /** Take back the mark that stands, or what is not saved where none does. */
  undo(): Promise<void> {
    const decisions = this._decisions;
    return this._inTurn(() => this._undo(decisions));
  }

  /** Ask for another look at the answer, or no longer. */
  async toggleFlag(note = ''): Promise<void> {
    const flagged = this._view.flag !== null;
    await this._attempt(async () => {
      await (flagged
        ? this._api.clearFlag(this.place)
        : this._api.setFlag(this.place, note));
      this._view = { ...this._view, flag: flagged ? null : note };
    });
  }

  private _change(part: Partial<Draft>): void {
    // Where two marks are in sight, what is changed now decides.
    const seen = this._conflict?.theirs.id ?? this._draft.seen;
    this._conflict = null;
    this._decisions += 1;
    this._keep({ ...part, seen, answer: this._view.answer });
    this._changed.emit();
  }

  /** Keep the draft in this browser until it is saved, which is soon where there are points. */
  private _keep(part: Partial<Draft>): void {
    this._draft = { ...this._draft, ...part };
    this._drafts.keep(this.place.key, this._draft);
    this._state = this._draft.points === null ? 'incomplete' : 'unsaved';
    if (this._state === 'unsaved' && !this._isDisposed) {
      void this._autosave.invoke();
    }
  }

  /** One request after the other: what the next one says depends on what the last one answered. */
  private _inTurn(request: () => Promise<void>): Promise<void> {
    this._last = this._last.then(request);
    return this._last;
  }

  private async _save(): Promise<void> {
    const draft = this._draft;
    const decisions = this._decisions;
    const { points } = draft;
    const isWaiting = this._state === 'unsaved' || this._state === 'failed';
    if (!isWaiting || points === null) {
      return;
    }
    this._state = 'saving';
    this._changed.emit();
    const body = {
      ...draft,
      points,
      criteria: [...draft.criteria],
      level: levelOf(this._view.scheme, points)?.label ?? ''
    };
    await this._attempt(async () => {
      const { mark, other } = await this._api.mark(this.place, body);
      this._take(decisions, mark, other);
    });
  }

  private _take(decisions: number, mark: Mark, other: Mark | null): void {
    const history = [...this._view.history, mark];
    this._view = {
      ...this._view,
      history,
      mark: other ?? mark,
      outdated: false
    };
    const seen = other ? this._draft.seen : mark.id;
    if (decisions === this._decisions) {
      // Both marks are on the server, whichever will stand.
      this._drafts.drop(this.place.key);
      this._draft = { ...this._draft, seen };
      this._state = 'saved';
    } else {
      this._keep({ seen });
    }
    if (other) {
      this._conflict = { mine: mark, theirs: other };
      this._state = 'conflict';
    }
  }

  private async _undo(decisions: number): Promise<void> {
    await this._attempt(async () => {
      const { mark } = this._view;
      if (mark !== null) {
        this._view = await this._api.undo(this.place, mark.id);
      }
      if (decisions === this._decisions) {
        this._rest();
      } else {
        this._keep({ seen: this._view.mark?.id ?? null });
      }
    });
  }

  /** Show what is on the server, and nothing else. */
  private _rest(): void {
    this._drafts.drop(this.place.key);
    this._draft = draftOf(this._view.mark, this._view.answer);
    this._conflict = openConflict(this._view);
    this._state = this._conflict ? 'conflict' : restingState(this._draft);
  }

  private async _attempt(request: () => Promise<void>): Promise<void> {
    try {
      await request();
      this._error = null;
    } catch (error) {
      this._error = error as Error;
      this._state = this._state === 'saving' ? 'failed' : this._state;
    }
    this._changed.emit();
  }

  /** Whether the draft is of an earlier visit. */
  readonly restored: boolean;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _autosave: Debouncer;
  private _view: MarkingView;
  private _draft: Draft;
  private _state: SaveState;
  private _conflict: Conflict | null;
  private _error: Error | null = null;
  private _last: Promise<void> = Promise.resolve();
  /** How often something was decided: what is decided during a request outlives its answer. */
  private _decisions = 0;
  private _isDisposed = false;
}

function restingState(draft: Draft): SaveState {
  return draft.points === null ? 'unmarked' : 'saved';
}

/** The conflict that an earlier visit, or another grader, left behind: the last mark does not stand. */
function openConflict(view: MarkingView): Conflict | null {
  const last = view.history.at(-1);
  return last && !last.standing && view.mark
    ? { mine: last, theirs: view.mark }
    : null;
}
