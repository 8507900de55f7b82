// Releases of a repository, published ones and drafts.

import * as z from 'zod';
import { decodeWire, instantSchema } from '../forge/decode-wire.ts';
import type { ListedRelease } from '../forge/place-releases.ts';
import { type ForgeRepository, readAsEvidence } from './forge-evidence.ts';
import type { Github } from './github.ts';

/** https://docs.github.com/en/rest/releases/releases#list-releases; a published release has a `published_at`, a draft need not. */
const common = { tag_name: z.string().min(1), target_commitish: z.string(), created_at: instantSchema };
const releasesSchema = z.array(
  z.discriminatedUnion('draft', [
    z.object({ ...common, draft: z.literal(false), published_at: instantSchema }),
    z.object({ ...common, draft: z.literal(true) }),
  ]),
);

/**
 * All releases. GitHub shows drafts only to tokens that may write (`contents: write`).
 * @throws EvidenceError EVIDENCE_FORGE when they cannot be read or understood.
 */
export async function readReleases(
  github: Github,
  { owner, name }: ForgeRepository,
): Promise<readonly ListedRelease[]> {
  const purpose = `list the releases of ${owner}/${name}`;
  return readAsEvidence('switch the rule off with releases: false in the policy file', async () => {
    const items = await github.list({
      route: '/repos/{owner}/{repo}/releases',
      parameters: { owner, repo: name },
      purpose,
      permission: 'contents: read',
    });
    return decodeWire(releasesSchema, items, purpose).map((release) => ({
      tag: release.tag_name,
      isDraft: release.draft,
      date: release.draft ? release.created_at : release.published_at,
      // A tag that is gone was on another commit than what its branch leads to now.
      ...(release.draft ? { target: release.target_commitish } : {}),
    }));
  });
}
