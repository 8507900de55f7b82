// Merges that GitHub made to test a pull request some time ago: nothing leads to them any more, but images were built from them.

import * as z from 'zod';
import { commitIdSchema, decodeWire } from '../forge/decode-wire.ts';
import type { TestMergeSearch } from '../forge/forge-source.ts';
import { reachedFromHeads } from '../forge/reached-from-heads.ts';
import type { CommitId } from '../model/history.ts';
import { mapConcurrently } from '../util/map-concurrently.ts';
import { type ForgeRepository, readAsEvidence } from './forge-evidence.ts';
import type { Github } from './github.ts';

/** GitHub's examples stay well below what a query may hold with so many. */
const BATCH = 100;
const BATCHES_AT_ONCE = 4;

/** Null when GitHub has no such object, or several that begin so; `parents` only of a commit. */
const objectSchema = z
  .object({ oid: commitIdSchema, parents: z.object({ nodes: z.array(z.object({ oid: commitIdSchema })) }).optional() })
  .nullable();
const answerSchema = z.object({ repository: z.record(z.string(), objectSchema) });

/**
 * Which of the commits merge a commit of an open pull request (their second parent): the merge's full id, and the commit it merges.
 * Everything else is left out. One query for each hundred; none for none.
 * @throws EvidenceError EVIDENCE_FORGE when GitHub cannot be asked or understood.
 */
export async function findTestMerges(
  github: Github,
  repository: ForgeRepository,
  search: TestMergeSearch,
): Promise<ReadonlyMap<CommitId, CommitId>> {
  const commits = [...new Set(search.commits)].filter((commit) => /^[0-9a-f]{7,64}$/.test(commit));
  if (commits.length === 0 || search.heads.length === 0) return new Map();
  const isProposed = reachedFromHeads(search);
  const batches = Array.from({ length: Math.ceil(commits.length / BATCH) }, (_, index) =>
    commits.slice(index * BATCH, (index + 1) * BATCH),
  );
  const found = await mapConcurrently(batches, BATCHES_AT_ONCE, (batch) => askBatch(github, repository, batch));
  return new Map(found.flat().filter(([, merged]) => isProposed(merged)));
}

async function askBatch(
  github: Github,
  { owner, name }: ForgeRepository,
  commits: readonly string[],
): Promise<readonly (readonly [CommitId, CommitId])[]> {
  const purpose = `look for commits that tested pull requests of ${owner}/${name}`;
  const objects = commits.map(
    (commit, index) =>
      `c${index}: object(expression: "${commit}") { oid ... on Commit { parents(first: 2) { nodes { oid } } } }`,
  );
  const query = `query ($owner: String!, $name: String!) {\n  repository(owner: $owner, name: $name) {\n    ${objects.join('\n    ')}\n  }\n}`;
  return readAsEvidence('switch the rule off with pullRequests: false in the policy file', async () => {
    const data = await github.graphql({ query, variables: { owner, name }, purpose, permission: 'contents: read' });
    const answer = decodeWire(answerSchema, data, purpose).repository;
    return commits.flatMap((commit, index) => {
      const key = `c${index}`;
      const object = decodeWire(objectSchema, answer[key], purpose);
      const merged = object?.parents?.nodes[1]?.oid;
      // The digits may also be the name of a branch.
      return object?.oid.startsWith(commit) === true && merged !== undefined ? [[object.oid, merged] as const] : [];
    });
  });
}
