// Releases of a project, past ones and upcoming ones.

import * as z from 'zod';
import { commitIdSchema, decodeWire, instantSchema } from '../forge/decode-wire.ts';
import type { ListedRelease } from '../forge/place-releases.ts';
import { type GitlabProject, READ_PERMISSION, readAsEvidence } from './project-evidence.ts';

/**
 * https://docs.gitlab.com/api/releases/#list-releases; `tag_name` and `commit` are for those who may read the code, `commit` is null or
 * missing where nobody knows it any more.
 */
const releasesSchema = z.array(
  z.object({
    tag_name: z.string().min(1),
    released_at: instantSchema,
    upcoming_release: z.boolean().optional(),
    commit: z.object({ id: commitIdSchema }).nullish(),
  }),
);

/**
 * All releases, in the order in which they were made. One whose date is still to come counts as a draft: it is about to be.
 * @throws EvidenceError EVIDENCE_FORGE when they cannot be read or understood.
 */
export async function readReleases({ gitlab, project }: GitlabProject): Promise<readonly ListedRelease[]> {
  const purpose = `list the releases of ${project}`;
  return readAsEvidence('switch the rule off with releases: false in the policy file', async () => {
    const items = await gitlab.list({
      route: '/projects/{id}/releases',
      parameters: { id: project, order_by: 'created_at', sort: 'asc' },
      purpose,
      permission: READ_PERMISSION,
      key: 'tag_name',
    });
    return decodeWire(releasesSchema, items, purpose).map((release) => ({
      tag: release.tag_name,
      isDraft: release.upcoming_release === true,
      date: release.released_at,
      // The commit stays that of the release when the tag goes.
      ...(release.commit === null || release.commit === undefined ? {} : { target: release.commit.id }),
    }));
  });
}
