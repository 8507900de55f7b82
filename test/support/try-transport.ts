// Opens transports for tests: quick retries, a log that remembers, and one line for a request.

import type { ConnectionLimits } from '../../src/http/connection-limits.ts';
import type { Log } from '../../src/log.ts';
import { parseRegistryHost, parseRepositoryName } from '../../src/model/reference.ts';
import type { ConnectionSettings } from '../../src/registry/connection.ts';
import { openTransport } from '../../src/registry/open-transport.ts';
import type { RegistryRequest, RegistryResponse, Transport } from '../../src/registry/transport.ts';

/** A log that keeps every line and every registered secret. */
export interface RememberingLog extends Log {
  readonly lines: readonly string[];
  readonly secrets: readonly string[];
}

/** An empty {@link RememberingLog}. */
export function createRememberingLog(): RememberingLog {
  const lines: string[] = [];
  const secrets: string[] = [];
  const keep = (message: string): void => void lines.push(message);
  return {
    lines,
    secrets,
    debug: keep,
    info: keep,
    warn: keep,
    error: keep,
    progress: () => undefined,
    secret: (value) => void secrets.push(value),
  };
}

/** Milliseconds where a run takes seconds. */
const QUICK_LIMITS: Partial<ConnectionLimits> = { retryDelayMs: 5, retries: 3, headersTimeoutMs: 20_000 };

/** Opens a transport for `team/app` on the host, with no credentials but those in `settings` and `environment`. */
export function openTestTransport(
  host: string,
  options: {
    readonly settings?: Partial<ConnectionSettings>;
    readonly environment?: NodeJS.ProcessEnv;
    readonly limits?: Partial<ConnectionLimits>;
    readonly log?: Log;
  } = {},
): Promise<Transport> {
  return openTransport({
    host: parseRegistryHost(host),
    repository: parseRepositoryName('team/app'),
    settings: { plainHttp: false, ...options.settings },
    environment: options.environment ?? {},
    log: options.log ?? createRememberingLog(),
    limits: { ...QUICK_LIMITS, ...options.limits },
  });
}

/** One request; by default a GET that expects 200. */
export function ask(
  transport: Transport,
  path: string,
  request: Partial<RegistryRequest> = {},
): Promise<RegistryResponse> {
  return transport.request({
    method: 'GET',
    path,
    actions: ['pull'],
    maxBytes: 10_000,
    expect: [200],
    purpose: 'read a thing of team/app',
    ...request,
  });
}

/** The body of an answer as text. */
export function textOf(response: RegistryResponse): string {
  return Buffer.from(response.body).toString('utf8');
}
