// A TCP proxy on loopback that writes down every HTTP/1.1 request line that goes through it. It changes nothing.

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A running proxy. */
export interface WatchingProxy {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly origin: string;
  /** `GET /v2/team/app/tags/list?n=1000`, oldest first; the pings of `/v2/` left out. Grows. */
  readonly log: readonly string[];
  /** Connections accepted so far. */
  connections(): number;
  stop(): Promise<void>;
}

const END_OF_HEAD = '\r\n\r\n';

/** A request line at the beginning of what came since the last empty line; bodies of PUTs do not look like it. */
const REQUEST_LINE = /(?:^|\r\n)([A-Z]+ \/\S*) HTTP\/1\.1\r\n/;

/** Passes everything on to `127.0.0.1:PORT`. */
export async function startWatchingProxy(target: string): Promise<WatchingProxy> {
  const log: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((client) => {
    connections += 1;
    const upstream = connect(Number(target.split(':')[1]), '127.0.0.1');
    for (const socket of [client, upstream]) sockets.add(socket);
    let rest = '';
    client.on('data', (chunk) => {
      const heads = (rest + chunk.toString('latin1')).split(END_OF_HEAD);
      rest = heads.pop() ?? '';
      for (const head of heads) {
        const line = REQUEST_LINE.exec(`${head}\r\n`)?.[1];
        if (line !== undefined && line !== 'GET /v2/') log.push(line);
      }
    });
    client.pipe(upstream).pipe(client);
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
    client.on('close', () => sockets.delete(client));
    upstream.on('close', () => sockets.delete(upstream));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  const host = `127.0.0.1:${address.port}`;
  return {
    host,
    origin: `http://${host}`,
    log,
    connections: () => connections,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
