const LETTER_DIGIT_UNDERSCORE = /[\p{L}\p{N}_]/u;

/**
 * Count the words of an answer: what stands between spaces and holds a letter, a digit or an underscore.
 *
 * Markdown's marks are no words. The server counts by the same rule.
 */
export function countWords(text: string): number {
  return text.split(/\s+/).filter(run => LETTER_DIGIT_UNDERSCORE.test(run))
    .length;
}
