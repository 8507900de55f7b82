// The wire to GitLab: sends one request when its turn comes, tries again what may work later, and judges the answer.

import type { GitlabToken } from '../config/settings.ts';
import { ProtocolError, RegistryError } from '../errors.ts';
import type { ConnectionLimits } from '../http/connection-limits.ts';
import type { Limiter } from '../http/limit-requests.ts';
import type { Fetcher } from '../http/open-fetch.ts';
import { retryRequest } from '../http/retry-request.ts';
import type { Log } from '../log.ts';
import { buildUrl } from './build-url.ts';
import { type AskedGitlab, explainAnswer, rateLimited } from './explain-answer.ts';
import type { GitlabRequest } from './gitlab.ts';
import { type GitlabAnswer, isGitlabAnswer, readAskedWait } from './gitlab-answer.ts';

/** What the wire is made of. */
export interface WireParts {
  /** `https://gitlab.com/api/v4`. */
  readonly apiUrl: string;
  readonly token?: GitlabToken;
  /** Bound to the origin of the address; it must not follow redirects. */
  readonly fetcher: Fetcher;
  readonly limiter: Limiter;
  readonly limits: ConnectionLimits;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Sends requests. */
export interface Wire {
  /** An answer with one of the expected statuses. @throws the error that fits every other one. */
  send(request: GitlabRequest): Promise<GitlabAnswer>;
}

/** https://docs.gitlab.com/api/rest/authentication/ */
const TOKEN_HEADERS: Readonly<Record<GitlabToken['kind'], string>> = { private: 'private-token', job: 'job-token' };
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** A wire on these parts; it owns none of them. */
export function createWire(parts: WireParts): Wire {
  const { apiUrl, token, limits, limiter } = parts;
  const host = new URL(apiUrl).host;
  /** The answer that asked for a silence longer than anybody waits: asking again would only make it longer. */
  let refused: { readonly answer: GitlabAnswer; readonly untilMs: number } | undefined;

  async function attempt(request: GitlabRequest): Promise<GitlabAnswer> {
    const asked: AskedGitlab = { ...request, host, tokenKind: token?.kind ?? 'none', secret: token?.value };
    return limiter.run(async () => {
      const nowMs = Date.now();
      if (refused !== undefined && nowMs < refused.untilMs)
        throw rateLimited(asked, refused.answer, refused.untilMs - nowMs);
      const answer = await exchange(parts, request);
      // What was deleted leaves nothing to tell, and some of GitLab's routes tell nothing then, with any status of success.
      const isDone = request.method === 'DELETE' && answer.status < 300 && answer.data === '';
      const isOurs = isDone || isFile(request, answer) || isGitlabAnswer(answer);
      if (request.expect.includes(answer.status) && isOurs) return answer;
      const wait = readAskedWait(answer, Date.now());
      if (wait !== undefined && wait > limits.maxRetryAfterMs) refused = { answer, untilMs: Date.now() + wait };
      if (answer.status === 429 && wait !== undefined) throw rateLimited(asked, answer, wait);
      if (REDIRECTS.has(answer.status)) throw explainRedirect(apiUrl, asked, answer);
      throw explainAnswer(asked, answer, wait);
    });
  }

  return {
    send: (request) =>
      retryRequest(() => attempt(request), {
        ...parts,
        idempotent: request.method !== 'POST' || request.repeatable === true ? true : 'when-limited',
        purpose: request.purpose,
      }),
  };
}

/** The token goes with this one request to this one origin; nothing else ever carries it. */
async function exchange({ apiUrl, token, fetcher }: WireParts, request: GitlabRequest): Promise<GitlabAnswer> {
  const { url, body } = buildUrl(apiUrl, request);
  const response = await fetcher.fetch(url, {
    method: request.method,
    purpose: request.purpose,
    headers: {
      accept: 'application/json',
      'user-agent': 'registry-cleanup',
      ...(token === undefined ? {} : { [TOKEN_HEADERS[token.kind]]: token.value }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type') === 'application/json';
  return {
    status: response.status,
    header: (name) => response.headers.get(name) ?? undefined,
    data: isJson && text !== '' ? parseJson(text) : text,
  };
}

/** A file as it lies in the repository, which GitLab sends with headers of its own. */
function isFile({ answersFile }: GitlabRequest, { status, header }: GitlabAnswer): boolean {
  return answersFile === true && status === 200 && header('x-gitlab-blob-id') !== undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // What says it is JSON and is not is some text: no answer of GitLab's.
    return text;
  }
}

/** Where a project has moved GitLab leads to its number: https://docs.gitlab.com/api/rest/#redirects */
function explainRedirect(apiUrl: string, asked: AskedGitlab, answer: GitlabAnswer): RegistryError | ProtocolError {
  const target = URL.parse(answer.header('location') ?? '', apiUrl);
  const { host, purpose } = asked;
  const base = new URL(apiUrl);
  const isHere = target?.host === base.host && target.pathname.startsWith(`${base.pathname}/projects/`);
  const number = isHere
    ? /^\d+(?=\/|$)/.exec(target.pathname.slice(`${base.pathname}/projects/`.length))?.[0]
    : undefined;
  if (number !== undefined)
    return new RegistryError(`Cannot ${purpose}: the project has moved to another path of ${host}.`, {
      code: 'REGISTRY_REFUSED',
      hint: 'Name its new path with gitlab-project.',
      details: { host, status: answer.status, project: Number(number) },
    });
  return new ProtocolError(`Cannot ${purpose}: ${host} redirects to ${target?.host ?? 'an unusable address'}.`, {
    code: 'PROTOCOL',
    hint: 'This is not how GitLab answers: look for a proxy, or a wrong address (gitlab-url, CI_API_V4_URL).',
    details: { host, status: answer.status },
  });
}
