// Makes undici's pool: kept connections, own authorities, proxies. One of the two places that load undici.

import type { SecureContext } from 'node:tls';
import type { Agent, Dispatcher } from 'undici';
import { UsageError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ConnectionLimits } from './connection-limits.ts';

/** What a dispatcher is made from. */
export interface DispatcherOptions {
  readonly limits: ConnectionLimits;
  /** TLS context with further authorities; Node's own without. */
  readonly secureContext?: SecureContext;
  /** Certificates of servers are not checked; those of proxies are. */
  readonly skipTlsVerify?: true;
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Log;
}

/** Proxies as the environment names them. */
interface Proxies {
  /** For http URLs, and as undici has it for https ones too when `https` is missing. */
  readonly http: string | undefined;
  readonly https: string | undefined;
  readonly none: string;
}

/** Loopback never goes through a proxy, whatever NO_PROXY says. */
const ALWAYS_DIRECT = ['localhost', '127.0.0.1', '::1'];

/**
 * A pool of connections to any origin, through `http_proxy`, `https_proxy` (either case) unless `no_proxy` says
 * otherwise. HTTP/2 stays off: it pays only above a hundred requests in flight.
 * @throws UsageError USAGE when a proxy variable holds no http or https URL.
 */
export async function openDispatcher(options: DispatcherOptions): Promise<Dispatcher> {
  const { limits, secureContext, skipTlsVerify } = options;
  const proxyTls = { timeout: limits.connectTimeoutMs, ...(secureContext === undefined ? {} : { secureContext }) };
  const tls = { ...proxyTls, ...(skipTlsVerify === true ? { rejectUnauthorized: false } : {}) };
  const agentOptions: Agent.Options = {
    connections: limits.maxInFlight,
    pipelining: 1,
    allowH2: false,
    // Longer than undici's 4 s, so that a pause between two phases of a run keeps its connections.
    keepAliveTimeout: 30_000,
    connect: tls,
  };
  const proxies = readProxies(options.environment);
  const undici = await import('undici');
  if (proxies.http === undefined && proxies.https === undefined) return new undici.Agent(agentOptions);
  registerPasswords(proxies, options.log);
  return new undici.EnvHttpProxyAgent({
    ...agentOptions,
    // Empty texts, because undici would read its own environment where they are missing.
    httpProxy: proxies.http ?? '',
    httpsProxy: proxies.https ?? '',
    noProxy: proxies.none,
    requestTls: tls,
    proxyTls,
  });
}

function readProxies(environment: NodeJS.ProcessEnv): Proxies {
  const read = (name: string): string | undefined => environment[name.toLowerCase()] ?? environment[name];
  const none = [read('NO_PROXY') ?? '', ...ALWAYS_DIRECT].join(',');
  return {
    http: checkProxy('HTTP_PROXY', read('HTTP_PROXY')),
    https: checkProxy('HTTPS_PROXY', read('HTTPS_PROXY')),
    none,
  };
}

function checkProxy(name: string, text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  const url = text.includes('://') ? text : `http://${text}`;
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new UsageError(`The environment variable ${name} is not the URL of an http proxy.`, {
    code: 'USAGE',
    hint: 'It looks like http://proxy.example:3128.',
  });
}

function registerPasswords(proxies: Proxies, log: Log): void {
  for (const proxy of [proxies.http, proxies.https]) {
    const password = proxy === undefined ? '' : new URL(proxy).password;
    if (password === '') continue;
    log.secret(password);
    log.secret(decodeURIComponent(password));
  }
}
