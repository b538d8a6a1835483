import type { SharedCell } from '../notebook/cells';

/** What a released response cell holds before anything has been written. */
export const ANSWER_STUB = 'YOUR ANSWER HERE';

/** The text a student has written in a response cell; the stub counts as nothing. */
export function readResponse(cell: SharedCell): string {
  const source = cell.getSource();
  return source.trim() === ANSWER_STUB ? '' : source;
}

/** Write `text` into a response cell; an emptied one gets the stub back, so that it is seen to be unanswered. */
export function writeResponse(cell: SharedCell, text: string): void {
  const next = text.trim() === '' ? ANSWER_STUB : text;
  const present = cell.getSource();
  if (next === present) {
    return;
  }
  // Only the part that differs is replaced: cursors of other editors of the cell stay in place.
  const { end, inserted, start } = change(present, next);
  cell.updateSource(start, end, inserted);
}

/** What turns one text into another: `inserted` in place of what stands from `start` to `end`. */
export interface Change {
  readonly start: number;
  readonly end: number;
  readonly inserted: string;
}

/** The smallest change that turns `present` into `next`. */
export function change(present: string, next: string): Change {
  const shorter = Math.min(present.length, next.length);
  let start = 0;
  while (start < shorter && present[start] === next[start]) {
    start++;
  }
  let end = 0;
  while (
    end < shorter - start &&
    present[present.length - 1 - end] === next[next.length - 1 - end]
  ) {
    end++;
  }
  return {
    start,
    end: present.length - end,
    inserted: next.slice(start, next.length - end)
  };
}

/** Where a place in the text is after the change; what is inserted right there comes behind it. */
export function placeAfter(
  place: number,
  { end, inserted, start }: Change
): number {
  if (place <= start) {
    return place;
  }
  return start + inserted.length + Math.max(0, place - end);
}
