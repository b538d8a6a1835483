import type { TranslationBundle } from '@jupyterlab/translation';

/** The least and the most words of an answer. */
export interface ExpectedLength {
  least: number;
  most: number;
}

/** How `count` words stand to the expected length. */
export function lengthState(
  count: number,
  words: ExpectedLength
): 'empty' | 'short' | 'long' | 'fitting' {
  if (count === 0) {
    return 'empty';
  }
  if (count < words.least) {
    return 'short';
  }
  return count > words.most ? 'long' : 'fitting';
}

/** The same in words. */
export function lengthLabel(
  count: number,
  words: ExpectedLength,
  trans: TranslationBundle
): string {
  const counted = trans._n('%1 word', '%1 words', count);
  switch (lengthState(count, words)) {
    case 'empty':
      return trans.__('Not answered yet');
    case 'short':
      return trans.__(
        '%1: %2 short of %3',
        counted,
        words.least - count,
        words.least
      );
    case 'long':
      return trans.__(
        '%1: %2 over %3',
        counted,
        count - words.most,
        words.most
      );
    case 'fitting':
      return trans.__('%1: a good length', counted);
  }
}
