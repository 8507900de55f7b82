// An HTTP proxy on loopback before a registry that refuses some requests with 423, as a registry does that has locked an image.

import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** A running proxy. */
export interface RefusingProxy {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Whether a request is refused; `line` is `DELETE /v2/…`. Set it anew to change it. */
  refuses: (line: string) => boolean;
  /** Every request, refused or not, oldest first; grows. */
  readonly log: readonly string[];
  stop(): Promise<void>;
}

/** Passes everything else on to `127.0.0.1:PORT`, which it calls by the name that the client used. */
export async function startRefusingProxy(target: string): Promise<RefusingProxy> {
  const log: string[] = [];
  const proxy = { refuses: (_line: string): boolean => false };
  const server = createServer((asked, answer) => {
    const line = `${asked.method} ${asked.url}`;
    log.push(line);
    if (proxy.refuses(line)) refuse(asked, answer);
    else passOn(asked, answer, Number(target.split(':')[1]));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return Object.assign(proxy, {
    host: `127.0.0.1:${address.port}`,
    log,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  });
}

function refuse(asked: IncomingMessage, answer: ServerResponse): void {
  asked.resume();
  answer.writeHead(423, { 'content-type': 'application/json' });
  answer.end(JSON.stringify({ errors: [{ code: 'DENIED', message: 'the manifest is locked' }] }));
}

function passOn(asked: IncomingMessage, answer: ServerResponse, port: number): void {
  const { method = 'GET', url = '/', headers } = asked;
  const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(answer);
  });
  onward.on('error', () => answer.destroy());
  asked.pipe(onward);
}
