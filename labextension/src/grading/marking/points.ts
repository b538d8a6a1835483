import type { Level, MarkScheme } from '../../api/courseTypes';

/** So long two digits belong to one number. */
const TOGETHER_MS = 900;

/** The level that so many points are. */
export function levelOf(
  scheme: MarkScheme,
  points: number | null
): Level | undefined {
  if (points === null) {
    return undefined;
  }
  // The best level comes first; between two levels the lower one counts, as on the server.
  return scheme.levels.find(({ low }) => points >= low) ?? scheme.levels.at(-1);
}

/** Puts typed digits together: 1 and soon after 0 are 10, where there are so many points; 7, point, 5 are 7.5. */
export class TypedPoints {
  constructor(private readonly _now: () => number = Date.now) {}

  /** Take a digit or a decimal point; returns the points so far, or null when there are none. */
  type(key: string, total: number): number | null {
    const soon = this._now() - this._at < TOGETHER_MS;
    const longer = (soon ? this._text : '') + key;
    this._text = isWithin(longer, total) ? longer : key;
    this._at = this._now();
    return isWithin(this._text, total) && this._text !== '.'
      ? Number(this._text)
      : null;
  }

  /** Begin a new number with the next digit. */
  clear(): void {
    this._text = '';
  }

  private _text = '';
  private _at = 0;
}

function isWithin(text: string, total: number): boolean {
  return (
    /^\d*\.?\d{0,2}$/.test(text) && (text === '.' || Number(text) <= total)
  );
}
