// Serves the bare repositories of the fake forges over smart HTTP, through git's own http-backend.
// https://git-scm.com/docs/git-http-backend

import { spawn } from 'node:child_process';
import { basename, dirname } from 'node:path';
import type { Answer, FakeRequest } from './exchange.ts';

/** A path of git's protocol: `/team/app.git/info/refs?service=git-upload-pack`; GitLab's names have more parts. */
const GIT_PATH = /^\/([^/]+(?:\/[^/]+?)+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)(?:\?(.*))?$/;

/** The repository's name and the rest of a path of git's protocol; undefined for any other path. */
export function parseGitPath(path: string): { readonly fullName: string; readonly isWrite: boolean } | undefined {
  const [, fullName, service = '', query = ''] = GIT_PATH.exec(path) ?? [];
  if (fullName === undefined) return undefined;
  return { fullName, isWrite: service === 'git-receive-pack' || query.includes('git-receive-pack') };
}

/** What http-backend answers for a bare repository. */
export async function runGitBackend(request: FakeRequest, directory: string): Promise<Answer> {
  const [, , service = '', query = ''] = GIT_PATH.exec(request.path) ?? [];
  const backend = spawn(
    'git',
    ['-c', 'uploadpack.allowFilter=true', '-c', 'uploadpack.allowAnySHA1InWant=true', 'http-backend'],
    {
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: directory,
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_PROJECT_ROOT: dirname(directory),
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: `/${basename(directory)}/${service}`,
        QUERY_STRING: query,
        REQUEST_METHOD: request.method,
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        CONTENT_LENGTH: String(request.body.byteLength),
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
        GIT_PROTOCOL: request.headers['git-protocol'] ?? '',
        REMOTE_USER: 'x-access-token',
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  );
  const chunks: Buffer[] = [];
  backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  // The process may end before it has read everything.
  backend.stdin.on('error', () => undefined);
  backend.stdin.end(request.body);
  await new Promise((resolve, reject) => {
    backend.once('close', resolve);
    backend.once('error', reject);
  });
  return parseCgi(Buffer.concat(chunks));
}

function parseCgi(output: Buffer): Answer {
  const split = output.indexOf('\r\n\r\n');
  if (split < 0) return { status: 500, body: 'git http-backend answered nothing' };
  const lines = output.subarray(0, split).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const { status = '200', ...rest } = headers;
  return { status: Number.parseInt(status, 10), headers: rest, body: output.subarray(split + 4) };
}
