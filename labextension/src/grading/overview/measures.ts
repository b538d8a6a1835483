import type { TranslationBundle } from '@jupyterlab/translation';

import type { ScoredTest } from '../../api/courseTypes';

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
