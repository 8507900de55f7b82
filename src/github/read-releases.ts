// Releases of a repository, published ones and drafts.

import * as z from 'zod';
import type { Release } from '../model/forge.ts';
import { type History, isCommitId } from '../model/history.ts';
import type { Instant } from '../model/time.ts';
import { decodeWire, type ForgeRepository, instantSchema, readAsEvidence } from './forge-evidence.ts';
import type { Github } from './github.ts';

/** https://docs.github.com/en/rest/releases/releases#list-releases; a published release has a `published_at`, a draft need not. */
const common = { tag_name: z.string().min(1), target_commitish: z.string(), created_at: instantSchema };
const releasesSchema = z.array(
  z.discriminatedUnion('draft', [
    z.object({ ...common, draft: z.literal(false), published_at: instantSchema }),
    z.object({ ...common, draft: z.literal(true) }),
  ]),
);

/** A release before anybody knows the commits. */
export interface ListedRelease {
  readonly tag: string;
  readonly isDraft: boolean;
  /** When it was published; of a draft, the date that GitHub gives it. */
  readonly date: Instant;
  /** The branch or the commit that the tag of a draft will be made on; untrusted text. */
  readonly target: string;
}

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
      target: release.target_commitish,
    }));
  });
}

/** The releases with their commits: that of the tag, and where a draft has none yet, the one that the tag will be made on. */
export function placeReleases(
  releases: readonly ListedRelease[],
  { references, graph }: Pick<History, 'references' | 'graph'>,
): readonly Release[] {
  const commits = new Map(references.map(({ kind, name, commit }) => [`${kind} ${name}`, commit]));
  return releases.map(({ tag, isDraft, date, target }) => {
    const hasTarget = isCommitId(target) && graph.indexOf(target) !== undefined;
    const future = hasTarget ? target : commits.get(`branch ${target}`);
    const commit = commits.get(`tag ${tag}`) ?? (isDraft ? future : undefined);
    return { tag, isDraft, date, ...(commit === undefined ? {} : { commit }) };
  });
}
