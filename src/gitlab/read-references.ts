// Branches, tags and the default branch as GitLab has them now.

import * as z from 'zod';
import { commitIdSchema, decodeWire } from '../forge/decode-wire.ts';
import type { ListedReference, ListedReferences } from '../model/listed-references.ts';
import { type GitlabProject, READ_PERMISSION, readAsEvidence } from './project-evidence.ts';

/** https://docs.gitlab.com/api/branches/#list-repository-branches; `default` is there for job tokens too, the project is not. */
const branchesSchema = z.array(
  z.object({ name: z.string().min(1), commit: z.object({ id: commitIdSchema }), default: z.boolean() }),
);

/**
 * https://docs.gitlab.com/api/tags/#list-project-repository-tags; `target` is the tag object where the tag is annotated, `commit` is null
 * where it ends at a tree or a file.
 */
const tagsSchema = z.array(
  z.object({ name: z.string().min(1), target: commitIdSchema, commit: z.object({ id: commitIdSchema }).nullable() }),
);

/** GitLab pages both by name where it can; older ones do not know the word and page by numbers. */
const BY_NAME = { pagination: 'keyset', sort: 'name_asc' };
const TAGS_BY_NAME = { pagination: 'keyset', order_by: 'name', sort: 'asc' };

/**
 * All branches and tags, and the default branch where it exists. Order: branches by name, then tags.
 * @throws EvidenceError EVIDENCE_FORGE when any of it cannot be read or understood.
 */
export async function readReferences({ gitlab, project }: GitlabProject): Promise<ListedReferences> {
  const list = async (route: string, purpose: string, parameters: object): Promise<readonly unknown[]> =>
    gitlab.list({
      route,
      parameters: { id: project, ...parameters },
      purpose,
      permission: READ_PERMISSION,
      key: 'name',
    });
  return readAsEvidence('ask no forge with without-forge', async () => {
    const ofBranches = `list the branches of ${project}`;
    const ofTags = `list the tags of ${project}`;
    // In this order: what a branch leads to is tagged first, and then the branch goes.
    const branches = decodeWire(
      branchesSchema,
      await list('/projects/{id}/repository/branches', ofBranches, BY_NAME),
      ofBranches,
    );
    const tags = decodeWire(tagsSchema, await list('/projects/{id}/repository/tags', ofTags, TAGS_BY_NAME), ofTags);
    const references: readonly ListedReference[] = [
      ...branches.map(({ name, commit }) => ({
        kind: 'branch' as const,
        name,
        object: commit.id,
        target: commit.id,
      })),
      ...tags.map(({ name, target, commit }) => ({
        kind: 'tag' as const,
        name,
        object: target,
        ...(commit === null ? {} : { target: commit.id }),
      })),
    ];
    const defaultBranch = branches.find((branch) => branch.default)?.name;
    return defaultBranch === undefined ? { references } : { references, defaultBranch };
  });
}
