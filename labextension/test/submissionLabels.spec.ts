import {
  type ITranslatorConnector,
  type TranslationBundle,
  TranslationManager
} from '@jupyterlab/translation';

import { dueInLabel } from '../src/submission/brief';
import { dueLabel, standingLabel } from '../src/submission/labels';
import { assignment, receipt, trans } from './fixtures';

const CATALOGUE =
  '../../tinytorch_lab/locale/de_DE/LC_MESSAGES/tinytorch_lab.json';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.parse('2025-11-21T12:00:00');

async function german(): Promise<TranslationBundle> {
  const tinytorch_lab: unknown = jest.requireActual(CATALOGUE);
  const data = { data: { tinytorch_lab }, message: '' };
  const connector = { fetch: () => Promise.resolve(data) };
  const manager = new TranslationManager(
    '',
    undefined,
    undefined,
    connector as unknown as ITranslatorConnector
  );
  await manager.fetch('de-DE');
  return manager.load('tinytorch_lab');
}

function due(left: number, trans: TranslationBundle): string | null {
  const due_at = new Date(NOW + left).toISOString();
  return dueLabel(assignment('01_tensor', { due_at }), NOW, trans);
}

function late(milliseconds: number, trans: TranslationBundle): string {
  const handedIn = assignment('01_tensor', {
    state: 'submitted',
    submission: receipt('first'),
    late_seconds: milliseconds / 1000
  });
  return standingLabel(handedIn, NOW, trans);
}

afterEach(() => {
  document.documentElement.lang = '';
});

it.each([
  [5 * DAY, 'due in 5 days'],
  [2 * DAY, 'due in 2 days'],
  [2 * DAY - 1, 'due in 47 hours'],
  [2 * HOUR - 1, 'due in 119 minutes'],
  [1, 'due in 1 minute']
])('%d ms are told in the largest unit that fits', (left, text) => {
  expect(dueInLabel(left, trans)).toBe(text);
});

it('tells when a module is due, and how late it was handed in', () => {
  expect(due(3 * HOUR, trans)).toBe('Due Fri, Nov 21, 3:00 PM, 3 hours left');
  expect(due(-3 * HOUR, trans)).toBe('Due Fri, Nov 21, 9:00 AM, 3 hours ago');
  expect(late(3 * HOUR, trans)).toBe('Submitted 3 hours late');
});

it('puts lengths of time into the case that the German sentence asks for', async () => {
  document.documentElement.lang = 'de-DE';
  const trans = await german();
  expect(dueInLabel(5 * DAY, trans)).toBe('fällig in 5 Tagen');
  expect(due(5 * DAY, trans)).toBe('Fällig Mi., 26. Nov., 12:00, noch 5 Tage');
  expect(due(-2 * DAY, trans)).toBe('Fällig Mi., 19. Nov., 12:00, vor 2 Tagen');
  expect(late(2 * DAY, trans)).toBe('2 Tage zu spät abgegeben');
});
