// The pace of requests to a registry that counts them.

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { paceTransport } from '../../src/registry/pace-transport.ts';
import type { RegistryRequest, Transport } from '../../src/registry/transport.ts';

const request: RegistryRequest = {
  method: 'GET',
  path: '/v2/',
  actions: [],
  maxBytes: 1,
  expect: [200],
  purpose: 'test',
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function recorder(): { readonly transport: Transport; readonly sent: () => number; readonly isClosed: () => boolean } {
  let sent = 0;
  let isClosed = false;
  const transport: Transport = {
    origin: 'http://127.0.0.1',
    request: () => {
      sent += 1;
      return Promise.resolve({ status: 200, header: () => undefined, body: new Uint8Array() });
    },
    grants: () => Promise.resolve(undefined),
    close: () => {
      isClosed = true;
      return Promise.resolve();
    },
  };
  return { transport, sent: () => sent, isClosed: () => isClosed };
}

it('lets no more than so many requests begin in any interval', async () => {
  const { transport, sent } = recorder();
  const paced = paceTransport(transport, { requests: 5, intervalMs: 60_000 });
  const send = () => paced.request(request);
  const early = [send(), send()];
  await vi.advanceTimersByTimeAsync(40_000);
  const late = Array.from({ length: 10 }, send);
  const seen: number[] = [];
  for (const ms of [0, 19_000, 2_000, 38_000, 3_000, 60_000]) {
    await vi.advanceTimersByTimeAsync(ms);
    seen.push(sent());
  }
  // At 40, 59, 61, 99, 102 and 162 s: two began at 0 s and three at 40 s, so that two more may at 60 s, and three at 100 s.
  expect(seen).toEqual([5, 5, 7, 7, 10, 12]);
  await Promise.all([...early, ...late]);
});

it('sends nothing more once it is closed', async () => {
  const { transport, sent, isClosed } = recorder();
  const paced = paceTransport(transport, { requests: 1, intervalMs: 10 });
  await paced.request(request);
  await paced.close();
  const refused = expect(paced.request(request)).rejects.toMatchObject({ code: 'NETWORK' });
  await vi.advanceTimersByTimeAsync(100);
  await refused;
  expect([sent(), isClosed()]).toEqual([1, true]);
});
