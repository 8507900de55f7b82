// GitHub's cache service of the first kind, on loopback: entries never change, a prefix finds the newest, an upload comes in parts.
// What `@actions/cache` says to it: https://github.com/actions/toolkit/blob/main/packages/cache/src/internal/cacheHttpClient.ts

import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** One saved entry. */
export interface CacheEntry {
  readonly key: string;
  readonly version: string;
  readonly archive: Buffer;
}

/** A running service. */
export interface CacheService {
  /** For ACTIONS_CACHE_URL. */
  readonly url: string;
  readonly entries: readonly CacheEntry[];
  /** `GET cache`, `POST caches`, in order of arrival. */
  readonly requests: readonly string[];
  /** True: every request is answered with 503. */
  isDown: boolean;
  stop(): Promise<void>;
}

interface Reserved {
  readonly key: string;
  readonly version: string;
  archive: Buffer;
}

/** Starts a service without entries. */
export async function startCacheService(): Promise<CacheService> {
  const entries: CacheEntry[] = [];
  const reserved: Reserved[] = [];
  const requests: string[] = [];

  const routes: Readonly<
    Record<string, (message: IncomingMessage, at: URL, body: Buffer) => object | Buffer | number>
  > = {
    'GET cache': (_, at) => {
      const keys = at.searchParams.get('keys')?.split(',') ?? [];
      const version = at.searchParams.get('version');
      const found = keys.flatMap(
        (key) => entries.findLast((one) => one.version === version && one.key.startsWith(key)) ?? [],
      );
      const [entry] = found;
      if (entry === undefined) return 204;
      return { cacheKey: entry.key, archiveLocation: `${service.url}archive/${entries.indexOf(entry)}` };
    },
    'GET archive': (_, at) => entries[Number(at.pathname.split('/').at(-1))]?.archive ?? 404,
    'POST caches': (_, __, body) => {
      const { key, version } = JSON.parse(body.toString()) as Reserved;
      if (entries.some((one) => one.key === key && one.version === version)) return 409;
      reserved.push({ key, version, archive: Buffer.alloc(0) });
      return { cacheId: reserved.length };
    },
    'PATCH caches': (message, at, body) => {
      const one = reserved[Number(at.pathname.split('/').at(-1)) - 1];
      const [, start] = /^bytes (\d+)-/.exec(message.headers['content-range'] ?? '') ?? [];
      if (one === undefined || Number(start) !== one.archive.length) return 400;
      one.archive = Buffer.concat([one.archive, body]);
      return 204;
    },
    'POST commit': (_, at) => {
      const one = reserved[Number(at.pathname.split('/').at(-1)) - 1];
      if (one === undefined) return 400;
      entries.push(one);
      return 204;
    },
  };

  const server = createServer((message, response) => {
    void (async () => {
      const at = new URL(message.url ?? '/', 'http://127.0.0.1');
      const body = await buffer(message);
      const [, what = ''] = /^\/(?:_apis\/artifactcache\/)?(\w+)/.exec(at.pathname) ?? [];
      const isCommit = message.method === 'POST' && /\/caches\/\d+$/.test(at.pathname);
      const route = `${message.method} ${isCommit ? 'commit' : what}`;
      requests.push(route);
      const answer = service.isDown ? 503 : (routes[route]?.(message, at, body) ?? 404);
      if (typeof answer === 'number') response.writeHead(answer).end();
      else if (Buffer.isBuffer(answer)) response.writeHead(200, { 'content-length': answer.length }).end(answer);
      else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the cache service has no port');
  const service: CacheService = {
    url: `http://127.0.0.1:${address.port}/`,
    entries,
    requests,
    isDown: false,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return service;
}
