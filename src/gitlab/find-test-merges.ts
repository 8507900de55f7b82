// Merges that GitLab made to test a merge request (merged results pipelines, merge trains): images were built from them, and no list has
// them. https://docs.gitlab.com/ci/pipelines/merged_results_pipelines/

import { AuthError, ProtocolError } from '../errors.ts';
import type { TestMergeSearch } from '../forge/forge-source.ts';
import { reachedFromHeads } from '../forge/reached-from-heads.ts';
import type { CommitId } from '../model/history.ts';
import { mapConcurrently } from '../util/map-concurrently.ts';
import { type GitlabProject, READ_PERMISSION, readAsEvidence } from './project-evidence.ts';
import { readCommit } from './read-commit.ts';

const AT_ONCE = 8;
/** One request each: more would take GitLab.com, with 2,000 a minute, over ten minutes. */
const MAX_COMMITS = 20_000;

/**
 * Which of the commits merge a commit of an open merge request (their second parent): the merge's full id, and the commit it merges.
 * Everything else is left out. One request for each commit, and one before them for a head, which must be there: who may read lists need
 * not be allowed to read commits, and GitLab says the same of those as of commits that are not there. None without an open merge request.
 * @throws EvidenceError EVIDENCE_FORGE when GitLab cannot be asked or understood, or would have to be asked too often.
 */
export async function findTestMerges(
  source: GitlabProject,
  search: TestMergeSearch,
): Promise<ReadonlyMap<CommitId, CommitId>> {
  const commits = [...new Set(search.commits)].filter((commit) => /^[0-9a-f]{7,64}$/.test(commit));
  const [head] = search.heads;
  if (commits.length === 0 || head === undefined) return new Map();
  const isProposed = reachedFromHeads(search);
  return readAsEvidence('switch the rule off with mergeRequests: false in the policy file', async () => {
    if (commits.length > MAX_COMMITS) throw tooMany(source, commits.length);
    if ((await readCommit(source, head)) === undefined) throw hidden(source, head);
    const found = await mapConcurrently(commits, AT_ONCE, async (commit) => {
      const named = await readCommit(source, commit);
      const merged = named?.parents[1];
      // The digits may also be the name of a branch.
      return named?.id.startsWith(commit) === true && merged !== undefined ? [[named.id, merged] as const] : [];
    });
    return new Map(found.flat().filter(([, merged]) => isProposed(merged)));
  });
}

function hidden({ project }: GitlabProject, head: CommitId): AuthError {
  return new AuthError(
    `Cannot look for commits that tested merge requests of ${project}: GitLab does not show the commit ${head}, which is the head of one.`,
    { code: 'FORBIDDEN', hint: `The token needs ${READ_PERMISSION}.`, details: { permission: READ_PERMISSION } },
  );
}

function tooMany({ project }: GitlabProject, count: number): ProtocolError {
  return new ProtocolError(
    `Cannot look for commits that tested merge requests of ${project}: images name ${count} commits that no branch leads to, and GitLab tells of one at a time.`,
    { code: 'TOO_LARGE', hint: `At most ${MAX_COMMITS} are looked up.` },
  );
}
