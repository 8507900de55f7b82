// A run in a merge request pipeline: the policy that the change would replace, and the note that shows the plan there. Nothing here
// decides: what cannot be found out is said, and never taken for "no difference".

import { access, constants } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { type Comparison, comparePolicy } from '../config/compare-policy.ts';
import type { PolicyText } from '../config/find-policy-sources.ts';
import type { MergeTarget } from '../config/find-target.ts';
import type { MergeRequestAccess } from '../config/read-merge-request.ts';
import type { ComparedPolicy } from '../config/settings.ts';
import { CleanupError } from '../errors.ts';
import type { Gitlab, GitlabSettings } from '../gitlab/gitlab.ts';
import type { NoteOutcome } from '../gitlab/post-note.ts';
import type { Log } from '../log.ts';

/** How GitLab is reached. */
export interface MergeRequestContext {
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Log;
  /** PEM file with further certificate authorities. */
  readonly caFile: string | undefined;
}

/** What a comparison goes by. */
export interface TargetComparison extends Comparison {
  readonly target: MergeTarget;
  /** The policy file of this run. */
  readonly own: PolicyText;
  /** The top of the job's checkout. */
  readonly topFolder: string;
}

/**
 * The policy of the target, where its file differs from the one here; `same` where it does not, `unknown` where the file here does not
 * lie in the job's checkout. An error of GitLab's is no difference that nobody sees: it is `broken`.
 */
export async function findTargetPolicy(
  change: TargetComparison,
  context: MergeRequestContext,
): Promise<ComparedPolicy | 'same' | 'unknown'> {
  const { target, own } = change;
  const path = await findInCheckout(own.path, change.topFolder);
  if (path === undefined) return 'unknown';
  const base = `${target.branch} at ${target.commit.slice(0, 10)}`;
  const { readFileAt } = await import('../gitlab/read-file.ts');
  try {
    const { project, commit } = target;
    const content = await withGitlab(target, context, (gitlab) => readFileAt(gitlab, { project, path, commit }));
    const text = content.kind === 'file' ? content.text : undefined;
    return text === own.text ? 'same' : await comparePolicy(change, { base, path, text });
  } catch (error) {
    if (!(error instanceof CleanupError)) throw error;
    return { kind: 'broken', base, why: error.message };
  }
}

/** Writes the one note, or rewrites it. Throws what GitLab's connection throws, save for a missing right. */
export async function noteOnMergeRequest(
  note: { readonly marker: string; readonly body: string },
  request: MergeRequestAccess,
  context: MergeRequestContext,
): Promise<NoteOutcome> {
  const { postNote } = await import('../gitlab/post-note.ts');
  const { apiUrl, token: value, project, iid } = request;
  const token = { kind: 'private', value } as const;
  return await withGitlab({ apiUrl, token }, context, (gitlab) => postNote(gitlab, { project, iid, ...note }));
}

async function withGitlab<Result>(
  { apiUrl, token }: GitlabSettings,
  { environment, log, caFile }: MergeRequestContext,
  use: (gitlab: Gitlab) => Promise<Result>,
): Promise<Result> {
  const { openGitlab } = await import('../gitlab/open-gitlab.ts');
  const settings = { apiUrl, ...(token === undefined ? {} : { token }), ...(caFile === undefined ? {} : { caFile }) };
  const gitlab = await openGitlab(settings, { environment, log });
  try {
    return await use(gitlab);
  } finally {
    await gitlab.close();
  }
}

/** The path from the top of the checkout, with slashes; undefined outside of it, and where there is none (GIT_STRATEGY: none). */
async function findInCheckout(path: string, topFolder: string): Promise<string | undefined> {
  const below = relative(resolve(topFolder), resolve(path));
  if (below === '' || below.startsWith('..') || isAbsolute(below)) return undefined;
  try {
    await access(join(topFolder, '.git'), constants.F_OK);
  } catch {
    // No checkout: whatever lies there is none of the repository's files.
    return undefined;
  }
  return below.split(sep).join('/');
}
