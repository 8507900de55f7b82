// Whether werf made a repository, and for which project, as far as a few of its manifests tell.

import type { Digest, Tag } from '../model/reference.ts';
import type { ImageNode, Snapshot } from '../model/snapshot.ts';
import { parseWerfTag } from '../model/werf-tag.ts';
import type { Registry } from '../registry/port.ts';
import { isProvedWerf, projectOf } from './werf-record.ts';

/** What was found. `project` is absent where nothing names one, or several are named. */
export type FoundProject =
  | { readonly kind: 'not-werf' }
  | { readonly kind: 'werf'; readonly project: string | undefined };

/** Old records name no project, so one look is too few; stages all do. */
const MAX_LOOKS = 5;

/** Looks at a few of the tags that have the shape of werf's, in each repository; at the newest stages where there are any. */
export async function findProject(registries: readonly Registry[]): Promise<FoundProject> {
  const nodes: ImageNode[] = [];
  for (const registry of registries) {
    const tags = (await registry.listTags()).filter(isWerfTag).sort((a, b) => builtAt(b) - builtAt(a));
    const digests: Digest[] = [];
    for (const tag of tags.slice(0, MAX_LOOKS)) {
      const digest = await registry.resolveTag(tag);
      if (digest !== 'absent') digests.push(digest);
    }
    if (digests.length > 0) nodes.push(...(await registry.readDigests(digests)).nodes.values());
  }
  if (!nodes.some(isProvedWerf)) return { kind: 'not-werf' };
  return { kind: 'werf', project: onlyOne(nodes) };
}

/** The projects that stages and records of a repository name. */
export function projectsIn({ nodes }: Pick<Snapshot, 'nodes'>): ReadonlySet<string> {
  const named = [...nodes.values()].filter(({ tags }) => tags.some(isWerfTag));
  return new Set(named.flatMap((node) => projectOf(node) ?? []));
}

/** The only project that a repository names; undefined where it names none or several. */
export function projectIn(snapshot: Pick<Snapshot, 'nodes'>): string | undefined {
  const [project, ...others] = projectsIn(snapshot);
  return others.length === 0 ? project : undefined;
}

function onlyOne(nodes: readonly ImageNode[]): string | undefined {
  const [project, ...others] = new Set(nodes.flatMap((node) => projectOf(node) ?? []));
  return others.length === 0 ? project : undefined;
}

/** Milliseconds since 1970, as the id of a stage has them; 0 for every other tag. */
function builtAt(tag: Tag): number {
  const parsed = parseWerfTag(tag);
  return parsed?.kind === 'stage' ? parsed.at : 0;
}

/** Records about the repository itself prove nothing about what is in it. */
function isWerfTag(tag: Tag): boolean {
  const parsed = parseWerfTag(tag);
  return parsed !== undefined && parsed.kind !== 'service';
}
