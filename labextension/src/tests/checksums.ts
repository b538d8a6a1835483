import {
  gradeId,
  isMeasurement,
  isTest,
  type SharedNotebook
} from '../notebook/cells';

const POLYNOMIAL = 0xedb88320;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) {
    rest = (rest >>> 1) ^ (rest & 1 ? POLYNOMIAL : 0);
  }
  return rest;
});

const encoder = new TextEncoder();

/** The CRC-32 of `text` in UTF-8, going on from `start`; the server computes the same. */
export function checksum(text: string, start = 0): number {
  let crc = ~start;
  for (const byte of encoder.encode(text)) {
    crc = (TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

/**
 * For each test, by its grade id, the checksum of the code its result depends on.
 *
 * That is every code cell up to the test, other tests and measurements aside, and the test itself.
 */
export function testChecksums(notebook: SharedNotebook): Map<string, string> {
  const found = new Map<string, string>();
  let code = 0;
  for (const cell of notebook.cells) {
    if (cell.cell_type !== 'code' || isMeasurement(cell)) {
      continue;
    }
    const next = checksum(cell.getSource() + '\0', code);
    if (isTest(cell)) {
      found.set(gradeId(cell), next.toString(16).padStart(8, '0'));
    } else {
      code = next;
    }
  }
  return found;
}
