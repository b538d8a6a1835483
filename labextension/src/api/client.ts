import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import type {
  AssignmentList,
  CourseOverview,
  ErrorBody,
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

/** Why a request had no answer: nobody there, not our server, or a reason in words. */
export type ApiErrorKind = 'unreachable' | 'missing' | 'refused';

/** A request that failed; its message is meant for the user as it is. */
export class ApiError extends Error {
  constructor(
    readonly kind: ApiErrorKind,
    message: string
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** What the browser asks of the TinyTorch server extension. */
export class ApiClient {
  constructor(
    private readonly _settings: ServerConnection.ISettings,
    private readonly _trans: TranslationBundle
  ) {}

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

  runMilestone(number: number): Promise<MilestoneEntry> {
    return this._request('POST', 'milestones', String(number), 'run');
  }

  cancelMilestone(number: number): Promise<MilestoneEntry> {
    return this._request('DELETE', 'milestones', String(number), 'run');
  }

  async milestonePlot(number: number): Promise<Blob> {
    const path = ['milestones', String(number), 'plot'];
    return (await this._fetch({ method: 'GET' }, path)).blob();
  }

  private async _request<T>(method: string, ...path: string[]): Promise<T> {
    return (await this._fetch({ method }, path)).json() as Promise<T>;
  }

  private async _post<T>(body: object, ...path: string[]): Promise<T> {
    const init = { method: 'POST', body: JSON.stringify(body) };
    return (await this._fetch(init, path)).json() as Promise<T>;
  }

  private _url(...path: string[]): string {
    return URLExt.join(
      this._settings.baseUrl,
      'tinytorch-lab/api',
      ...path.map(encodeURIComponent)
    );
  }

  private async _fetch(init: RequestInit, path: string[]): Promise<Response> {
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(
        this._url(...path),
        init,
        this._settings
      );
    } catch {
      throw new ApiError(
        'unreachable',
        this._trans.__(
          'The Jupyter server does not answer. It may have been stopped, or the network is down.'
        )
      );
    }
    if (!response.ok) {
      throw await this._refusal(response);
    }
    return response;
  }

  private async _refusal(response: Response): Promise<ApiError> {
    const body = await readErrorBody(response);
    if (body !== null) {
      return new ApiError('refused', body.message);
    }
    if (response.status === 404) {
      return new ApiError(
        'missing',
        this._trans.__(
          'The TinyTorch server extension is not running. Install tinytorch-lab where Jupyter runs, then restart Jupyter.'
        )
      );
    }
    return new ApiError(
      'refused',
      this._trans.__(
        'The server could not answer (HTTP %1 %2).',
        response.status,
        response.statusText
      )
    );
  }
}

async function readErrorBody(response: Response): Promise<ErrorBody | null> {
  const text = await response.text();
  try {
    const body = JSON.parse(text) as Partial<ErrorBody> | null;
    return body?.message ? { message: body.message } : null;
  } catch {
    // A proxy or a Jupyter server without our extension answers in HTML.
    return null;
  }
}
