// Opens the way to one GitLab: its REST interface on our own connections, with our retries, limits and errors.

import { NetworkError, UsageError } from '../errors.ts';
import { type ConnectionLimits, DEFAULT_LIMITS } from '../http/connection-limits.ts';
import { createLimiter } from '../http/limit-requests.ts';
import { openFetch } from '../http/open-fetch.ts';
import { readAuthorities } from '../http/read-authorities.ts';
import type { Log } from '../log.ts';
import type { Gitlab, GitlabRequest, GitlabResponse, GitlabSettings } from './gitlab.ts';
import { readList } from './read-list.ts';
import { createWire, type Wire } from './wire.ts';

/** What a connection needs besides its settings. */
export interface GitlabOptions {
  /** Where proxies are looked up: `process.env` in a run. */
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Log;
  /** Overrides of the usual bounds. */
  readonly limits?: Partial<ConnectionLimits>;
}

/** A small instance has a few workers for everybody, and GitLab.com counts 2,000 requests a minute. */
const MAX_IN_FLIGHT = 16;
/** A page of a hundred merge requests has about 1 MB. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * A connection; nothing is asked yet. `close` it when done.
 * @throws UsageError USAGE for an unusable address, authorities file or proxy variable.
 */
export async function openGitlab(settings: GitlabSettings, options: GitlabOptions): Promise<Gitlab> {
  const { environment, log } = options;
  const { apiUrl, origin, host } = parseApiUrl(settings.apiUrl);
  const { token, caFile } = settings;
  if (token !== undefined) log.secret(token.value);
  const limits = { ...DEFAULT_LIMITS, maxInFlight: MAX_IN_FLIGHT, ...options.limits };
  const secureContext = caFile === undefined ? {} : { secureContext: await readAuthorities(caFile) };
  const closing = new AbortController();
  const { signal } = closing;
  const common = { limits, log, signal };
  // A project that has moved is another one until somebody has looked.
  const redirects = 'return';
  const fetcher = await openFetch({ ...common, origin, maxBytes: MAX_BYTES, redirects, environment, ...secureContext });
  const limiter = createLimiter(limits.maxInFlight);
  const wire = createWire({ ...common, apiUrl, fetcher, limiter, ...(token === undefined ? {} : { token }) });
  return {
    apiUrl,
    request: (request) => sendRequest(wire, request),
    list: (request) => readList({ wire, origin, request }),
    close: async () => {
      closing.abort(new NetworkError(`The connection to ${host} was closed.`, { code: 'NETWORK' }));
      limiter.release();
      await fetcher.close();
    },
  };
}

async function sendRequest(wire: Wire, request: GitlabRequest): Promise<GitlabResponse> {
  const { status, data, header } = await wire.send(request);
  return { status, header, data: data === '' ? undefined : data };
}

function parseApiUrl(text: string): { readonly apiUrl: string; readonly origin: string; readonly host: string } {
  const url = URL.parse(text);
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (url === null || !isWeb || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new UsageError('The address of GitLab’s interface is not a web address.', {
      code: 'USAGE',
      hint: 'It looks like https://gitlab.com/api/v4, or https://HOST/api/v4 (gitlab-url, CI_API_V4_URL).',
    });
  return { apiUrl: url.href.replace(/\/+$/, ''), origin: url.origin, host: url.host };
}
