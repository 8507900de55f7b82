// What is checked out in a clone: its commit, and whether files differ from it. It asks no server, and a shallow clone will do.

import { type CommitId, isCommitId } from '../model/history.ts';
import { type Environment, gitEnvironment } from './git-environment.ts';
import { type GitCall, readGit } from './run-git.ts';
import { redactWith } from './secrets.ts';

/** What is checked out. */
export interface Checkout {
  readonly commit: CommitId;
  /** The branch, `refs/heads/main`; absent for a commit that is checked out by itself, as CI does. */
  readonly reference?: string;
  /** Files that Git knows differ from the commit. */
  readonly isDirty: boolean;
}

/**
 * Looks at the clone that `directory` lies in. Starts git twice.
 * @throws EvidenceError EVIDENCE_GIT when it is no clone, has no commit yet, or git is missing or fails.
 */
export async function readCheckout(directory: string, environment: Environment): Promise<Checkout | undefined> {
  const call: Omit<GitCall, 'arguments'> = {
    directory,
    environment: gitEnvironment(environment),
    purpose: `look at what is checked out in ${directory}`,
    redact: redactWith([]),
  };
  const answer = await readGit({ ...call, arguments: ['rev-parse', 'HEAD', '--symbolic-full-name', 'HEAD'] });
  const [commit = '', name = 'HEAD'] = answer.split('\n');
  if (!isCommitId(commit)) return undefined;
  const changes = await readGit({ ...call, arguments: ['status', '--porcelain', '--untracked-files=no'] });
  return { commit, ...(name.startsWith('refs/') ? { reference: name } : {}), isDirty: changes !== '' };
}
