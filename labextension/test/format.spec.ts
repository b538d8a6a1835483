import {
  memoryLabel,
  splitMessage,
  testLabel,
  timeLabel
} from '../src/tests/format';
import { formatFigure } from '../src/milestones/labels';
import {
  formatBytes,
  formatDate,
  formatMoment,
  formatNumber,
  formatPoints,
  formatSeconds
} from '../src/units';
import { row, trans } from './fixtures';

describe('splitMessage', () => {
  it('puts the hint before NumPy’s title and figures', () => {
    const message = [
      '',
      'Not equal to tolerance rtol=1e-07, atol=0',
      'relu of a negative number must be 0',
      'Mismatched elements: 1 / 2 (50%)',
      ' ACTUAL: array([-1.,  2.])',
      ' DESIRED: array([0., 2.])'
    ].join('\n');
    expect(splitMessage(message)).toEqual({
      words: 'relu of a negative number must be 0',
      figures: [
        'Not equal to tolerance rtol=1e-07, atol=0',
        'Mismatched elements: 1 / 2 (50%)',
        ' ACTUAL: array([-1.,  2.])',
        ' DESIRED: array([0., 2.])'
      ].join('\n')
    });
  });

  it('keeps NumPy’s title where there is no hint', () => {
    const message =
      '\nArrays are not equal\n\n(shapes (2,), (3,) mismatch)\n ACTUAL: array([1, 2])';
    expect(splitMessage(message)).toEqual({
      words: 'Arrays are not equal',
      figures: '(shapes (2,), (3,) mismatch)\n ACTUAL: array([1, 2])'
    });
  });

  it.each([
    ['', '', ''],
    ['one sentence', 'one sentence', ''],
    ['first\n  second\n third', 'first', '  second\n third']
  ])('parts %j', (message, words, figures) => {
    expect(splitMessage(message)).toEqual({ words, figures });
  });
});

describe('figures', () => {
  it.each([
    [0.0002, 'under 1 ms'],
    [0.0123, '12 ms'],
    [0.0045, '4.5 ms'],
    [2, '2 s'],
    [75.4, '75 s']
  ])('%d seconds are %s', (seconds, text) => {
    expect(formatSeconds(seconds, trans)).toBe(text);
  });

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1536, '1.5 kB'],
    [145_000, '145 kB'],
    [2_400_000, '2.4 MB'],
    [3e9, '3 GB']
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes, trans)).toBe(text);
  });

  it.each([
    [0, '0'],
    [-0, '0'],
    [1234567, '1234567'],
    [0.0001234, '0.0001234']
  ])('the number %d is %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it.each([
    [12, '12'],
    [1234.5678, '1230'],
    [0.12345, '0.123'],
    [0.00012, '1.20e-4']
  ])('the figure %d is %s', (value, text) => {
    expect(formatFigure(value)).toBe(text);
  });

  it('are absent when nothing was measured', () => {
    expect(timeLabel(row('a'), trans)).toBeNull();
    expect(memoryLabel(row('a'), trans)).toBeNull();
  });

  it('are not compared where the reference is unknown or the time too short', () => {
    expect(timeLabel(row('a', { seconds: 0.5 }), trans)).toBe('500 ms');
    expect(
      timeLabel(row('a', { seconds: 0.0001, reference_seconds: 0.001 }), trans)
    ).toBe('under 1 ms');
    expect(memoryLabel(row('a', { peak_bytes: 2000 }), trans)).toBe(
      '2 kB peak'
    );
  });
});

describe('testLabel', () => {
  it.each([
    ['test_unit_matmul_shapes', 'Matmul shapes'],
    ['test_relu', 'Relu'],
    ['Already spoken of', 'Already spoken of']
  ])('%s is %s', (title, text) => {
    expect(testLabel(row('a', { title }))).toBe(text);
  });
});

describe('JupyterLab’s language', () => {
  const NOON = '2025-11-21T12:00:00';

  afterEach(() => {
    document.documentElement.lang = '';
  });

  it.each([
    ['en', '1.5 kB', '1234.25', '1.20e-4', 'Fri, Nov 21, 12:00 PM'],
    ['de-DE', '1,5 kB', '1234,25', '1,20e-4', 'Fr., 21. Nov., 12:00']
  ])(
    '%s decides how numbers and dates look',
    (lang, bytes, points, small, date) => {
      document.documentElement.lang = lang;
      expect(formatBytes(1536, trans)).toBe(bytes);
      expect(formatPoints(1234.25)).toBe(points);
      expect(formatFigure(0.00012)).toBe(small);
      expect(formatDate(NOON).replace(/\s/g, ' ')).toBe(date);
      expect(formatMoment(NOON)).toContain('2025');
    }
  );
});
