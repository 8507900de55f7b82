// Git over smart HTTP with Basic authentication on loopback: a CGI host for git's own http-backend.

import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GitSandbox } from '../builders/git-repository.ts';

/** A request as the server saw it. */
export interface GitRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** All Authorization headers, joined by ` + `. */
  readonly authorization: string;
  /** Bytes of the answer. */
  readonly sent: number;
}

/** A running server; it serves every repository of the sandbox. */
export interface GitServer {
  /** `http://127.0.0.1:PORT/`. */
  readonly url: string;
  /** Oldest first; grows. */
  readonly requests: readonly GitRequest[];
  stop(): Promise<void>;
}

/** Starts a server that wants `x-access-token:PASSWORD`, given as base64. */
export async function startGitServer(sandbox: GitSandbox, basic: string): Promise<GitServer> {
  const requests: GitRequest[] = [];
  const server = createServer((request, response) => serve(request, response));

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const header = request.rawHeaders.filter(
      (_, index, all) => index % 2 === 1 && /^authorization$/i.test(all[index - 1]!),
    );
    const authorization = header.join(' + ');
    const entry = { method: request.method ?? '', url: request.url ?? '', authorization, sent: 0 };
    requests.push(entry);
    if (authorization !== `basic ${basic}` && authorization !== `Basic ${basic}`) {
      // Git shows such a text to people.
      const headers = { 'www-authenticate': 'Basic realm="git"', 'content-type': 'text/plain' };
      response.writeHead(authorization === '' ? 401 : 403, headers).end(`refused: ${authorization}\n`);
      return;
    }
    const backend = spawn('git', ['http-backend'], {
      env: cgiEnvironment(sandbox, request),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    request.pipe(backend.stdin);
    const chunks: Buffer[] = [];
    backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    backend.on('close', () => {
      const answer = Buffer.concat(chunks);
      const split = answer.indexOf('\r\n\r\n');
      const headers = answer.subarray(0, split).toString('latin1').split('\r\n');
      const status = Number(/^Status: (\d+)/m.exec(headers.join('\n'))?.[1] ?? 200);
      for (const line of headers)
        response.appendHeader(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2));
      response.statusCode = status;
      entry.sent = answer.length - split;
      response.end(answer.subarray(split + 4));
    });
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    requests,
    stop: async () => {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function cgiEnvironment(sandbox: GitSandbox, request: IncomingMessage): NodeJS.ProcessEnv {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  return {
    ...sandbox.environment,
    // What stands there now: a test may have put a wrapper before the git that it watches.
    PATH: process.env['PATH'],
    GIT_PROJECT_ROOT: sandbox.root,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: path,
    QUERY_STRING: query,
    REQUEST_METHOD: request.method,
    CONTENT_TYPE: request.headers['content-type'] ?? '',
    HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
    GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    REMOTE_USER: 'x-access-token',
  };
}
