// Answers that are read as they arrive.

import * as http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HttpAccess, httpGet, httpOpen } from '../../../src/kubernetes/connection/http-get.ts';

/** Four megabytes that do not shrink to nothing. */
const LARGE = Buffer.from(
  Array.from({ length: 400_000 }, (_, index) => `${(index * 2_654_435_761) % 4_294_967_296}`).join(','),
);

describe('an answer', () => {
  let server: http.Server;
  let url: URL;
  let access: HttpAccess;
  let answer: (response: http.ServerResponse) => void;
  const signal = new AbortController().signal;

  beforeEach(async () => {
    server = http.createServer((_, response) => answer(response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    url = new URL(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`);
    access = { agent: new http.Agent({ keepAlive: true }), headers: {}, idleMs: 300 };
  });
  afterEach(async () => {
    access.agent.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  function zipped(body: Buffer): void {
    answer = (response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' });
      response.end(gzipSync(body, { level: 1 }));
    };
  }

  it('is the same read whole and in parts', async () => {
    zipped(LARGE);
    expect((await httpGet(url, access, signal)).body.equals(LARGE)).toBe(true);
    const { body } = await httpOpen(url, access, signal);
    const parts: Buffer[] = [];
    for await (const part of body) parts.push(Buffer.from(part));
    expect(parts.length).toBeGreaterThan(4);
    expect(Buffer.concat(parts).equals(LARGE)).toBe(true);
  });

  it('gives memory back while it is read', async () => {
    zipped(LARGE);
    const { body } = await httpOpen(url, access, signal);
    const buffers = new Set<ArrayBufferLike>();
    for await (const part of body) buffers.add(part.buffer);
    const left = [...buffers].reduce((sum, buffer) => sum + buffer.byteLength, 0);
    expect(left).toBe(0);
  });

  it('may be read slowly: only the server may not be silent', async () => {
    zipped(LARGE);
    const { body } = await httpOpen(url, access, signal);
    let size = 0;
    for await (const part of body) {
      if (size === 0) await sleep(700);
      size += part.length;
    }
    expect(size).toBe(LARGE.length);
  });

  it('may wait to be read', async () => {
    zipped(LARGE);
    const { body } = await httpOpen(url, access, signal);
    await sleep(700);
    let size = 0;
    for await (const part of body) size += part.length;
    expect(size).toBe(LARGE.length);
  });

  it.each([
    ['before its head', () => undefined],
    [
      'in its middle',
      (response: http.ServerResponse) => {
        response.writeHead(200, { 'Content-Length': 100 });
        response.write('x');
      },
    ],
  ])('is given up when the server falls silent %s', async (_, silent) => {
    answer = silent;
    await expect(httpGet(url, access, signal)).rejects.toThrow('no answer within 0.3 seconds');
  });

  it('that breaks off while nobody reads is an error for whoever reads then, and ends no process', async () => {
    answer = (response) => {
      response.writeHead(200, { 'Content-Length': LARGE.length, 'Content-Encoding': 'gzip' });
      response.write(gzipSync(LARGE).subarray(0, 100_000), () => response.socket?.destroy());
    };
    const { body } = await httpOpen(url, access, signal);
    await sleep(200);
    await expect(
      (async () => {
        for await (const part of body) if (part.length === 0) break;
      })(),
    ).rejects.toThrow();
  });

  it('that is dropped ends its connection', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    answer = (response) => {
      response.on('close', resolve);
      response.writeHead(200);
      response.write(LARGE);
    };
    (await httpOpen(url, access, signal)).drop();
    await closed;
  });

  it('that is read whole leaves its connection for the next one', async () => {
    zipped(LARGE);
    let connections = 0;
    server.on('connection', () => connections++);
    for (let count = 0; count < 3; count++) await httpGet(url, access, signal);
    expect(connections).toBe(1);
  });

  it('with an encoding that was not asked for is an error', async () => {
    answer = (response) => {
      response.writeHead(200, { 'Content-Encoding': 'br' });
      response.end('x');
    };
    await expect(httpOpen(url, access, signal)).rejects.toThrow(/content encoding "br"/);
  });
});
