// Rule `pins`: what the user names is kept, by tag glob, by RE2 expression, or by a line of the keep-list file; and every image while the
// cleanup is disabled.

import { RE2JS } from 're2js';
import type { KeepReason } from '../../model/decision.ts';
import type { ImageGraph } from '../../model/image-graph.ts';
import type { Policy } from '../../model/policy.ts';
import type { Digest } from '../../model/reference.ts';
import type { ImageNode } from '../../model/snapshot.ts';
import { compileGlob } from '../glob.ts';

/** Reasons to keep, by node. Looks at every node, referrers too: who pins a signature means it. */
export function keepPinned(
  nodes: ReadonlyMap<Digest, ImageNode>,
  pins: Policy['pins'],
): ReadonlyMap<Digest, readonly KeepReason[]> {
  const matchers = [...pins.tags.map(compileTagGlob), ...pins.expressions.map(compileExpression)];
  const list = new Set<string>(pins.list);
  const kept = new Map<Digest, readonly KeepReason[]>();
  for (const node of nodes.values()) {
    const reasons: KeepReason[] = list.has(node.digest) ? [{ rule: 'pin', pin: 'the keep list' }] : [];
    for (const tag of node.tags) {
      if (list.has(tag)) reasons.push({ rule: 'pin', pin: 'the keep list', tag });
      const matching = matchers.filter((matcher) => matcher.matches(tag));
      reasons.push(...matching.map(({ name }): KeepReason => ({ rule: 'pin', pin: name, tag })));
    }
    if (reasons.length > 0) kept.set(node.digest, reasons);
  }
  return kept;
}

/** A reason to keep every image while `cleanup.disable` is set; empty otherwise. Records are judged elsewhere. */
export function keepWhileDisabled(
  graph: ImageGraph,
  { werf, purge }: Pick<Policy, 'werf' | 'purge'>,
): ReadonlyMap<Digest, readonly KeepReason[]> {
  if (werf.disabled === 'no' || purge) return new Map();
  const images = [...graph.nodes.keys()].filter((digest) => graph.roleOf(digest) === 'image');
  return new Map(images.map((digest) => [digest, [{ rule: 'pin', pin: 'cleanup.disable' }]]));
}

interface TagMatcher {
  readonly name: string;
  matches(tag: string): boolean;
}

function compileTagGlob(glob: string): TagMatcher {
  return { name: `pins.tags ${glob}`, matches: compileGlob(glob) };
}

function compileExpression(source: string): TagMatcher {
  const expression = RE2JS.compile(source);
  return { name: `pins.expressions ${source}`, matches: (tag) => expression.matches(tag) };
}
