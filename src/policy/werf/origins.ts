// Whether werf built a node, by labels: of the image, or of what an index lists. Never by the shape of a tag.

import type { Digest } from '../../model/reference.ts';
import type { Annotations, Child, ImageNode, Snapshot } from '../../model/snapshot.ts';

/** `werf=<project>`: on everything that werf pushes, save old records and indexes. */
export const PROJECT_LABEL = 'werf';
/** On stages only; whatever has it is no record. */
export const STAGE_LABEL = 'werf-stage-content-digest';

/** Who built a node. `unknown`: nobody could look, or there is nothing to look at; that proves neither. */
export type Origin =
  /** `projects`: as its labels say, sorted; empty when they name none. */
  | { readonly kind: 'werf'; readonly projects: readonly string[] }
  | { readonly kind: 'other' }
  | { readonly kind: 'unknown' };

/** The labels of an image; undefined for what is none, or has not been read. */
export function labelsOf({ content }: ImageNode): Annotations | undefined {
  return content.kind === 'image' && content.facts.kind === 'read' ? content.facts.labels : undefined;
}

/**
 * Who built each node. An index is werf's when anything that it lists is, at any depth; of others when something that it lists was read
 * and nothing is werf's. The answer for a digest that is no node is `unknown`.
 */
export function readOrigins(nodes: Snapshot['nodes']): (digest: Digest) => Origin {
  const known = new Map<Digest, Origin>();
  return (digest) => {
    const before = known.get(digest);
    if (before !== undefined) return before;
    const node = nodes.get(digest);
    const parts =
      node?.content.kind === 'index' ? platformsBelow(nodes, node) : [node].filter((one) => one !== undefined);
    const origin = together(parts.map(originOfImage));
    known.set(digest, origin);
    return origin;
  };
}

/** What an index lists that is there, at any depth; attestations left out: those have no labels, whoever built the image. */
export function platformsBelow(nodes: Snapshot['nodes'], index: ImageNode): readonly ImageNode[] {
  const seen = new Set<ImageNode>();
  const queue = [index];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const child of next.content.kind === 'index' ? next.content.children : []) {
      const node = nodes.get(child.digest);
      if (node === undefined || node === index || seen.has(node) || isAttestation(child)) continue;
      seen.add(node);
      queue.push(node);
    }
  }
  return [...seen];
}

function isAttestation({ annotations }: Child): boolean {
  return annotations['vnd.docker.reference.type'] === 'attestation-manifest';
}

function originOfImage(node: ImageNode): Origin {
  const labels = labelsOf(node);
  if (labels === undefined) return { kind: 'unknown' };
  const project = labels[PROJECT_LABEL] ?? '';
  if (project !== '') return { kind: 'werf', projects: [project] };
  return (labels[STAGE_LABEL] ?? '') === '' ? { kind: 'other' } : { kind: 'werf', projects: [] };
}

function together(origins: readonly Origin[]): Origin {
  const werf = origins.filter((origin) => origin.kind === 'werf');
  if (werf.length > 0) return { kind: 'werf', projects: [...new Set(werf.flatMap(({ projects }) => projects))].sort() };
  return origins.some(({ kind }) => kind === 'other') ? { kind: 'other' } : { kind: 'unknown' };
}
