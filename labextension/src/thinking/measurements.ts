import type { TranslationBundle } from '@jupyterlab/translation';

import type { TestRow } from '../api/types';
import { isMeasurement, type SharedNotebook } from '../notebook/cells';
import { memoryLabel, testLabel, timeLabel } from '../tests/format';

/** More would be a list nobody reads. */
const MOST_LINES = 40;
const LONGEST_LINE = 160;

/** The figures that the student's own runs produced: what measuring cells printed, then what tests took. */
export function measurements(
  rows: readonly TestRow[],
  notebook: SharedNotebook,
  trans: TranslationBundle
): string[] {
  const printed = notebook.cells
    .filter(isMeasurement)
    .flatMap(cell => outputLines(cell.toJSON()))
    .filter(line => /\d/.test(line));
  const taken = rows
    .filter(row => row.status === 'passed' && row.seconds !== null)
    .map(row =>
      [`${testLabel(row)}: ${timeLabel(row, trans)}`, memoryLabel(row, trans)]
        .filter(label => label !== null)
        .join(', ')
    );
  return [...new Set([...printed.slice(0, MOST_LINES), ...taken])];
}

interface Output {
  text?: string | string[];
  data?: Record<string, string | string[]>;
}

function outputLines(cell: object): string[] {
  const { outputs } = cell as { outputs?: Output[] };
  return (outputs ?? [])
    .map(output => output.text ?? output.data?.['text/plain'] ?? '')
    .map(text => (Array.isArray(text) ? text.join('') : text))
    .flatMap(text => text.split('\n'))
    .map(line => line.trim().slice(0, LONGEST_LINE))
    .filter(line => line !== '');
}
