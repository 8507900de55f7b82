// What cannot be read of GitHub's word stops the run like any other evidence, and says what to do about it.

import { readEvidence } from '../forge/read-evidence.ts';

/** `acme/shop`, in two. */
export interface ForgeRepository {
  readonly owner: string;
  readonly name: string;
}

/** What a hint says of a repository that is not there. */
const NAME_FROM = "It is that of the option github-repository, else of the workflow's repository.";

/**
 * What `read` gives. `instead`: how to do without it, for the hint: `switch the rule off with releases: false in the policy file`.
 * @throws EvidenceError EVIDENCE_FORGE for every error on the way, in its words; a limit keeps its own advice.
 */
export function readAsEvidence<Value>(instead: string, read: () => Promise<Value>): Promise<Value> {
  return readEvidence({ instead, nameFrom: NAME_FROM }, read);
}
