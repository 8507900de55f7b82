// A connection through a proxy to a host and port. What goes through it is none of the proxy's business: TLS comes on top.

import { once } from 'node:events';
import * as http from 'node:http';
import * as https from 'node:https';
import { connect, isIP, type Socket } from 'node:net';
import { describeCause } from '../../errors.ts';
import { describeProxy } from './find-proxy.ts';
import { greetSocks } from './greet-socks.ts';

/** Where a tunnel begins and ends. */
export interface Tunnel {
  readonly proxy: URL;
  readonly host: string;
  readonly port: number;
  /** PEM authorities that an https proxy is checked against. It is always checked. */
  readonly authorities: readonly string[];
  readonly timeoutMs: number;
  /** Gives up the attempt. */
  readonly signal: AbortSignal;
}

const SOCKS_PORT = 1080;

/**
 * A connection that is open to the end. The caller owns the socket.
 * @throws Error that names the proxy, without its password, when it cannot be reached, refuses, or takes too long.
 */
export async function openTunnel(tunnel: Tunnel): Promise<Socket> {
  const timeout = AbortSignal.timeout(tunnel.timeoutMs);
  const signal = AbortSignal.any([tunnel.signal, timeout]);
  try {
    return await (tunnel.proxy.protocol.startsWith('socks') ? openSocks(tunnel, signal) : openConnect(tunnel, signal));
  } catch (error) {
    const why = timeout.aborted ? `no answer within ${tunnel.timeoutMs / 1000} seconds` : describeCause(error);
    throw new Error(`the proxy ${describeProxy(tunnel.proxy)}: ${why}`, { cause: error });
  }
}

/** https://www.rfc-editor.org/rfc/rfc9110#name-connect */
function openConnect({ proxy, host, port, authorities }: Tunnel, signal: AbortSignal): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const target = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const login = loginOf(proxy);
  const options: https.RequestOptions = {
    host: bareHost(proxy),
    port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
    method: 'CONNECT',
    path: target,
    agent: false,
    signal,
    headers: {
      Host: target,
      ...(login === undefined
        ? {}
        : { 'Proxy-Authorization': `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}` }),
    },
  };
  // Said outright, because Node would take the name from the Host header, which is the target's.
  const servername = isIP(bareHost(proxy)) === 0 ? bareHost(proxy) : '';
  const request =
    proxy.protocol === 'https:'
      ? https.request({ ...options, ca: [...authorities], servername, rejectUnauthorized: true })
      : http.request(options);
  request.once('connect', (response, socket, head) => {
    if (response.statusCode !== 200) {
      socket.destroy();
      reject(new Error(`it answered ${response.statusCode} to CONNECT`));
      return;
    }
    if (head.length > 0) socket.unshift(head);
    resolve(socket as Socket);
  });
  request.once('response', (response) => {
    request.destroy();
    reject(new Error(`it answered ${response.statusCode} to CONNECT`));
  });
  request.on('error', reject);
  request.end();
  return promise;
}

async function openSocks({ proxy, host, port }: Tunnel, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ host: bareHost(proxy), port: Number(proxy.port || SOCKS_PORT) });
  const onAbort = (): unknown => socket.destroy(new Error('it was given up'));
  signal.addEventListener('abort', onAbort);
  try {
    signal.throwIfAborted();
    await once(socket, 'connect');
    await greetSocks(socket, { host, port, login: loginOf(proxy) });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function bareHost(proxy: URL): string {
  return proxy.hostname.replace(/^\[(.*)\]$/, '$1');
}

function loginOf(proxy: URL): { readonly user: string; readonly password: string } | undefined {
  if (proxy.username === '' && proxy.password === '') return undefined;
  return { user: decodeURIComponent(proxy.username), password: decodeURIComponent(proxy.password) };
}
