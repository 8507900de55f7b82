// werf's `gitWorktree` words about shallow clones.

import type { GitSettings } from '../config/settings.ts';
import { EvidenceError } from '../errors.ts';
import type { Clone } from './inspect-clone.ts';

/**
 * Lets a whole clone pass, and a shallow one that may be completed elsewhere.
 * @throws EvidenceError EVIDENCE_GIT for every other.
 */
export function refuseShallow(clone: Clone, git: Omit<GitSettings, 'isNamed'>): void {
  if (!clone.shallow || (git.allowUnshallow && git.allowFetch)) return;
  const setting = git.allowUnshallow ? 'allowFetchOriginBranchesAndTags' : 'allowUnshallow';
  throw new EvidenceError(
    `The clone in ${git.directory} is shallow, and completing it is switched off (${setting}: false).`,
    {
      code: 'EVIDENCE_GIT',
      hint: 'Check out the whole history: fetch-depth: 0 with actions/checkout, GIT_DEPTH: 0 in GitLab CI, or git fetch --unshallow.',
    },
  );
}
