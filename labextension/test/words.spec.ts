import { countWords } from '../src/thinking/words';

describe('countWords', () => {
  it.each([
    ['nothing', '', 0],
    ['only white space', ' \n\t ', 0],
    ['words', 'three plain words', 3],
    ['any white space between them', ' a\tb\n\nc\u00a0d ', 4],
    ['accents and other scripts', 'Größe naïve Привет', 3],
    ['apostrophes and hyphens inside a word', "don’t state-of-the-art it's", 3],
    ['numbers and identifiers', '32 float16 __init__ O(n^2)', 4],
    [
      'marks of headings and lists as none',
      '# Title\n- one\n* two\n> three',
      4
    ],
    ['emphasis as part of its word', '**bold** _soft_ `code`', 3],
    ['a rule, a table line and a dash as none', '--- | --- | —', 0],
    ['an emoji as none', 'fast 🚀 enough', 2]
  ])('counts %s', (_, text, words) => {
    expect(countWords(text)).toBe(words);
  });
});
