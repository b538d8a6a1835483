import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { ErrorBody } from './types';

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

/** JupyterHub's answer for a server that was stopped. */
const STOPPED = 424;

/** A proxy's answers when nobody answers it in turn. */
const GATEWAY_STATUSES: readonly number[] = [502, 503, 504];

/** Requests to the TinyTorch server extension, below one place of its API. */
export class Connection {
  constructor(
    private readonly _settings: ServerConnection.ISettings,
    private readonly _trans: TranslationBundle,
    private readonly _place: readonly string[] = []
  ) {}

  protected async _request<T>(method: string, ...path: string[]): Promise<T> {
    const response = await this._fetch({ method }, path);
    return (
      response.status === 204 ? undefined : response.json()
    ) as Promise<T>;
  }

  /** Ask with what follows the question mark. */
  protected async _query<T>(
    query: Record<string, string | number>,
    ...path: string[]
  ): Promise<T> {
    const entries = Object.entries(query).map(([name, value]) => [
      name,
      String(value)
    ]);
    const text = new URLSearchParams(entries).toString();
    const response = await this._fetch({ method: 'GET' }, path, text);
    return response.json() as Promise<T>;
  }

  protected _post<T>(body: object, ...path: string[]): Promise<T> {
    return this._send('POST', body, ...path);
  }

  protected async _send<T>(
    method: string,
    body: object,
    ...path: string[]
  ): Promise<T> {
    const init = { method, body: JSON.stringify(body) };
    const response = await this._fetch(init, path);
    return (
      response.status === 204 ? undefined : response.json()
    ) as Promise<T>;
  }

  protected _url(...path: string[]): string {
    return URLExt.join(
      this._settings.baseUrl,
      'tinytorch-lab/api',
      ...this._place.map(encodeURIComponent),
      ...path.map(encodeURIComponent)
    );
  }

  protected async _fetch(
    init: RequestInit,
    path: string[],
    query = ''
  ): Promise<Response> {
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(
        this._url(...path) + (query && `?${query}`),
        init,
        this._settings
      );
    } catch {
      throw this._silence();
    }
    if (!response.ok) {
      throw await this._refusal(response);
    }
    return response;
  }

  private _silence(): ApiError {
    return new ApiError(
      'unreachable',
      this._trans.__(
        'The Jupyter server does not answer. It may have been stopped, or the network is down.'
      )
    );
  }

  private async _refusal(response: Response): Promise<ApiError> {
    if (response.status === STOPPED) {
      return this._silence();
    }
    const body = await readErrorBody(response);
    if (body !== null) {
      return new ApiError('refused', body.message);
    }
    if (GATEWAY_STATUSES.includes(response.status)) {
      return this._silence();
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
