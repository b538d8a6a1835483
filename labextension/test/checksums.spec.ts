import type { SharedNotebook } from '../src/notebook/cells';
import { checksum, testChecksums } from '../src/tests/checksums';

function cell(
  source: string,
  metadata: Record<string, unknown> = {},
  cell_type = 'code'
) {
  return {
    cell_type,
    getId: () => source,
    getSource: () => source,
    getMetadata: (name: string) => metadata[name]
  };
}

function notebook(...cells: ReturnType<typeof cell>[]): SharedNotebook {
  return { cells } as unknown as SharedNotebook;
}

const test = (name: string, source = name) =>
  cell(source, { nbgrader: { grade: true, grade_id: name } });

describe('checksum', () => {
  it('is the CRC-32 that the server computes', () => {
    expect(checksum('123456789')).toBe(0xcbf43926);
    expect(checksum('é→😀')).toBe(0x01588957);
    expect(checksum('→😀', checksum('é'))).toBe(0x01588957);
  });
});

describe('testChecksums', () => {
  it('changes with the code before a test, not with text, measurements or other tests', () => {
    const before = testChecksums(
      notebook(cell('x = 1'), test('a'), cell('y = 1'), test('b'))
    );
    const same = testChecksums(
      notebook(
        cell('words', {}, 'markdown'),
        cell('x = 1'),
        cell('plot', { tags: ['measure'] }),
        test('a', 'other'),
        cell('y = 1'),
        test('b')
      )
    );
    expect(same.get('b')).toBe(before.get('b'));
    expect(same.get('a')).not.toBe(before.get('a'));
    const changed = testChecksums(
      notebook(cell('x = 1'), test('a'), cell('y = 2'), test('b'))
    );
    expect(changed.get('a')).toBe(before.get('a'));
    expect(changed.get('b')).not.toBe(before.get('b'));
  });
});
