// A TCP proxy on loopback that counts connections and HTTP/1.1 requests without a body. Slow, so never used while timing.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** A running proxy. */
export interface CountingProxy {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Connections accepted, and requests seen on them, so far. */
  counts(): { readonly connections: number; readonly requests: number };
  stop(): void;
}

const END_OF_HEADERS = '\r\n\r\n';

/** Passes everything on to a port on loopback. Every request without a body ends with one empty line: these are counted. */
export async function startCountingProxy(targetPort: number): Promise<CountingProxy> {
  let connections = 0;
  let requests = 0;
  const server = createServer((client) => {
    connections += 1;
    let rest = '';
    const upstream = connect(targetPort, '127.0.0.1');
    client.on('data', (chunk) => {
      const parts = (rest + chunk.toString('latin1')).split(END_OF_HEADERS);
      requests += parts.length - 1;
      rest = parts.at(-1)?.slice(-END_OF_HEADERS.length + 1) ?? '';
    });
    client.pipe(upstream).pipe(client);
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    host: `127.0.0.1:${address.port}`,
    counts: () => ({ connections, requests }),
    stop: () => server.close(),
  };
}
