import { ServerConnection } from '@jupyterlab/services';

import { ApiClient, type ApiError } from '../src/api/client';
import { course, trans } from './fixtures';

/** A client whose server answers every request alike, or not at all. */
function clientOf(answer: Response | Error): {
  client: ApiClient;
  requests: string[];
} {
  const requests: string[] = [];
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://jupyter/user/ada/',
    fetch: (input: RequestInfo | URL) => {
      const { method, url } = input as Request;
      requests.push(`${method} ${url.replace(/\?.*$/, '')}`);
      return answer instanceof Error
        ? Promise.reject(answer)
        : Promise.resolve(answer);
    }
  });
  return { client: new ApiClient(settings, trans), requests };
}

function failure(client: ApiClient): Promise<ApiError> {
  return client.course().then(
    () => {
      throw new Error('expected a failure');
    },
    (error: unknown) => error as ApiError
  );
}

describe('ApiClient', () => {
  it('asks below the base URL and returns what it is told', async () => {
    const { client, requests } = clientOf(
      new Response(JSON.stringify(course()), { status: 200 })
    );
    expect(await client.course()).toEqual(course());
    expect(requests).toEqual([
      'GET http://jupyter/user/ada/tinytorch-lab/api/course'
    ]);
  });

  it.each([
    ['start', 'POST', 'start'],
    ['reset', 'POST', 'reset'],
    ['runTests', 'POST', 'tests'],
    ['tests', 'GET', 'tests'],
    ['cancelTests', 'DELETE', 'tests'],
    ['exportModule', 'POST', 'export']
  ] as const)('%s is %s …/%s', async (verb, method, path) => {
    const { client, requests } = clientOf(new Response('{}', { status: 202 }));
    await client[verb]('01_tensor');
    expect(requests).toEqual([
      `${method} http://jupyter/user/ada/tinytorch-lab/api/modules/01_tensor/${path}`
    ]);
  });

  it('passes on what the server says', async () => {
    const message = 'The tests of 01_tensor are running already.';
    const { client } = clientOf(
      new Response(JSON.stringify({ message }), { status: 409 })
    );
    expect(await failure(client)).toMatchObject({ kind: 'refused', message });
  });

  it('says that the server extension is missing', async () => {
    const { client } = clientOf(
      new Response('<html>Not found</html>', { status: 404 })
    );
    const error = await failure(client);
    expect(error.kind).toBe('missing');
    expect(error.message).toContain('Install tinytorch-lab');
  });

  it('says what a proxy answered', async () => {
    const { client } = clientOf(
      new Response('<html>', { status: 413, statusText: 'Too Large' })
    );
    expect(await failure(client)).toMatchObject({
      kind: 'refused',
      message: 'The server could not answer (HTTP 413 Too Large).'
    });
  });

  it.each([502, 503, 504])(
    'takes HTTP %d from a proxy for no answer of the server',
    async status => {
      const { client } = clientOf(new Response('<html>', { status }));
      expect((await failure(client)).kind).toBe('unreachable');
    }
  );

  it('takes for no answer what JupyterHub says of a server that was stopped', async () => {
    const message = 'JupyterHub server no longer running at /user/ada.';
    const { client } = clientOf(
      new Response(JSON.stringify({ message }), { status: 424 })
    );
    const error = await failure(client);
    expect(error.kind).toBe('unreachable');
    expect(error.message).toContain('It may have been stopped');
  });

  it('passes on our own server’s HTTP 503', async () => {
    const message = 'The course cannot be reached.';
    const { client } = clientOf(
      new Response(JSON.stringify({ message }), { status: 503 })
    );
    expect(await failure(client)).toMatchObject({ kind: 'refused', message });
  });

  it('says that nobody answers', async () => {
    const { client } = clientOf(new TypeError('Failed to fetch'));
    expect((await failure(client)).kind).toBe('unreachable');
  });
});
