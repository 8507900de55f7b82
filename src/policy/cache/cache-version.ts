// Which version of a builder's cache a node is of, by labels and by tags.

import { RE2JS } from 're2js';
import type { DeleteReason } from '../../model/decision.ts';
import type { CachePolicy } from '../../model/policy.ts';
import { labelsOf } from '../werf/origins.ts';
import { type CacheNode, ordinaryTags } from './recognize-cache.ts';

/** What the version says: why the cache may go, or in words why it stays. */
export type RuleVerdict =
  | { readonly kind: 'go'; readonly reason: DeleteReason }
  | { readonly kind: 'stay'; readonly why: string };

interface Statement {
  readonly where: string;
  readonly value: string;
}

/** A judge of versions. One statement of the current version is enough to stay; a tag that tells none keeps what only tags tell of. */
export function makeJudgeVersion(
  wanted: NonNullable<CachePolicy['improperCacheVersion']>,
): (cache: CacheNode) => RuleVerdict {
  const { current, labels, tags } = wanted;
  const expressions = tags.map((source) => RE2JS.compile(source));
  return ({ node }) => {
    const inLabels = labels.flatMap((label): Statement[] => {
      const value = labelsOf(node)?.[label] ?? node.annotations[label] ?? '';
      return value === '' ? [] : [{ where: `label ${label}`, value }];
    });
    const byTag = ordinaryTags(node).map((tag) =>
      expressions.flatMap((expression): Statement[] => {
        const matcher = expression.matcher(tag);
        const value = matcher.find() && matcher.groupCount() > 0 ? (matcher.group(1) ?? '') : '';
        return value === '' ? [] : [{ where: `tag ${tag}`, value }];
      }),
    );
    const all = [...inLabels, ...byTag.flat()];
    if (all.some(({ value }) => value === current))
      return { kind: 'stay', why: `it is of the current version ${current}` };
    const isTold = inLabels.length > 0 || byTag.every((said) => said.length > 0);
    const [first] = all;
    if (first === undefined || !isTold) return { kind: 'stay', why: 'nothing tells which version it is of' };
    return { kind: 'go', reason: { rule: 'cache-version', ...first, current } };
  };
}
