// What cannot be read of a forge's word stops the run like any other evidence, and says what to do about it.

import { CleanupError, EvidenceError, InternalError } from '../errors.ts';

/** What a hint says besides what the error itself knows. */
export interface EvidenceAdvice {
  /** How to do without it: `switch the rule off with releases: false in the policy file`. */
  readonly instead: string;
  /** Where the repository's name is from, as a sentence: who asks for one that is not there looks there first. */
  readonly nameFrom: string;
}

/**
 * What `read` gives.
 * @throws EvidenceError EVIDENCE_FORGE for every error on the way, in its words; a limit keeps its own advice.
 */
export async function readEvidence<Value>(advice: EvidenceAdvice, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof CleanupError) || cause instanceof EvidenceError || cause instanceof InternalError)
      throw cause;
    throw new EvidenceError(cause.message, {
      code: 'EVIDENCE_FORGE',
      hint: adviseOn(cause, advice),
      temporary: cause.temporary,
      details: { ...cause.details, cause: cause.code },
      cause,
    });
  }
}

/** Less protection is no answer to a slip of the pen. */
function adviseOn({ code, hint = 'Run again later.' }: CleanupError, { instead, nameFrom }: EvidenceAdvice): string {
  if (code === 'RATE_LIMITED' || code === 'QUOTA') return hint;
  return code === 'REPOSITORY_UNKNOWN' ? `${hint} ${nameFrom}` : `${hint} Or ${instead}.`;
}
