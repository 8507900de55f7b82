// A door before a container engine's socket that writes down every HTTP/1.1 request line that goes through it. It changes nothing.

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A running door. */
export interface WatchedSocket {
  /** The path of its own socket. */
  readonly socket: string;
  /** `GET /v1.41/images/json?all=true`, oldest first. Grows. */
  readonly log: readonly string[];
  stop(): Promise<void>;
}

const REQUEST_LINE = /(?:^|\r\n)([A-Z]+ \/\S*) HTTP\/1\.1\r\n/;
const END_OF_HEAD = '\r\n\r\n';

/** Passes everything on to the socket. */
export async function startWatchedSocket(target: string): Promise<WatchedSocket> {
  const folder = await mkdtemp(join(tmpdir(), 'watched-'));
  const log: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target);
    let rest = '';
    client.on('data', (chunk) => {
      const heads = (rest + chunk.toString('latin1')).split(END_OF_HEAD);
      rest = heads.pop() ?? '';
      for (const head of heads) log.push(...(REQUEST_LINE.exec(`${head}\r\n`)?.slice(1) ?? []));
    });
    client.pipe(upstream).pipe(client);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => sockets.delete(one));
    }
  });
  server.listen(join(folder, 'engine.sock'));
  await once(server, 'listening');
  return {
    socket: join(folder, 'engine.sock'),
    log,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
      await rm(folder, { recursive: true });
    },
  };
}
