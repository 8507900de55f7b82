// One GraphQL query. Errors beside data are errors: a part is never all.
// https://docs.github.com/en/graphql/guides/forming-calls-with-graphql

import * as z from 'zod';
import { AuthError, type CleanupError, InternalError, NetworkError, ProtocolError } from '../errors.ts';
import { quoteFirstLine } from '../http/redact-text.ts';
import type { GithubAnswer } from './explain-answer.ts';
import type { GithubQuery } from './github.ts';
import type { Wire } from './wire.ts';

/** Where queries go. */
export interface QueryTarget {
  readonly wire: Wire;
  /** `https://api.github.com`, or `https://HOST/api/v3`. */
  readonly apiUrl: string;
  readonly host: string;
}

/** https://spec.graphql.org/October2021/#sec-Errors; `type` is GitHub's. */
const errorSchema = z.object({
  message: z.string().catch(''),
  type: z.string().optional().catch(undefined),
  extensions: z.unknown().optional(),
});
const resultSchema = z.object({ data: z.unknown().optional(), errors: z.array(errorSchema).min(1).nullish() });

type QueryError = z.infer<typeof errorSchema>;

/** GitHub's words for a limit, and for rights that are missing. */
const LIMITED: ReadonlySet<string> = new Set(['RATE_LIMITED', 'RATE_LIMIT']);
const FORBIDDEN: ReadonlySet<string> = new Set(['FORBIDDEN', 'INSUFFICIENT_SCOPES']);

/**
 * The `data` of the answer, untrusted.
 * @throws AuthError for a missing right or an unknown repository; ProtocolError PROTOCOL for every other error in the answer.
 */
export async function runQuery(target: QueryTarget, query: GithubQuery): Promise<unknown> {
  const { purpose, permission } = query;
  // The wire repeats what it takes for a query.
  if (!/^\s*(?:query\b|\{)/.test(query.query)) throw new InternalError('Only queries are sent.', { code: 'INTERNAL' });
  const answer = await target.wire.send({
    method: 'POST',
    route: graphqlUrl(target.apiUrl),
    parameters: { query: query.query, variables: query.variables },
    expect: [200],
    purpose,
    permission,
    isQuery: true,
    judge: (received) => judge(target, query, received),
  });
  const data = resultSchema.safeParse(answer.data).data?.data;
  if (data === undefined || data === null) throw noData(target, query);
  return data;
}

/** An Enterprise Server has its REST interface at `/api/v3` and GraphQL at `/api/graphql`: https://docs.github.com/en/enterprise-server/graphql/guides/forming-calls-with-graphql#the-graphql-endpoint */
function graphqlUrl(apiUrl: string): string {
  return apiUrl.endsWith('/api/v3') ? apiUrl.replace(/\/v3$/, '/graphql') : `${apiUrl}/graphql`;
}

function judge(target: QueryTarget, query: GithubQuery, answer: GithubAnswer): CleanupError | 'limited' | undefined {
  const result = resultSchema.safeParse(answer.data);
  if (!result.success) return noData(target, query);
  const errors = result.data.errors ?? [];
  const [first] = errors;
  if (first === undefined) return undefined;
  return errors.some(({ type }) => LIMITED.has(type ?? '')) ? 'limited' : explainError(target, query, first);
}

function explainError(target: QueryTarget, query: GithubQuery, error: QueryError): CleanupError {
  const type = error.type ?? '';
  const message = `Cannot ${query.purpose}: ${target.host} answered ${quoteFirstLine(error.message) ?? 'an error'}.`;
  const details = { host: target.host, ...(type === '' ? {} : { type }) };
  if (FORBIDDEN.has(type) || type === 'NOT_FOUND') {
    const code = type === 'NOT_FOUND' ? 'REPOSITORY_UNKNOWN' : 'FORBIDDEN';
    const hint = `The token needs ${query.permission}${type === 'NOT_FOUND' ? '; otherwise check the name' : ''}.`;
    return new AuthError(message, { code, hint, details: { ...details, permission: query.permission } });
  }
  // A fault of the query always has a type or a code; what has neither went wrong on GitHub's side.
  if (type === '' && error.extensions === undefined)
    return new NetworkError(message, { code: 'NETWORK', temporary: true, details });
  return new ProtocolError(message, { code: 'PROTOCOL', details });
}

function noData(target: QueryTarget, query: GithubQuery): ProtocolError {
  return new ProtocolError(`Cannot ${query.purpose}: the answer of ${target.host} holds no data.`, {
    code: 'PROTOCOL',
    details: { host: target.host },
  });
}
