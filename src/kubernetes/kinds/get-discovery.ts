// Asks a server which kinds it has, and says what it means that it does not tell. Unknown is never absent.

import { describeCause, EvidenceError } from '../../errors.ts';
import type { ClusterConnection } from '../connection/connect-cluster.ts';
import type { HttpAnswer } from '../connection/http-get.ts';
import { type RetryLimits, retryTemporary } from '../connection/retry-temporary.ts';
import { isCertificateProblem, LEAVE_OUT, statusMessage } from '../lists/list-errors.ts';

/** Whom to ask, and how patiently. */
export interface DiscoveryJob {
  readonly connection: ClusterConnection;
  readonly limits: RetryLimits;
  readonly signal: AbortSignal;
}

/** Every account that may log in has it: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#discovery-roles */
const RULE = '{nonResourceURLs: ["/api", "/api/*", "/apis", "/apis/*"], verbs: ["get"]}';

/**
 * GETs a path of the server's discovery, again after 429, 5xx and broken connections: the JSON value of its answer.
 * @throws EvidenceError EVIDENCE_KUBERNETES for any other status than 200, for no answer, and for one that is not JSON.
 */
export async function getDiscovery(job: DiscoveryJob, path: string, accept: string): Promise<unknown> {
  const answer = await retryTemporary(() => getOnce(job, path, accept), job);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(answer.body));
  } catch (error) {
    throw badDiscovery(job, path, `the answer is not JSON (${describeCause(error).slice(0, 100)})`);
  }
}

/** An answer that does not say which kinds there are. */
export function badDiscovery({ connection: { context } }: DiscoveryJob, path: string, why: string): EvidenceError {
  return failure(context, { path, why, hint: `See what answers at the server's address; ${LEAVE_OUT}.` });
}

async function getOnce({ connection, signal }: DiscoveryJob, path: string, accept: string): Promise<HttpAnswer> {
  let answer: HttpAnswer;
  try {
    answer = await connection.get(path, signal, accept);
  } catch (error) {
    signal.throwIfAborted();
    // Credentials that cannot be renewed.
    if (error instanceof EvidenceError) throw error;
    throw unreachable(connection.context, path, error);
  }
  if (answer.status === 200) return answer;
  throw refused(connection.context, path, answer);
}

function unreachable(context: string, path: string, cause: unknown): EvidenceError {
  const temporary = !isCertificateProblem(cause);
  return failure(context, {
    path,
    why: `there is no answer (${describeCause(cause).slice(0, 300)})`,
    hint: temporary
      ? `See that the server can be reached from here; ${LEAVE_OUT}.`
      : `The kubeconfig's certificate-authority must be the one that signed the server's certificate; ${LEAVE_OUT}.`,
    temporary,
    cause,
  });
}

function refused(context: string, path: string, { status, body, retryAfterMs }: HttpAnswer): EvidenceError {
  const said = statusMessage(body);
  const common = { path, status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  if (status === 401)
    return failure(context, {
      ...common,
      why: `the server does not accept the credentials (401${said})`,
      hint: `Renew the credentials in the kubeconfig; ${LEAVE_OUT}.`,
    });
  if (status === 403)
    return failure(context, {
      ...common,
      why: `the account may not ask (403${said})`,
      hint: `Bind the ClusterRole system:discovery to it, or grant ${RULE}; ${LEAVE_OUT}.`,
    });
  return failure(context, {
    ...common,
    why: `the server answered ${status}${said}`,
    hint: `Try again later; ${LEAVE_OUT}.`,
    temporary: status === 429 || status >= 500,
  });
}

interface Failure {
  readonly path: string;
  readonly why: string;
  readonly hint: string;
  readonly status?: number;
  readonly retryAfterMs?: number;
  readonly temporary?: boolean;
  readonly cause?: unknown;
}

function failure(context: string, { why, hint, temporary = false, cause, ...details }: Failure): EvidenceError {
  return new EvidenceError(
    `Cannot learn which kinds there are (${details.path}) in context ${JSON.stringify(context)}: ${why}.`,
    {
      code: 'EVIDENCE_KUBERNETES',
      hint,
      temporary,
      cause,
      details: { context, ...details },
    },
  );
}
