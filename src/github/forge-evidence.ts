// What cannot be read of a forge's word stops the run like any other evidence, and says what to do about it.

import * as z from 'zod';
import { CleanupError, EvidenceError, InternalError, ProtocolError } from '../errors.ts';
import { type CommitId, isCommitId } from '../model/history.ts';
import { type Instant, parseRfc3339 } from '../model/time.ts';

/** `acme/shop`, in two. */
export interface ForgeRepository {
  readonly owner: string;
  readonly name: string;
}

/** A full commit id in wire data. */
export const commitIdSchema = z.custom<CommitId>(
  (value) => typeof value === 'string' && isCommitId(value),
  'is not a commit id',
);

/** A moment in wire data: RFC 3339, as an instant. */
export const instantSchema = z.string().transform((text, context): Instant => {
  const instant = parseRfc3339(text);
  if (instant !== undefined) return instant;
  context.addIssue({ code: 'custom', message: 'is not a time' });
  return z.NEVER;
});

/**
 * The value as the schema wants it.
 * @throws ProtocolError PROTOCOL for anything else: an item that is not understood is never left out.
 */
export function decodeWire<Schema extends z.ZodType>(schema: Schema, value: unknown, purpose: string): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const what = issue === undefined ? 'it has another shape' : `${issue.path.join('.')}: ${issue.message}`;
  throw new ProtocolError(`Cannot ${purpose}: the answer is not understood (${what}).`, { code: 'PROTOCOL' });
}

/**
 * What `read` gives. `instead`: how to do without it, for the hint: `switch the rule off with releases: false in the policy file`.
 * @throws EvidenceError EVIDENCE_FORGE for every error on the way, in its words; a limit keeps its own advice.
 */
export async function readAsEvidence<Value>(instead: string, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof CleanupError) || cause instanceof EvidenceError || cause instanceof InternalError)
      throw cause;
    const hint = adviseOn(cause, instead);
    throw new EvidenceError(cause.message, {
      code: 'EVIDENCE_FORGE',
      hint,
      temporary: cause.temporary,
      details: { ...cause.details, cause: cause.code },
      cause,
    });
  }
}

/** Who asks for a repository that is not there looks for the name first: less protection is no answer to a slip of the pen. */
function adviseOn({ code, hint = 'Run again later.' }: CleanupError, instead: string): string {
  if (code === 'RATE_LIMITED' || code === 'QUOTA') return hint;
  if (code !== 'REPOSITORY_UNKNOWN') return `${hint} Or ${instead}.`;
  return `${hint} It is that of the option github-repository, else of the workflow's repository.`;
}
