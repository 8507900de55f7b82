// One project on GitLab, asked for what protects images. What cannot be read of it stops the run, and says what to do about it.

import { readEvidence } from '../forge/read-evidence.ts';
import type { Log } from '../log.ts';
import type { Gitlab } from './gitlab.ts';

/** Where to ask. */
export interface GitlabProject {
  readonly gitlab: Gitlab;
  /** Full path: `group/subgroup/name`. */
  readonly project: string;
  readonly log: Log;
}

/** What a token needs for all that is read, for messages. GitLab checks the role even where the scope suffices. */
export const READ_PERMISSION = 'the scope read_api and the role Reporter';

const NAME_FROM = "It is that of the option gitlab-project, else of the job's own project (CI_PROJECT_PATH).";

/**
 * What `read` gives. `instead`: how to do without it, for the hint: `switch the rule off with releases: false in the policy file`.
 * @throws EvidenceError EVIDENCE_FORGE for every error on the way, in its words; a limit keeps its own advice.
 */
export function readAsEvidence<Value>(instead: string, read: () => Promise<Value>): Promise<Value> {
  return readEvidence({ instead, nameFrom: NAME_FROM }, read);
}
