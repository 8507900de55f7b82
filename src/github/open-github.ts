// Opens the way to one GitHub: Octokit on our own connections, with GitHub's limits, our retries, errors and budget.

import { NetworkError, UsageError } from '../errors.ts';
import { type ConnectionLimits, DEFAULT_LIMITS } from '../http/connection-limits.ts';
import { openFetch } from '../http/open-fetch.ts';
import { readAuthorities } from '../http/read-authorities.ts';
import type { Log } from '../log.ts';
import type { Github, GithubRequest, GithubResponse, GithubSettings } from './github.ts';
import { createQuotaWatch, type ReadHeader } from './quota.ts';
import { readList } from './read-list.ts';
import { type Clock, createRequestGate, systemClock } from './request-gate.ts';
import { runQuery } from './run-query.ts';
import { createWire, type Wire } from './wire.ts';

/** What a connection needs besides its settings. */
export interface GithubOptions {
  /** Where proxies are looked up: `process.env` in a run. */
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Log;
  /** 0 to 1: writes stop when this share of the hourly quota is used. Default 0.8. */
  readonly budgetShare?: number;
  /** Overrides of the usual bounds. */
  readonly limits?: Partial<ConnectionLimits>;
  /** The machine's unless given. */
  readonly clock?: Clock;
  /** GitHub's published 900 unless given. */
  readonly pointsPerMinute?: number;
}

const DEFAULT_BUDGET_SHARE = 0.8;
/** The version of the interface that this code knows: https://docs.github.com/en/rest/about-the-rest-api/api-versions */
const API_VERSION = '2022-11-28';
/** A page of a hundred pull requests has about 2 MB. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * A connection; nothing is asked yet. `close` it when done.
 * @throws UsageError USAGE for an unusable address, authorities file or proxy variable.
 */
export async function openGithub(settings: GithubSettings, options: GithubOptions): Promise<Github> {
  const { environment, log, clock = systemClock } = options;
  const { apiUrl, origin, host } = parseApiUrl(settings.apiUrl);
  if (settings.token !== '') log.secret(settings.token);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const secureContext = settings.caFile === undefined ? {} : { secureContext: await readAuthorities(settings.caFile) };
  const closing = new AbortController();
  const { signal } = closing;
  const fetcher = await openFetch({ origin, maxBytes: MAX_BYTES, signal, limits, environment, log, ...secureContext });
  const octokit = await openOctokit({ apiUrl, token: settings.token, log });
  const quota = createQuotaWatch(options.budgetShare ?? DEFAULT_BUDGET_SHARE);
  const { pointsPerMinute } = options;
  const gateOptions = { maxInFlight: limits.maxInFlight, clock, signal };
  const gate = createRequestGate(pointsPerMinute === undefined ? gateOptions : { ...gateOptions, pointsPerMinute });
  let scopes: readonly string[] | undefined;
  const learn = (header: ReadHeader): void => {
    quota.learn(header, clock.now());
    scopes = readScopes(header) ?? scopes;
  };
  const wire = createWire({ octokit, fetcher, gate, quota, limits, clock, learn, host, log, signal });
  return {
    apiUrl,
    request: (request) => sendRequest(wire, request),
    list: (request) => readList({ wire, origin, request }),
    graphql: (query) => runQuery({ wire, apiUrl, host }, query),
    quota: () => quota.quota(),
    scopes: () => scopes,
    close: async () => {
      closing.abort(new NetworkError(`The connection to ${host} was closed.`, { code: 'NETWORK' }));
      await fetcher.close();
    },
  };
}

async function sendRequest(wire: Wire, request: GithubRequest): Promise<GithubResponse> {
  const { status, data, header } = await wire.send(request);
  return { status, header, data: data === '' ? undefined : data };
}

/** Classic tokens tell their scopes with every answer: https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps */
function readScopes(header: ReadHeader): readonly string[] | undefined {
  const text = header('x-oauth-scopes');
  const scopes = text?.split(',').map((scope) => scope.trim());
  return scopes?.filter((scope) => scope !== '');
}

function parseApiUrl(text: string): { readonly apiUrl: string; readonly origin: string; readonly host: string } {
  const url = URL.parse(text);
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (url === null || !isWeb || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new UsageError('The address of GitHub’s interface is not a web address.', {
      code: 'USAGE',
      hint: 'It looks like https://api.github.com, or https://HOST/api/v3 (GITHUB_API_URL).',
    });
  return { apiUrl: url.href.replace(/\/+$/, ''), origin: url.origin, host: url.host };
}

async function openOctokit(options: { readonly apiUrl: string; readonly token: string; readonly log: Log }) {
  const { Octokit } = await import('@octokit/rest');
  // Addresses without their queries: what is asked for is nobody's secret, what a server adds to an address may be.
  const say = (message: string): void => options.log.debug(message.replaceAll(/\?\S*/g, '?…'));
  const log = { debug: say, info: say, warn: say, error: say };
  const octokit = new Octokit({
    baseUrl: options.apiUrl,
    userAgent: 'registry-cleanup',
    log,
    request: { log },
    ...(options.token === '' ? {} : { auth: options.token }),
  });
  octokit.hook.before('request', (request) => {
    request.headers['x-github-api-version'] = API_VERSION;
  });
  return octokit;
}
