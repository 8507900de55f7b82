// Keeps the requests to a registry below so many in any minute, for registries that count them.

import PQueue from 'p-queue';
import { NetworkError } from '../errors.ts';
import type { Transport } from './transport.ts';

/** So many requests in any `intervalMs` milliseconds, and never more. */
export interface RequestPace {
  readonly requests: number;
  readonly intervalMs: number;
}

/** The transport, which it owns from now on, with its requests held back as the pace asks. Retries are not counted: they wait anyway. */
export function paceTransport(transport: Transport, pace: RequestPace): Transport {
  const queue = new PQueue({ intervalCap: pace.requests, interval: pace.intervalMs, strict: true });
  let isClosed = false;
  return {
    origin: transport.origin,
    request: (request) =>
      queue.add(async () => {
        if (isClosed) throw new NetworkError('The connection was closed.', { code: 'NETWORK' });
        return transport.request(request);
      }),
    close: async () => {
      isClosed = true;
      queue.clear();
      await transport.close();
    },
  };
}
