// An error for people: what went wrong, what to do, what caused it, and the code that scripts read.

import { CleanupError, InternalError } from '../errors.ts';
import { formatCount } from './format-count.ts';
import type { Report, ReportedError } from './report.ts';

const MAX_CAUSES = 5;

/** Every thrown value as one of our errors. What nobody expected is our fault: INTERNAL, exit code 70. */
export function toCleanupError(thrown: unknown): CleanupError {
  if (thrown instanceof CleanupError) return thrown;
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new InternalError(`this is our fault, not yours: ${text}`, {
    code: 'INTERNAL',
    hint: 'Please report it with the command line and these lines.',
    cause: thrown,
  });
}

/** What is told of an error: one of ours, or what a report holds of it. */
export type ToldError = Omit<ReportedError, 'hint' | 'name'> & {
  readonly hint?: string | undefined;
  readonly cause?: unknown;
};

/** The lines of an error: message, hint, causes, code. Untrusted text: escape before printing. */
export function describeError(error: ToldError): string {
  const hint = error.hint === undefined ? [] : [`  hint: ${error.hint}`];
  const causes = listCauses(error).map((cause) => `  caused by: ${cause}`);
  return [error.message, ...hint, ...causes, `  code: ${error.code} (exit ${error.exitCode})`].join('\n');
}

/** What went wrong in a run that has a report, in some lines; undefined when nothing did. Untrusted, as above. */
export function describeTrouble({ result, plan, totals }: Report): string | undefined {
  if (result.kind === 'stopped' || result.kind === 'alarm') return describeError(result.error);
  if (result.kind === 'refused') {
    return ['a guard refused the plan; nothing was deleted', ...listFindings(plan), '  code: GUARD (exit 6)'].join(
      '\n',
    );
  }
  if (totals.failed === 0) return undefined;
  return `${formatCount(totals.failed)} of the steps failed; the report says which and why`;
}

/** What guards found in a plan that was only made, in some lines; undefined when they found nothing. Untrusted, as above. */
export function describeDoubt({ result, plan }: Report): string | undefined {
  const findings = result.kind === 'planned' ? listFindings(plan) : [];
  return findings.length === 0 ? undefined : ['apply would refuse this plan', ...findings].join('\n');
}

function listFindings(plan: Report['plan']): readonly string[] {
  return (plan?.repositories ?? []).flatMap(({ name, guards }) =>
    guards.map(({ text, hint }) => `  ${name}: ${text}\n  hint: ${hint}`),
  );
}

function listCauses(error: ToldError): readonly string[] {
  const causes: string[] = [];
  let said = error.message;
  for (let { cause } = error; cause instanceof Error && causes.length < MAX_CAUSES; cause = cause.cause) {
    // Where our own code failed, the place is what matters; else a wrapper that quotes its cause has said it already.
    if (error.code === 'INTERNAL') causes.push(cause.stack ?? cause.message);
    else if (!said.includes(cause.message)) causes.push(`${cause.name}: ${cause.message}`);
    said = cause.message;
  }
  return causes;
}
