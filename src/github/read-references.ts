// Branches, tags and the default branch as GitHub has them now.

import * as z from 'zod';
import { commitIdSchema, decodeWire } from '../forge/decode-wire.ts';
import type { CommitId } from '../model/history.ts';
import type { ListedReference, ListedReferences } from '../model/listed-references.ts';
import { type ForgeRepository, readAsEvidence } from './forge-evidence.ts';
import type { Github } from './github.ts';

const PERMISSION = 'contents: read';

/** https://docs.github.com/en/rest/branches/branches#list-branches */
const branchesSchema = z.array(z.object({ name: z.string().min(1), commit: z.object({ sha: commitIdSchema }) }));

/** https://docs.github.com/en/rest/git/refs#list-matching-references; `object` is a tag object where the tag is annotated. */
const tagsSchema = z.array(
  z.object({
    ref: z
      .string()
      .startsWith('refs/tags/')
      .min('refs/tags/'.length + 1),
    object: z.object({ sha: commitIdSchema, type: z.enum(['commit', 'tag', 'tree', 'blob']) }),
  }),
);

/** https://docs.github.com/en/rest/repos/repos#get-a-repository; a repository without any branch names one all the same. */
const repositorySchema = z.object({ default_branch: z.string().min(1) });

/**
 * All branches and tags, and the default branch where it exists. What an annotated tag is on is not told. Order: branches by name, then tags.
 * @throws EvidenceError EVIDENCE_FORGE when any of it cannot be read or understood.
 */
export async function readReferences(github: Github, repository: ForgeRepository): Promise<ListedReferences> {
  const { owner, name } = repository;
  const place = `${owner}/${name}`;
  const parameters = { owner, repo: name };
  const list = async (route: string, purpose: string): Promise<readonly unknown[]> =>
    github.list({ route, parameters, purpose, permission: PERMISSION });
  return readAsEvidence('ask no forge with without-forge', async () => {
    const about = `read what ${place} is`;
    const { data } = await github.request({
      method: 'GET',
      route: '/repos/{owner}/{repo}',
      parameters,
      expect: [200],
      purpose: about,
      permission: PERMISSION,
    });
    const defaultBranch = decodeWire(repositorySchema, data, about).default_branch;
    const ofBranches = `list the branches of ${place}`;
    const ofTags = `list the tags of ${place}`;
    // In this order: what a branch leads to is tagged first, and then the branch goes.
    const branches = decodeWire(branchesSchema, await list('/repos/{owner}/{repo}/branches', ofBranches), ofBranches);
    const tags = decodeWire(tagsSchema, await list('/repos/{owner}/{repo}/git/matching-refs/tags/', ofTags), ofTags);
    const references: readonly ListedReference[] = [
      ...branches.map(({ name: branch, commit }) => reference('branch', branch, commit.sha)),
      ...tags.map(({ ref, object }): ListedReference => {
        const tag = ref.slice('refs/tags/'.length);
        return object.type === 'tag'
          ? { kind: 'tag', name: tag, object: object.sha }
          : reference('tag', tag, object.sha);
      }),
    ];
    const hasDefault = branches.some(({ name: branch }) => branch === defaultBranch);
    return hasDefault ? { references, defaultBranch } : { references };
  });
}

function reference(kind: ListedReference['kind'], name: string, object: CommitId): ListedReference {
  return { kind, name, object, target: object };
}
