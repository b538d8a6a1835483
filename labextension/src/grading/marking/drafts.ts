import type { Mark } from '../../api/courseTypes';

/** What a grader has decided about an answer so far; `seen` is the mark that stood then, `answer` the text's digest. */
export interface Draft {
  points: number | null;
  criteria: readonly string[];
  comment: string;
  seen: number | null;
  answer: string;
}

/** Where drafts outlive the page. */
export type DraftStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** One grader's drafts in one course that are not saved yet: a tab that is closed in the middle of an answer loses nothing. */
export class Drafts {
  constructor(
    private readonly _storage: DraftStorage,
    private readonly _course: string,
    private readonly _grader: string
  ) {}

  read(key: string): Draft | null {
    const text = this._storage.getItem(this._place(key));
    return text === null ? null : (JSON.parse(text) as Draft);
  }

  keep(key: string, draft: Draft): void {
    this._storage.setItem(this._place(key), JSON.stringify(draft));
  }

  drop(key: string): void {
    this._storage.removeItem(this._place(key));
  }

  private _place(key: string): string {
    return `tinytorch-lab:draft:${this._course}:${this._grader}:${key}`;
  }
}

/** A draft about the text `answer` that says what a mark says, or nothing where there is none. */
export function draftOf(mark: Mark | null, answer: string): Draft {
  return {
    points: mark?.points ?? null,
    criteria: mark?.criteria ?? [],
    comment: mark?.comment ?? '',
    seen: mark?.id ?? null,
    answer
  };
}
