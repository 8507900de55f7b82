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
  z.object({ iid: z.int().positive(), sha: commitIdSchema.nullable(), target_branch: z.string().min(1) }),
);

const AT_ONCE = 4;

/**
 * All open merge requests, oldest first; also those from forks, and drafts. One of which GitLab has no commit at all is left out, and told.
 * @throws EvidenceError EVIDENCE_FORGE when they cannot be read or understood.
 */
export async function readMergeRequests(source: GitlabProject): Promise<OpenPullRequests> {
  const { gitlab, project } = source;
  const purpose = `list the open merge requests of ${project}`;
  return readAsEvidence('switch the rule off with mergeRequests: false in the policy file', async () => {
    const items = await gitlab.list({
      route: '/projects/{id}/merge_requests',
      parameters: { id: project, state: 'opened', scope: 'all', order_by: 'created_at', sort: 'asc' },
      purpose,
      permission: READ_PERMISSION,
      key: 'iid',
    });
    const decoded = decodeWire(mergeRequestsSchema, items, purpose);
    const placed = await mapConcurrently(decoded, AT_ONCE, (request) => placeHead(source, request));
    return { pullRequests: placed.flatMap((request) => request ?? []), testMerges: new Map() };
  });
}

/** Without a `sha` the reference that GitLab makes for each merge request tells, or proves that there is no commit. */
async function placeHead(
  source: GitlabProject,
  { iid, sha, target_branch: baseBranch }: z.infer<typeof mergeRequestsSchema>[number],
): Promise<PullRequest | undefined> {
  const head = sha ?? (await readCommit(source, `refs/merge-requests/${iid}/head`))?.id;
  if (head !== undefined) return { number: iid, head, baseBranch };
  source.log.warn(`GitLab has no commit of the merge request !${iid} of ${source.project}; it protects no image.`);
  return undefined;
}
