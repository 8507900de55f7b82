// One commit of a project, by whatever names it.

import * as z from 'zod';
import { commitIdSchema, decodeWire } from '../forge/decode-wire.ts';
import type { CommitId } from '../model/history.ts';
import { type GitlabProject, READ_PERMISSION } from './project-evidence.ts';

/** https://docs.gitlab.com/api/commits/#get-a-single-commit */
const commitSchema = z.object({ id: commitIdSchema, parent_ids: z.array(commitIdSchema) });

/** A commit and those that it came from, in order. */
export interface ListedCommit {
  readonly id: CommitId;
  readonly parents: readonly CommitId[];
}

/**
 * The commit that a reference, an id or the beginning of an id names; undefined when there is none. Only to be asked of a project that has
 * answered for its lists: of one that the token may not see GitLab says the same.
 * @throws AuthError, RegistryError, NetworkError or ProtocolError as every request does.
 */
export async function readCommit({ gitlab, project }: GitlabProject, name: string): Promise<ListedCommit | undefined> {
  const purpose = `read the commit ${name} of ${project}`;
  const { status, data } = await gitlab.request({
    method: 'GET',
    route: '/projects/{id}/repository/commits/{sha}',
    parameters: { id: project, sha: name, stats: false },
    expect: [200, 404],
    purpose,
    permission: READ_PERMISSION,
  });
  if (status === 404) return undefined;
  const { id, parent_ids: parents } = decodeWire(commitSchema, data, purpose);
  return { id, parents };
}
