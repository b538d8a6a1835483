import type { Job, Overview } from '../src/api/courseTypes';
import { changesOf, secondsLeft, sumUp } from '../src/grading/jobs/labels';
import { meaningOf, takesKeys } from '../src/grading/marking/keys';
import { levelOf, TypedPoints } from '../src/grading/marking/points';
import { cellLabel, pointsLabel } from '../src/grading/overview/labels';
import { shortReason } from '../src/grading/overview/measures';
import { arrange } from '../src/grading/overview/sorting';
import { fromField, toField } from '../src/grading/terms/dates';
import { trans } from './fixtures';
import { view } from './gradingFixtures';

const PLAIN = { ctrlKey: false, metaKey: false, altKey: false };

describe('typed points', () => {
  it('puts digits together that come soon after each other, where they fit', () => {
    let now = 0;
    const typed = new TypedPoints(() => now);
    now = 10_000;
    expect(typed.type('1', 10)).toBe(1);
    expect(typed.type('0', 10)).toBe(10);
    expect(typed.type('4', 10)).toBe(4);
    expect(typed.type('.', 10)).toBe(4);
    expect(typed.type('5', 10)).toBe(4.5);
    now += 5_000;
    expect(typed.type('2', 10)).toBe(2);
    typed.clear();
    expect(typed.type('1', 10)).toBe(1);
  });

  it.each([
    [10, 'EXCELLENT'],
    [8.5, 'GOOD'],
    [5, 'POOR'],
    [0, 'POOR']
  ])('%p points reach %p', (points, label) => {
    expect(levelOf(view().scheme, points)?.label).toBe(label);
  });
});

describe('keys', () => {
  it.each([
    ['7', { kind: 'points', key: '7' }],
    ['a', { kind: 'level', place: 0 }],
    ['g', { kind: 'level', place: 4 }],
    ['j', { kind: 'action', action: 'next' }],
    ['?', { kind: 'action', action: 'help' }],
    ['q', null]
  ])('%p means %p', (key, meaning) => {
    expect(meaningOf({ ...PLAIN, key })).toEqual(meaning);
  });

  it('leaves the browser its own', () => {
    expect(meaningOf({ ...PLAIN, ctrlKey: true, key: 'f' })).toBeNull();
  });

  it.each([
    ['<textarea></textarea>', 'j', true],
    ['<select></select>', 'ArrowRight', true],
    ['<input type="checkbox">', 'j', false],
    ['<button></button>', 'Enter', true],
    ['<button></button>', 'ArrowRight', false],
    ['<div class="jp-TinyTorch-scroll" tabindex="0"></div>', 'ArrowLeft', true],
    ['<div class="jp-TinyTorch-scroll" tabindex="0"></div>', 'j', false],
    ['<pre tabindex="0"></pre>', 'ArrowRight', true],
    ['<pre tabindex="0"></pre>', 'k', false],
    ['<div></div>', 'ArrowRight', false]
  ])('%p takes %p: %p', (html, key, taken) => {
    document.body.innerHTML = html;
    const target = document.body.firstElementChild;
    expect(target && takesKeys(target, key)).toBe(taken);
  });
});

describe('the class', () => {
  const cell = (score: number | null) => ({
    state: score === null ? ('submitted' as const) : ('returned' as const),
    score,
    late: false,
    integrity: 'ok',
    to_mark: 0
  });
  const overview: Overview = {
    course: 'c',
    title: 'C',
    modules: [],
    students: [
      { student: 's1', name: 'Zoe', cells: [cell(50)] },
      { student: 's2', name: 'Adam', cells: [cell(null)] },
      { student: 's3', name: 'Mia', cells: [cell(90)] }
    ]
  };
  const all = { text: '', state: '' as const };

  it('is sorted by name or score, who has none comes last', () => {
    const names = (by: 'name' | number, down: boolean): string[] =>
      arrange(overview, { ...all, sorting: { by, down } }).map(r => r.name);
    expect(names('name', false)).toEqual(['Adam', 'Mia', 'Zoe']);
    expect(names(0, true)).toEqual(['Mia', 'Zoe', 'Adam']);
    expect(names(0, false)).toEqual(['Zoe', 'Mia', 'Adam']);
  });

  it('is filtered by words and state', () => {
    const sorting = { by: 'name' as const, down: false };
    expect(arrange(overview, { ...all, text: 'S3', sorting })).toHaveLength(1);
    expect(
      arrange(overview, { text: '', state: 'submitted', sorting })
    ).toHaveLength(1);
  });
});

describe('a job', () => {
  const job = {
    started_at: '2026-01-02T12:00:00Z',
    finished_at: null,
    done: 10,
    total: 40
  } as Job;

  it('tells how long it still takes', () => {
    const now = Date.parse('2026-01-02T12:00:20Z');
    expect(secondsLeft(job, now)).toBe(60);
    expect(secondsLeft({ ...job, done: 0 }, now)).toBeNull();
  });

  it('sums up what a regrade would change', () => {
    const row = (subject: string, before: number | null, after: number) => ({
      subject,
      ok: true,
      message: '',
      details: { before, after }
    });
    const changes = changesOf([
      row('a', 10, 20),
      row('b', 20, 20),
      row('c', 30, 20),
      row('d', null, 5)
    ]);
    expect(changes.map(({ student }) => student)).toEqual(['a', 'c', 'd']);
    expect(sumUp(changes, trans)).toBe('2 rise, 1 fall');
  });
});

it('says why a test failed without the figures of NumPy', () => {
  expect(
    shortReason(
      'AssertionError: Not equal to tolerance rtol=1e-05, atol=0 softmax: overflow Mismatched elements: 3 / 4'
    )
  ).toBe('softmax: overflow');
});

it.each([
  [0, '0 points'],
  [0.5, '0.5 points'],
  [1, '1 point'],
  [10 / 3, '3.33 points']
])('says %p as %p', (points, label) => {
  expect(pointsLabel(points, trans)).toBe(label);
});

it('tells a cell of one point as one', () => {
  const cell = { score: 1, late: false, integrity: 'ok', to_mark: 0 };
  expect(cellLabel({ ...cell, state: 'returned' }, trans)).toBe(
    '1 point, returned'
  );
});

it('reads back the date that a field shows', () => {
  const iso = '2026-12-24T18:00:00.000Z';
  expect(fromField(toField(iso))).toBe(iso);
  expect(toField(null)).toBe('');
  expect(fromField('')).toBeNull();
});
