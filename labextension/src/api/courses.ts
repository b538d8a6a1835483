import type { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import { Connection } from './connection';
import type {
  AnswerContext,
  AuditEntry,
  Calibration,
  CourseModules,
  Extension,
  Identity,
  Imported,
  Job,
  JobBody,
  JobDetails,
  JobLog,
  KeptComment,
  LatePolicyBody,
  LateTerms,
  MarkBody,
  MarkOutcome,
  MarkingPace,
  MarkingView,
  ModuleStatistics,
  Overview,
  Question,
  QueuedAnswer,
  Sample,
  SampleBody,
  SideBySide,
  SimilarityReport,
  Struggling,
  StudentPage,
  Suspicious
} from './courseTypes';

/** The files in which grades can be had. */
export type ReportFormat = 'csv' | 'json' | 'canvas' | 'moodle';

/** Where a question is. */
export interface IQuestionPlace {
  module: string;
  response: string;
}

/** Where an answer is; its key tells nothing of its student. */
export interface IAnswerPlace extends IQuestionPlace {
  key: string;
}

/** What graders and instructors ask of one course. */
export class CourseClient extends Connection {
  constructor(
    settings: ServerConnection.ISettings,
    trans: TranslationBundle,
    readonly course: string
  ) {
    super(settings, trans, ['courses', course]);
  }

  modules(): Promise<CourseModules> {
    return this._request('GET', 'modules');
  }

  overview(): Promise<Overview> {
    return this._request('GET', 'overview');
  }

  student(student: string): Promise<StudentPage> {
    return this._request('GET', 'students', student);
  }

  struggling(): Promise<Struggling[]> {
    return this._request('GET', 'struggling');
  }

  suspicious(): Promise<Suspicious[]> {
    return this._request('GET', 'suspicious');
  }

  statistics(module: string): Promise<ModuleStatistics> {
    return this._request('GET', 'modules', module, 'statistics');
  }

  audit(before?: number): Promise<AuditEntry[]> {
    return this._query(before === undefined ? {} : { before }, 'audit');
  }

  jobs(): Promise<Job[]> {
    return this._request('GET', 'jobs');
  }

  job(id: number): Promise<JobDetails> {
    return this._request('GET', 'jobs', String(id));
  }

  jobLog(id: number): Promise<JobLog> {
    return this._request('GET', 'jobs', String(id), 'log');
  }

  requestJob(body: JobBody): Promise<Job> {
    return this._post(body, 'jobs');
  }

  cancelJob(id: number): Promise<Job> {
    return this._request('POST', 'jobs', String(id), 'cancel');
  }

  retryJob(id: number): Promise<Job> {
    return this._request('POST', 'jobs', String(id), 'retry');
  }

  /** Store what the regrade with this number found, for all or for some. */
  applyRegrade(id: number, students: string[] | null): Promise<Job> {
    return this._post({ students }, 'jobs', String(id), 'apply');
  }

  questions(module: string): Promise<Question[]> {
    return this._request('GET', 'modules', module, 'questions');
  }

  /** The answers in the order in which the user marks them; only the user's share of them if asked for. */
  queue(place: IQuestionPlace, mine: boolean): Promise<QueuedAnswer[]> {
    const query: Record<string, string> = mine ? { share: 'mine' } : {};
    return this._query(query, ...question(place), 'answers');
  }

  pace(place: IQuestionPlace): Promise<MarkingPace> {
    return this._request('GET', ...question(place), 'pace');
  }

  setShares(place: IQuestionPlace, graders: string[]): Promise<MarkingPace> {
    return this._send('PUT', { graders }, ...question(place), 'shares');
  }

  answer(place: IAnswerPlace): Promise<MarkingView> {
    return this._request('GET', ...answer(place));
  }

  context(place: IAnswerPlace): Promise<AnswerContext> {
    return this._request('GET', ...answer(place), 'context');
  }

  identity(place: IAnswerPlace): Promise<Identity> {
    return this._request('GET', ...answer(place), 'student');
  }

  mark(place: IAnswerPlace, body: MarkBody): Promise<MarkOutcome> {
    return this._post(body, ...answer(place), 'mark');
  }

  undo(place: IAnswerPlace, mark: number): Promise<MarkingView> {
    return this._post({ mark }, ...answer(place), 'undo');
  }

  setFlag(place: IAnswerPlace, note: string): Promise<void> {
    return this._send('PUT', { note }, ...answer(place), 'flag');
  }

  clearFlag(place: IAnswerPlace): Promise<void> {
    return this._request('DELETE', ...answer(place), 'flag');
  }

  comments(place: IQuestionPlace): Promise<KeptComment[]> {
    return this._request('GET', ...question(place), 'comments');
  }

  keepComment(place: IQuestionPlace, text: string): Promise<KeptComment[]> {
    return this._post({ text }, ...question(place), 'comments');
  }

  deleteComment(id: number): Promise<void> {
    return this._request('DELETE', 'comments', String(id));
  }

  /** The samples of a question; with `reveal`, which only instructors may ask for, with what was agreed. */
  samples(place: IQuestionPlace, reveal: boolean): Promise<Sample[]> {
    const query: Record<string, string> = reveal ? { reveal: 'true' } : {};
    return this._query(query, ...question(place), 'samples');
  }

  addSample(place: IQuestionPlace, body: SampleBody): Promise<Sample[]> {
    return this._post(body, ...question(place), 'samples');
  }

  removeSample(id: number): Promise<void> {
    return this._request('DELETE', 'samples', String(id));
  }

  markSample(
    place: IQuestionPlace,
    id: number,
    points: number
  ): Promise<Sample[]> {
    return this._post(
      { points },
      ...question(place),
      'samples',
      String(id),
      'mark'
    );
  }

  agreement(place: IQuestionPlace): Promise<Calibration> {
    return this._request('GET', ...question(place), 'agreement');
  }

  setDue(module: string, due: string | null): Promise<void> {
    return this._send('PUT', { due_at: due }, 'modules', module, 'due');
  }

  unrelease(module: string): Promise<void> {
    return this._request('POST', 'modules', module, 'unrelease');
  }

  extensions(module: string): Promise<Extension[]> {
    return this._request('GET', 'modules', module, 'extensions');
  }

  extend(
    module: string,
    student: string,
    due: string,
    reason: string
  ): Promise<Extension[]> {
    const body = { due_at: due, reason };
    return this._send('PUT', body, 'modules', module, 'extensions', student);
  }

  withdrawExtension(module: string, student: string): Promise<Extension[]> {
    return this._request('DELETE', 'modules', module, 'extensions', student);
  }

  latePolicy(): Promise<LateTerms> {
    return this._request('GET', 'late-policy');
  }

  setLatePolicy(body: LatePolicyBody): Promise<LateTerms> {
    return this._send('PUT', body, 'late-policy');
  }

  importRoster(content: string, name: string): Promise<Imported> {
    return this._post({ content, name }, 'roster');
  }

  similarity(module: string): Promise<SimilarityReport[]> {
    return this._request('GET', 'modules', module, 'similarity');
  }

  sideBySide(module: string, left: string, right: string): Promise<SideBySide> {
    return this._request('GET', 'modules', module, 'similarity', left, right);
  }

  /** All grades as a file. */
  async report(format: ReportFormat): Promise<Blob> {
    const response = await this._fetch({ method: 'GET' }, ['reports', format]);
    return response.blob();
  }
}

function question({ module, response }: IQuestionPlace): string[] {
  return ['modules', module, 'questions', response];
}

function answer(place: IAnswerPlace): string[] {
  return [...question(place), 'answers', place.key];
}
