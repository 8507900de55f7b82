// Which product an image belongs to, when one repository holds several.

import { RE2JS } from 're2js';
import type { ImageGraph } from '../model/image-graph.ts';
import type { GroupBy } from '../model/policy.ts';
import type { Digest } from '../model/reference.ts';

/** The products of an image, at least one; one that names none is a product of its own. */
export type GroupOf = (digest: Digest) => readonly string[];

/** A function from an image to its products. Without a wish, every image is of one product. */
export function makeGroupOf(graph: ImageGraph, groupBy: GroupBy | undefined): GroupOf {
  if (groupBy === undefined) return () => [''];
  if (groupBy.kind === 'label') return (digest) => orAlone(digest, labelsBelow(graph, digest, groupBy.label));
  const expression = RE2JS.compile(groupBy.expression);
  return (digest) => {
    const tags = graph.nodes.get(digest)?.tags ?? [];
    return orAlone(
      digest,
      tags.flatMap((tag) => {
        const matcher = expression.matcher(tag);
        return matcher.find() && matcher.groupCount() > 0 ? [matcher.group(1) ?? ''] : [];
      }),
    );
  };
}

/** An image that names no product competes with none for a place among the newest. */
function orAlone(digest: Digest, groups: readonly string[]): readonly string[] {
  const named = new Set(groups.filter((group) => group !== ''));
  return named.size === 0 ? [`alone ${digest}`] : [...named];
}

/** Values of the label on the node and on everything that it lists. */
function labelsBelow(graph: ImageGraph, digest: Digest, label: string): readonly string[] {
  const seen = new Set<Digest>();
  const values: string[] = [];
  const queue = [digest];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const node = graph.nodes.get(next);
    const content = node?.content;
    const labels = content?.kind === 'image' && content.facts.kind === 'read' ? content.facts.labels : {};
    values.push(labels[label] ?? node?.annotations[label] ?? '');
    queue.push(...graph.childrenOf(next));
  }
  return values;
}
