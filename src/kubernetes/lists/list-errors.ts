// The errors of cluster reading: which context, which kind, what to grant, and how to leave it out on purpose.

import * as z from 'zod';
import { describeCause, EvidenceError } from '../../errors.ts';
import type { HttpAnswer } from '../connection/http-get.ts';
import { formatRule, type PresentKind } from '../kinds/resource-kind.ts';

/** Which list of which cluster. */
export interface ListTarget {
  readonly context: string;
  readonly kind: PresentKind;
  /** Absent: all namespaces. */
  readonly namespace?: string;
}

/** How to go on without a context. */
export const LEAVE_OUT =
  'to leave this context out on purpose, name the others with --kube-context (or --without-kube for no cluster at all)';

const statusSchema = z.object({ message: z.string() });

/** A status other than 200 and 410. 429 and 5xx are temporary. */
export function refusedList(target: ListTarget, answer: HttpAnswer): EvidenceError {
  const { status } = answer;
  const said = statusMessage(answer.body);
  if (status === 401)
    return failure(target, `the server does not accept the credentials (401${said})`, {
      hint: `Renew the credentials in the kubeconfig; ${LEAVE_OUT}.`,
      status,
    });
  if (status === 403) return forbidden(target, said);
  const temporary = status === 429 || status >= 500;
  return failure(target, `the server answered ${status}${said}`, {
    hint: `Try again later; ${LEAVE_OUT}.`,
    status,
    temporary,
    ...(answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs }),
  });
}

/** No answer at all. Temporary, unless it is the server's certificate that is not trusted. */
export function unreachable(target: ListTarget, cause: unknown): EvidenceError {
  const temporary = !isCertificateProblem(cause);
  return failure(target, `there is no answer (${describeCause(cause).slice(0, 300)})`, {
    hint: temporary
      ? `See that the server can be reached from here; ${LEAVE_OUT}.`
      : `The kubeconfig's certificate-authority must be the one that signed the server's certificate; ${LEAVE_OUT}.`,
    temporary,
    cause,
  });
}

/** An answer that cannot be a whole list. */
export function badPage(target: ListTarget, why: string): EvidenceError {
  return failure(target, why, { hint: `See what answers at the server's address; ${LEAVE_OUT}.` });
}

/** One error for everything that failed in one run; the first error itself when there is no other. */
export function combineFailures(first: EvidenceError, others: readonly EvidenceError[]): EvidenceError {
  if (others.length === 0) return first;
  const failures = [first, ...others];
  const lines = [...new Set(failures.map((error) => error.message))];
  const ruleOf = ({ details: { rule } }: EvidenceError) => (typeof rule === 'string' ? [rule] : []);
  const rules = failures.flatMap(ruleOf);
  return new EvidenceError(`${countOf(failures)} could not be read in full:\n${lines.join('\n')}`, {
    code: 'EVIDENCE_KUBERNETES',
    hint:
      rules.length === failures.length
        ? `Grant these rules in a ClusterRole (or a Role in each namespace):\n${[...new Set(rules)].map((rule) => `- ${rule}`).join('\n')}\nOr, ${LEAVE_OUT}.`
        : (first.hint ?? ''),
    details: { failures: failures.map((error) => error.details) },
    cause: first,
  });
}

/** `3 lists`; `2 contexts` where it did not come to lists in any. */
function countOf(failures: readonly EvidenceError[]): string {
  const contexts = new Set(failures.map(({ details: { context } }) => context));
  const isBeforeLists = failures.every(({ details }) => details['kind'] === undefined) && contexts.size > 1;
  return isBeforeLists ? `${contexts.size} contexts` : `${failures.length} lists`;
}

function forbidden(target: ListTarget, said: string): EvidenceError {
  const rule = formatRule(target.kind);
  const role = target.namespace === undefined ? 'a ClusterRole' : `a Role in namespace ${target.namespace}`;
  return failure(target, `the account lacks the right to list them (403${said})`, {
    hint: `Grant it in ${role}: rules: [${rule}]; ${LEAVE_OUT}.`,
    status: 403,
    rule,
  });
}

interface FailureContext {
  readonly hint: string;
  readonly status?: number;
  readonly temporary?: boolean;
  readonly retryAfterMs?: number;
  readonly rule?: string;
  readonly cause?: unknown;
}

function failure(target: ListTarget, why: string, context: FailureContext): EvidenceError {
  const { hint, temporary = false, cause, ...details } = context;
  const scope = target.namespace === undefined ? '' : ` of namespace ${JSON.stringify(target.namespace)}`;
  return new EvidenceError(
    `Cannot list the ${target.kind.resource}${scope} in context ${JSON.stringify(target.context)}: ${why}.`,
    {
      code: 'EVIDENCE_KUBERNETES',
      hint,
      temporary,
      cause,
      details: {
        context: target.context,
        kind: target.kind.kind,
        ...(target.namespace === undefined ? {} : { namespace: target.namespace }),
        ...details,
      },
    },
  );
}

/** What a Kubernetes `Status` answer says, as `: text`; empty for anything else. */
export function statusMessage(body: Buffer): string {
  try {
    const status = statusSchema.safeParse(JSON.parse(body.toString('utf8')));
    return status.success ? `: ${status.data.message.slice(0, 300)}` : '';
  } catch {
    // Only decoration: the status code alone decides, and proxies answer errors in HTML.
    return '';
  }
}

/** Whether it is the server's certificate that is not trusted: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
export function isCertificateProblem(cause: unknown): boolean {
  if (!(cause instanceof Error && 'code' in cause && typeof cause.code === 'string')) return false;
  return /^(?:CERT_|ERR_TLS_CERT|ERR_SSL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA|HOSTNAME_MISMATCH)/.test(
    cause.code,
  );
}
