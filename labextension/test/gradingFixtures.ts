import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';

import type {
  Mark,
  MarkingView,
  QueuedAnswer,
  Sample
} from '../src/api/courseTypes';
import type { DraftStorage } from '../src/grading/marking/drafts';

export const PLACE = { module: '01_tensor', response: 'r1', key: 'k1' };

export function mark(id: number, change: Partial<Mark> = {}): Mark {
  return {
    id,
    module: PLACE.module,
    student: '',
    response: PLACE.response,
    points: 7,
    level: 'GOOD',
    criteria: [],
    comment: '',
    author: 'me',
    at: '2026-01-02T12:00:00Z',
    answer: 'digest',
    seen: null,
    standing: true,
    ...change
  };
}

export function view(change: Partial<MarkingView> = {}): MarkingView {
  return {
    ...PLACE,
    question_html: '<p>Why?</p>',
    text: 'Because.',
    answer: 'digest',
    html: '<p>Because.</p>',
    words: 1,
    scheme: {
      total: 10,
      levels: [
        { label: 'EXCELLENT', low: 9, high: 10, criteria: ['measures'] },
        { label: 'GOOD', low: 6, high: 8, criteria: ['explains'] },
        { label: 'POOR', low: 0, high: 5, criteria: [] }
      ]
    },
    mark: null,
    outdated: false,
    history: [],
    flag: null,
    ...change
  };
}

export function queued(
  key: string,
  change: Partial<QueuedAnswer> = {}
): QueuedAnswer {
  return {
    key,
    state: 'to mark',
    points: null,
    author: '',
    flagged: false,
    conflict: false,
    ...change
  };
}

export function sample(id: number): Sample {
  return {
    id,
    html: '<p>Because.</p>',
    text: 'Because.',
    words: 1,
    given: 1,
    agreed: 1,
    reason: ''
  };
}

/** Answer a dialog with one of its buttons, or with Escape; returns what it said. */
export async function answerDialog(answer: string): Promise<string> {
  // To jsdom, JupyterLab's dialogs are hidden.
  const hidden = { hidden: true };
  const dialog = await screen.findByRole('dialog', hidden);
  if (answer === 'Escape') {
    await userEvent.keyboard('{Escape}');
  } else {
    await userEvent.click(
      within(dialog).getByRole('button', { name: answer, ...hidden })
    );
  }
  await waitFor(() => {
    expect(dialog).not.toBeInTheDocument();
  });
  return dialog.textContent;
}

/** What a browser keeps, in memory. */
export class MemoryStorage implements DraftStorage {
  readonly kept = new Map<string, string>();

  getItem(key: string): string | null {
    return this.kept.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.kept.set(key, value);
  }

  removeItem(key: string): void {
    this.kept.delete(key);
  }
}
