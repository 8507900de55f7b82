// Keeps the requests to a registry below so many in any minute, for registries that count them.

import PQueue from 'p-queue';
import { NetworkError } from '../errors.ts';
import type { Transport } from './transport.ts';

/** So many requests in any `intervalMs` milliseconds, and never more. */
export interface RequestPace {
  readonly requests: number;
  readonly intervalMs: number;
}

/** A pace that several transports share: together they send no more than it allows. */
export interface SharedPace {
  /** The transport, which it owns from now on, with its requests held back as the pace asks. Retries are not counted: they wait anyway. */
  apply(transport: Transport): Transport;
}

/** A pace for transports to one registry. Closing one of them ends what waits of all. */
export function createSharedPace(pace: RequestPace): SharedPace {
  const queue = new PQueue({ intervalCap: pace.requests, interval: pace.intervalMs, strict: true });
  return { apply: (transport) => hold(transport, queue) };
}

/** The transport, which it owns from now on, with its requests held back as the pace asks. Retries are not counted: they wait anyway. */
export function paceTransport(transport: Transport, pace: RequestPace): Transport {
  return createSharedPace(pace).apply(transport);
}

function hold(transport: Transport, queue: PQueue): Transport {
  let isClosed = false;
  return {
    origin: transport.origin,
    request: (request) =>
      queue.add(async () => {
        if (isClosed) throw new NetworkError('The connection was closed.', { code: 'NETWORK' });
        return transport.request(request);
      }),
    grants: (actions) => transport.grants(actions),
    close: async () => {
      isClosed = true;
      queue.clear();
      await transport.close();
    },
  };
}
