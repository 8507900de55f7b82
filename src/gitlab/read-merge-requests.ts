// Open merge requests of a project. Which merges were made to test them GitLab does not list.

import * as z from 'zod';
import { commitIdSchema, decodeWire } from '../forge/decode-wire.ts';
import type { OpenPullRequests } from '../forge/forge-source.ts';
import type { PullRequest } from '../model/forge.ts';
import { mapConcurrently } from '../util/map-concurrently.ts';
import { type GitlabProject, READ_PERMISSION, readAsEvidence } from './project-evidence.ts';
import { readCommit } from './read-commit.ts';

/** https://docs.gitlab.com/api/merge_requests/#list-project-merge-requests; `sha` is null where GitLab never saw a commit of it. */
const mergeRequestsSchema = z.array(
  z.object({
    iid: z.int().positive(),
    sha: commitIdSchema.nullable(),
    source_branch: z.string().min(1),
    target_branch: z.string().min(1),
  }),
);

type WireMergeRequest = z.infer<typeof mergeRequestsSchema>[number];

const AT_ONCE = 4;
/**
 * While GitLab merges one it is locked, and open again when that fails: it counts as open until it is merged. Asked for twice, so that
 * one which changes between two lists is on one of them either way.
 */
const STATES = ['locked', 'opened', 'locked'];

/**
 * All open merge requests, oldest first; also those from forks, drafts, and those that are being merged. One of which GitLab has no commit
 * at all is left out, and told.
 * @throws EvidenceError EVIDENCE_FORGE when they cannot be read or understood.
 */
export async function readMergeRequests(source: GitlabProject): Promise<OpenPullRequests> {
  const { gitlab, project } = source;
  return readAsEvidence('switch the rule off with mergeRequests: false in the policy file', async () => {
    const found = new Map<number, WireMergeRequest>();
    for (const state of STATES) {
      const purpose = `list the ${state} merge requests of ${project}`;
      const items = await gitlab.list({
        route: '/projects/{id}/merge_requests',
        parameters: { id: project, state, scope: 'all', order_by: 'created_at', sort: 'asc' },
        purpose,
        permission: READ_PERMISSION,
        key: 'iid',
      });
      for (const request of decodeWire(mergeRequestsSchema, items, purpose)) found.set(request.iid, request);
    }
    const inOrder = [...found.values()].sort((a, b) => a.iid - b.iid);
    const placed = await mapConcurrently(inOrder, AT_ONCE, (request) => placeHead(source, request));
    return { pullRequests: placed.flatMap((request) => request ?? []), testMerges: new Map() };
  });
}

/** Without a `sha` the reference that GitLab makes for each merge request tells, or proves that there is no commit. */
async function placeHead(
  source: GitlabProject,
  { iid, sha, source_branch: headBranch, target_branch: baseBranch }: WireMergeRequest,
): Promise<PullRequest | undefined> {
  const head = sha ?? (await readCommit(source, `refs/merge-requests/${iid}/head`))?.id;
  if (head !== undefined) return { number: iid, head, baseBranch, headBranch };
  source.log.warn(`GitLab has no commit of the merge request !${iid} of ${source.project}; it protects no image.`);
  return undefined;
}
