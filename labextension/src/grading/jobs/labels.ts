import type { TranslationBundle } from '@jupyterlab/translation';

import type { Job, JobBody, JobRow } from '../../api/courseTypes';

/** What a kind of job is called. */
export function kindLabel(kind: string, trans: TranslationBundle): string {
  const labels: Record<string, string> = {
    generate: trans.__('Generate'),
    release: trans.__('Release'),
    collect: trans.__('Collect'),
    autograde: trans.__('Autograde'),
    feedback: trans.__('Write feedback'),
    return_feedback: trans.__('Return feedback'),
    regrade: trans.__('Regrade: preview'),
    apply_regrade: trans.__('Regrade: apply'),
    own_modules: trans.__('Run on own modules'),
    milestone: trans.__('Run the milestone')
  };
  return labels[kind] ?? kind;
}

/** The kinds that can be asked for. */
export const KINDS: readonly JobBody['kind'][] = [
  'generate',
  'release',
  'collect',
  'autograde',
  'own_modules',
  'milestone',
  'feedback',
  'return_feedback',
  'regrade'
];

/** What a state of a job is called. */
export function jobState(
  state: Job['state'],
  trans: TranslationBundle
): string {
  const labels: Record<Job['state'], string> = {
    queued: trans.__('waits'),
    running: trans.__('at work'),
    done: trans.__('done'),
    failed: trans.__('stopped'),
    cancelled: trans.__('cancelled')
  };
  return labels[state];
}

/** The module a job is about. */
export function moduleOf(job: Job): string {
  const { module } = job.arguments;
  return typeof module === 'string' ? module : '';
}

/** How many seconds a job at work will probably still take; null when that cannot be told. */
export function secondsLeft(job: Job, now: number): number | null {
  if (job.started_at === null || job.finished_at !== null || job.done === 0) {
    return null;
  }
  const spent = (now - Date.parse(job.started_at)) / 1000;
  return (spent / job.done) * (job.total - job.done);
}

/** What a regrade would change for one student. */
export interface Change {
  student: string;
  before: number | null;
  after: number;
  message: string;
}

/** The students whose points a regrade would change. */
export function changesOf(rows: readonly JobRow[]): Change[] {
  return rows
    .map(({ details, message, subject }) => ({
      student: subject,
      before: asNumber(details?.before),
      after: asNumber(details?.after),
      message
    }))
    .filter(
      (change): change is Change =>
        change.after !== null && change.after !== change.before
    );
}

/** How many rise and how many fall. */
export function sumUp(
  changes: readonly Change[],
  trans: TranslationBundle
): string {
  const rise = changes.filter(({ after, before }) => after > (before ?? 0));
  const fall = changes.length - rise.length;
  return changes.length === 0
    ? trans.__('Nobody’s points would change.')
    : trans.__('%1 rise, %2 fall', rise.length, fall);
}

function asNumber(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
