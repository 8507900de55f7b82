// Requests and answers of the fake forges, the same for all their servers. Knows no rule of a forge.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** Which of a forge's doors a request came to; `auth` hands out tokens for the registry. */
export type Channel = 'rest' | 'graphql' | 'git' | 'registry' | 'auth';

/** One request, as it was logged. */
export interface FakeRequest {
  readonly channel: Channel;
  readonly method: string;
  /** As it was sent, with the query, without `/api/v3` of an Enterprise Server: `/repos/team/app/branches?per_page=100&page=2`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The token in the Authorization header, whatever its form; undefined without one. */
  readonly token: string | undefined;
  /** Fields asked for, of a GraphQL query: `repository.deployments`. */
  fields?: string;
  /** Undefined until it is answered, and for ever when it is left hanging or dropped. */
  status?: number;
}

/** An answer. `json` outranks `body`. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly body?: Uint8Array | string;
}

/** What becomes of a request: an answer, none for ever (`hang`), or a connection that breaks (`drop`). */
export type Fate = Answer | 'hang' | 'drop';

/** One server on loopback. */
export interface FakeServer {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  close(): Promise<void>;
}

/** `GET /repos/team/app/branches?page=2 200`: no port, no date, no secret. */
export function formatRequest(request: FakeRequest): string {
  const fields = request.fields === undefined ? '' : ` (${request.fields})`;
  return `${request.method} ${request.path}${fields} ${request.status ?? 'no answer'}`;
}

/** Starts a server whose every request goes to `serve`. An exception of it becomes a 500 with its words. */
export async function startServer(
  serve: (message: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<FakeServer> {
  const server = createServer((message, response) => {
    serve(message, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' });
      response.end(`the fake failed: ${error instanceof Error ? error.stack : String(error)}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    host: `127.0.0.1:${address.port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The request with its whole body. */
export async function readRequest(message: IncomingMessage, channel: Channel, path: string): Promise<FakeRequest> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of message) if (chunk instanceof Uint8Array) chunks.push(chunk);
  const headers = Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
  const body = Buffer.concat(chunks);
  return { channel, method: message.method ?? '', path, headers, body, token: tokenIn(headers['authorization']) };
}

/** Sends an answer; a HEAD gets its headers only. Resolves when it is sent, or the client is gone, for which a `hang` waits. */
export async function sendAnswer(response: ServerResponse, request: FakeRequest, fate: Fate): Promise<void> {
  const isOver = new Promise<void>((resolve) => response.once('close', resolve));
  if (response.destroyed) return;
  if (fate === 'drop') response.destroy();
  else if (fate !== 'hang') writeAnswer(response, request, fate);
  await isOver;
}

function writeAnswer(response: ServerResponse, request: FakeRequest, answer: Answer): void {
  request.status = answer.status;
  const isJson = answer.json !== undefined;
  const body = Buffer.from(isJson ? JSON.stringify(answer.json) : (answer.body ?? ''));
  response.writeHead(answer.status, {
    ...(isJson ? { 'content-type': 'application/json; charset=utf-8' } : {}),
    ...(answer.status === 204 ? {} : { 'content-length': String(body.byteLength) }),
    ...answer.headers,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** Octokit sends `token X`, GitHub takes `Bearer X` too; git and docker send Basic with the token as the password. */
function tokenIn(header: string | undefined): string | undefined {
  const [, scheme = '', value = ''] = /^(\S+)\s+(.+)$/.exec(header ?? '') ?? [];
  if (/^(?:token|bearer)$/i.test(scheme)) return value;
  if (!/^basic$/i.test(scheme)) return undefined;
  const text = Buffer.from(value, 'base64').toString('utf8');
  return text.slice(text.indexOf(':') + 1);
}
