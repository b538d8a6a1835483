import type { TranslationBundle } from '@jupyterlab/translation';

import type { ScoredTest } from '../../api/courseTypes';

/** A time as one reads it. */
export function seconds(value: number): string {
  return value < 1
    ? `${(value * 1000).toPrecision(2)} ms`
    : `${value.toPrecision(2)} s`;
}

/** An amount of memory as one reads it. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  const power = value < 1 ? 0 : Math.floor(Math.log10(value) / 3);
  const place = Math.min(units.length - 1, power);
  return `${Number((value / 1000 ** place).toPrecision(3))} ${units[place] ?? ''}`;
}

/** How a test ended, in words. */
export function testStatus(
  status: ScoredTest['status'],
  trans: TranslationBundle
): string {
  const labels: Record<ScoredTest['status'], string> = {
    passed: trans.__('passed'),
    'partly passed': trans.__('partly passed'),
    failed: trans.__('failed')
  };
  return labels[status];
}

/** What a test failed with, without the figures of NumPy's comparison. */
export function shortReason(message: string): string {
  return message
    .replace(/^AssertionError:\s*/, '')
    .replace(/^Not equal to tolerance rtol=\S+, atol=\S+\s+/, '')
    .replace(/\s*(Mismatched elements|Mismatch at|\(shapes).*$/s, '')
    .trim();
}
