// The pool of connections to one server, straight or through a proxy.

import * as http from 'node:http';
import * as https from 'node:https';
import type { Duplex } from 'node:stream';
import { getCACertificates, type SecureContext } from 'node:tls';
import { openTunnel } from './open-tunnel.ts';

/** How a server is reached. */
export interface Route {
  readonly url: URL;
  /** Absent: straight. */
  readonly proxy?: URL;
  readonly secureContext: SecureContext;
  /** PEM authorities besides the usual ones, for an https proxy. */
  readonly authorities?: string;
  readonly isChecked: boolean;
  /** The name that the server's certificate must have. Absent: the one in its address. */
  readonly name?: string;
  /** Longest wait for a proxy, in milliseconds. */
  readonly timeoutMs: number;
}

/** Connections to one server; as many as lists may run at once. */
const MAX_SOCKETS = 16;

/** A pool that keeps connections. `destroy` ends them, and those that are still being made. */
export function openAgent(route: Route): http.Agent {
  const kept = { keepAlive: true, maxSockets: MAX_SOCKETS };
  const { secureContext, isChecked, name } = route;
  // Said outright: otherwise NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment would decide.
  const tls = { secureContext, rejectUnauthorized: isChecked, ...(name === undefined ? {} : { servername: name }) };
  const isPlain = route.url.protocol === 'http:';
  const agent = isPlain ? new http.Agent(kept) : new https.Agent({ ...kept, ...tls });
  return route.proxy === undefined ? agent : throughProxy(agent, route, route.proxy);
}

function throughProxy(agent: http.Agent, route: Route, proxy: URL): http.Agent {
  const secure = agent.createConnection.bind(agent);
  const destroy = agent.destroy.bind(agent);
  const abort = new AbortController();
  const host = route.url.hostname.replace(/^\[(.*)\]$/, '$1');
  const isPlain = route.url.protocol === 'http:';
  const port = Number(route.url.port || (isPlain ? 80 : 443));
  const authorities = proxy.protocol === 'https:' ? proxyAuthorities(route) : [];
  const connect = async (
    options: http.ClientRequestArgs,
    done: NonNullable<Parameters<http.Agent['createConnection']>[1]>,
  ): Promise<void> => {
    let stream: Duplex;
    try {
      const { timeoutMs } = route;
      const socket = await openTunnel({ proxy, host, port, authorities, timeoutMs, signal: abort.signal });
      stream = isPlain ? socket : (secure({ ...options, socket } as https.RequestOptions) as Duplex);
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)), NOTHING);
      return;
    }
    done(null, stream);
  };
  agent.createConnection = (options, callback) => {
    if (callback !== undefined) void connect(options, callback);
    return undefined;
  };
  agent.destroy = () => {
    abort.abort();
    destroy();
  };
  return agent;
}

/** Node's pool takes no socket together with an error, which its types do not know. */
const NOTHING = undefined as unknown as Duplex;

/** kubectl checks an https proxy against the kubeconfig's authorities; one of the company or of the world is as good. */
function proxyAuthorities({ authorities }: Route): readonly string[] {
  const usual = [...getCACertificates('default'), ...getCACertificates('system')];
  return [...new Set(authorities === undefined ? usual : [...usual, authorities])];
}
