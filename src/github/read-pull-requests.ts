// Open pull requests of a repository, with the merges that GitHub makes to test them.

import * as z from 'zod';
import { commitIdSchema, decodeWire } from '../forge/decode-wire.ts';
import type { OpenPullRequests } from '../forge/forge-source.ts';
import { type ForgeRepository, readAsEvidence } from './forge-evidence.ts';
import type { Github } from './github.ts';

/**
 * https://docs.github.com/en/rest/pulls/pulls#list-pull-requests; while a pull request is open, `merge_commit_sha` is the test merge, and
 * null when there is none yet or the branches conflict.
 */
const pullRequestsSchema = z.array(
  z.object({
    number: z.int().positive(),
    head: z.object({ sha: commitIdSchema }),
    base: z.object({ ref: z.string().min(1) }),
    merge_commit_sha: commitIdSchema.nullish(),
  }),
);

/**
 * All open pull requests, newest first, and the test merge of each that has one.
 * @throws EvidenceError EVIDENCE_FORGE when they cannot be read or understood.
 */
export async function readPullRequests(github: Github, { owner, name }: ForgeRepository): Promise<OpenPullRequests> {
  const purpose = `list the open pull requests of ${owner}/${name}`;
  return readAsEvidence('switch the rule off with pullRequests: false in the policy file', async () => {
    const items = await github.list({
      route: '/repos/{owner}/{repo}/pulls',
      parameters: { owner, repo: name, state: 'open' },
      purpose,
      permission: 'pull-requests: read',
    });
    const decoded = decodeWire(pullRequestsSchema, items, purpose);
    return {
      pullRequests: decoded.map(({ number, head, base }) => ({ number, head: head.sha, baseBranch: base.ref })),
      testMerges: new Map(
        decoded.flatMap(({ merge_commit_sha: merge, head }) =>
          merge === null || merge === undefined ? [] : [[merge, head.sha] as const],
        ),
      ),
    };
  });
}
