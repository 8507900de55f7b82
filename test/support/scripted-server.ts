// An HTTP server on loopback that answers as a test says, remembers what it was asked, and can misbehave.

import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

/** A request as the server saw it. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An answer, or a way of not giving one. */
export type Reply =
  | {
      readonly status: number;
      readonly headers?: { readonly [name: string]: string | readonly string[] };
      readonly body?: string | Buffer;
    }
  /** `hang`: never answers. `reset`: cuts the connection. `truncate`: cuts it in the middle of a body. */
  | { readonly fault: 'hang' | 'reset' | 'truncate' };

/** What to answer to the `count`-th request (from 1) of this method and URL. */
export type Script = (request: SeenRequest, count: number) => Reply | Promise<Reply>;

/** A running server. */
export interface ScriptedServer {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly origin: string;
  /** All requests but `GET /v2/`, oldest first; grows. */
  readonly requests: readonly SeenRequest[];
  /** `GET /v2/` requests so far. */
  readonly pings: () => number;
  /** Connections that carried at least one request. */
  readonly connections: () => number;
  stop(): Promise<void>;
}

/** Starts a server; with `tls` on https. Without a word of the script about it, `GET /v2/` is answered with 200. */
export async function startScriptedServer(
  script: Script,
  tls?: { readonly cert: string; readonly key: string },
): Promise<ScriptedServer> {
  const requests: SeenRequest[] = [];
  const counts = new Map<string, number>();
  const sockets = new Set<Socket>();
  let pings = 0;
  const listener = (message: IncomingMessage, response: ServerResponse): void => {
    sockets.add(message.socket);
    void (async () => {
      let body = '';
      for await (const chunk of message.setEncoding('utf8')) body += String(chunk);
      const { method = '', url = '', headers } = message;
      const key = `${method} ${url}`;
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      const request = { method, url, headers, body };
      if (key === 'GET /v2/') pings += 1;
      else requests.push(request);
      reply(await script(request, count), message, response);
    })();
  };
  const server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    origin: `${tls === undefined ? 'http' : 'https'}://${host}`,
    requests,
    pings: () => pings,
    connections: () => sockets.size,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function reply(answer: Reply, message: IncomingMessage, response: ServerResponse): void {
  if (!('fault' in answer)) {
    response.writeHead(answer.status, answer.headers as Record<string, string | string[]>);
    response.end(message.method === 'HEAD' ? undefined : (answer.body ?? ''));
    return;
  }
  if (answer.fault === 'reset') message.socket.resetAndDestroy();
  if (answer.fault === 'truncate') {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('half', () => message.socket.resetAndDestroy());
  }
}
