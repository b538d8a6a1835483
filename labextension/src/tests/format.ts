import type { TranslationBundle } from '@jupyterlab/translation';

import type { TestRow } from '../api/types';
import { formatBytes, formatSeconds, significant } from '../units';

/** A failure message: what it says in words, and the part whose columns must line up. */
export interface MessageParts {
  words: string;
  figures: string;
}

const NUMPY_FIGURES =
  /^\s*(Mismatched elements|Mismatch at|Max (absolute|relative) difference|\(shapes|nan location|ACTUAL|DESIRED|x:|y:|x and y)/m;

const NUMPY_TITLE =
  /^(Not equal to tolerance|Arrays are not|Items are not|Arrays are not almost equal).*\n(?=.)/;

/** What a message says before it comes to both sides of a mismatch, which are shown by themselves. */
export function subjectOf(words: string): string {
  const found = words.search(/:?\s*\bexpected\b[^]*, got\b/);
  return found < 0 ? words : words.slice(0, found);
}

/** Part a message before NumPy's comparison, or else after its first line. */
export function splitMessage(message: string): MessageParts {
  const text = trimLines(message);
  // NumPy puts the tolerances before the course's own hint; the hint is what helps.
  const title = NUMPY_TITLE.exec(text)?.[0] ?? '';
  const rest = text.slice(title.length);
  const found = rest.search(NUMPY_FIGURES);
  const end = found >= 0 ? found : rest.indexOf('\n');
  const words = end < 0 ? rest : rest.slice(0, end);
  const figures = end < 0 ? '' : trimLines(rest.slice(end));
  return words.trim() === ''
    ? { words: title.trim(), figures }
    : { words: words.trim(), figures: trimLines(title + figures) };
}

/** The test as it is spoken of: "Matmul shapes" for `test_unit_matmul_shapes`. */
export function testLabel({ title }: Pick<TestRow, 'title'>): string {
  const words = title.replace(/^test_(unit_)?/, '').replace(/_/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Below this, in seconds, the clock's own noise is larger than the difference. */
const SHORTEST_COMPARED = 0.001;

/** The test's time beside the reference solution's, or null when it was not measured. */
export function timeLabel(
  row: TestRow,
  trans: TranslationBundle
): string | null {
  if (row.seconds === null) {
    return null;
  }
  const time = formatSeconds(row.seconds, trans);
  return row.reference_seconds && row.seconds >= SHORTEST_COMPARED
    ? trans.__(
        '%1, %2× the reference',
        time,
        significant(row.seconds / row.reference_seconds)
      )
    : time;
}

/** The test's peak memory beside the reference solution's, or null when it was not measured. */
export function memoryLabel(
  row: TestRow,
  trans: TranslationBundle
): string | null {
  if (row.peak_bytes === null) {
    return null;
  }
  const peak = formatBytes(row.peak_bytes, trans);
  return row.reference_peak_bytes
    ? trans.__(
        '%1 peak, %2× the reference',
        peak,
        significant(row.peak_bytes / row.reference_peak_bytes)
      )
    : trans.__('%1 peak', peak);
}

function trimLines(text: string): string {
  return text.replace(/^\s*\n/, '').trimEnd();
}
