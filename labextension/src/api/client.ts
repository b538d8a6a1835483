import { Connection } from './connection';
import type {
  AssignmentList,
  CourseOverview,
  ExportReport,
  Feedback,
  MilestoneEntry,
  MilestoneList,
  OpenedModule,
  PackageOverview,
  Readme,
  Receipt,
  SubmissionList,
  SubmissionState,
  TestHistory,
  TestRun
} from './types';

export { ApiError, type ApiErrorKind } from './connection';

/** What the browser asks of the TinyTorch server extension. */
export class ApiClient extends Connection {
  course(): Promise<CourseOverview> {
    return this._request('GET', 'course');
  }

  readme(module: string): Promise<Readme> {
    return this._request('GET', 'modules', module, 'readme');
  }

  start(module: string): Promise<OpenedModule> {
    return this._request('POST', 'modules', module, 'start');
  }

  /** Begin the notebook again, or only the cell with this grade id. */
  reset(module: string, cell?: string): Promise<OpenedModule> {
    return this._post({ cell }, 'modules', module, 'reset');
  }

  /** Run the tests, or only the one with this grade id. */
  runTests(module: string, test?: string): Promise<TestRun> {
    return this._post({ test }, 'modules', module, 'tests');
  }

  testHistory(module: string): Promise<TestHistory> {
    return this._request('GET', 'modules', module, 'tests', 'history');
  }

  tests(module: string): Promise<TestRun> {
    return this._request('GET', 'modules', module, 'tests');
  }

  cancelTests(module: string): Promise<TestRun> {
    return this._request('DELETE', 'modules', module, 'tests');
  }

  exportModule(module: string): Promise<ExportReport> {
    return this._request('POST', 'modules', module, 'export');
  }

  exportAll(): Promise<ExportReport> {
    return this._request('POST', 'export');
  }

  package(): Promise<PackageOverview> {
    return this._request('GET', 'package');
  }

  assignments(): Promise<AssignmentList> {
    return this._request('GET', 'assignments');
  }

  submission(module: string): Promise<SubmissionState> {
    return this._request('GET', 'modules', module, 'submission');
  }

  submit(module: string): Promise<Receipt> {
    return this._request('POST', 'modules', module, 'submission');
  }

  submissions(module: string): Promise<SubmissionList> {
    return this._request('GET', 'modules', module, 'submissions');
  }

  restore(module: string, receipt: string): Promise<OpenedModule> {
    return this._request(
      'POST',
      ...['modules', module, 'submissions', receipt, 'restore']
    );
  }

  feedback(module: string): Promise<Feedback> {
    return this._request('GET', 'modules', module, 'feedback');
  }

  /** Where the module's feedback is as a page of its own. */
  feedbackPage(module: string): string {
    return this._url('modules', module, 'feedback', 'page');
  }

  milestones(): Promise<MilestoneList> {
    return this._request('GET', 'milestones');
  }

  milestone(number: number): Promise<MilestoneEntry> {
    return this._request('GET', 'milestones', String(number));
  }

  /** Run a milestone, or its longer run. */
  runMilestone(number: number, full = false): Promise<MilestoneEntry> {
    return this._post({ full }, 'milestones', String(number), 'run');
  }

  cancelMilestone(number: number): Promise<MilestoneEntry> {
    return this._request('DELETE', 'milestones', String(number), 'run');
  }

  async milestonePlot(number: number): Promise<Blob> {
    const path = ['milestones', String(number), 'plot'];
    return (await this._fetch({ method: 'GET' }, path)).blob();
  }
}
