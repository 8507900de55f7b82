// Follows redirects by hand: blobs often lie in an object store behind a signed URL. Credentials never travel there.

import { ProtocolError } from '../errors.ts';
import { redactUrl } from '../http/redact-text.ts';
import type { HttpRequest, HttpResponse } from './http-client.ts';

/** A request, and the credentials that go with it while it stays on the origin it was made for. */
export interface AuthorizedRequest extends HttpRequest {
  readonly authorization?: string;
}

const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * The answer at the end of a chain of at most 5 redirects; only GET and HEAD are redirected, every other method gets the
 * 3xx itself. Once the chain has left the origin, `Authorization` is gone for good, and so are all headers but `Accept`.
 * @throws ProtocolError PROTOCOL for a chain that is too long, leads nowhere, or from https to http.
 */
export async function followRedirects(
  request: AuthorizedRequest,
  exchange: (request: HttpRequest) => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const { authorization, ...first } = request;
  let hop: HttpRequest =
    authorization === undefined ? first : { ...first, headers: { ...first.headers, authorization } };
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const response = await exchange(hop);
    if (!REDIRECTS.has(response.status) || (request.method !== 'GET' && request.method !== 'HEAD')) return response;
    hop = nextHop(hop, response.headers('location')[0]);
  }
  throw new ProtocolError(`Cannot ${request.purpose}: more than ${MAX_REDIRECTS} redirects.`, { code: 'PROTOCOL' });
}

function nextHop(hop: HttpRequest, location: string | undefined): HttpRequest {
  const from = `${hop.origin}${hop.path}`;
  if (location === undefined || !URL.canParse(location, from)) throw badRedirect(hop, 'without a usable address');
  const url = new URL(location, from);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw badRedirect(hop, `to ${url.protocol}`);
  if (url.protocol === 'http:' && hop.origin.startsWith('https:'))
    throw badRedirect(hop, `from https to ${redactUrl(url)}`);
  if (url.username !== '' || url.password !== '') throw badRedirect(hop, 'to an address with a user name');
  const target = { ...hop, origin: url.origin, path: `${url.pathname}${url.search}` };
  if (url.origin === hop.origin) return target;
  const accept = hop.headers['accept'];
  return { ...target, headers: accept === undefined ? {} : { accept } };
}

function badRedirect(hop: HttpRequest, what: string): ProtocolError {
  return new ProtocolError(`Cannot ${hop.purpose}: ${new URL(hop.origin).host} redirects ${what}.`, {
    code: 'PROTOCOL',
    details: { host: new URL(hop.origin).host },
  });
}
