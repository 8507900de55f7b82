// What a user should know when images tell no commit: how many they are, and how images come to tell it.

import type { Decision, Remark } from '../model/decision.ts';
import type { ImageGraph } from '../model/image-graph.ts';
import type { Digest } from '../model/reference.ts';

/** What the remark is drawn from. */
export interface UnlinkedInput {
  readonly graph: ImageGraph;
  readonly decisions: ReadonlyMap<Digest, Decision>;
  /** What werf built: it has records of its own, and a remark of its own when these are missing. */
  readonly built?: ReadonlySet<Digest> | undefined;
}

/** From this share on, keep policies decide about less of a repository than they leave alone. */
const MANY = 0.5;
const WAYS =
  "docker/metadata-action's labels, BuildKit's provenance of a build from Git or from a clone, registry-cleanup record after each build, or images.tagPatterns for the tags that you have (docs/links.md)";

/**
 * One remark on images that are kept for nothing but the want of a sure link; none when there are none. Images are what stands for itself:
 * neither platforms nor signatures.
 */
export function remarkUnlinked({ graph, decisions, built = new Set() }: UnlinkedInput): readonly Remark[] {
  const images = [...decisions.values()].filter(({ digest }) => graph.roleOf(digest) === 'image' && !built.has(digest));
  const unlinked = images.filter(({ reasons }) => reasons.every(({ rule }) => rule === 'unlinked')).length;
  if (unlinked === 0) return [];
  const count = `${unlinked} of ${images.length} ${images.length === 1 ? 'image' : 'images'} ${unlinked === 1 ? 'is' : 'are'}`;
  const why = 'kept only because no sure link says which commit was built';
  const text =
    unlinked / images.length >= MANY
      ? `${count} ${why}: keep policies decide about the rest alone. Ways to give images a link: ${WAYS}`
      : `${count} ${why}; what gives images a link: ${WAYS}`;
  return [{ code: 'many-unlinked', text }];
}
