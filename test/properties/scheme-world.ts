// What dapp and werf 1 write into the images of arbitrary worlds, and tag schemes for them.

import fc from 'fast-check';
import type { TagSchemes } from '../../src/model/policy.ts';
import type { Annotations } from '../../src/model/snapshot.ts';
import { hours } from '../../src/model/time.ts';

/** Labels of one image; mostly none. */
export function schemeLabels(): fc.Arbitrary<Annotations> {
  const dapp = fc
    .constantFrom('git_branch', 'git_commit', 'git_tag', 'custom')
    .map((scheme) => ({ dapp: 'shop', 'dapp-dimg': 'true', 'dapp-tag-scheme': scheme }));
  const werf = fc
    .constantFrom('git-branch', 'git-commit', 'git-tag')
    .map((strategy) => ({ werf: 'shop', 'werf-image': 'true', 'werf-tag-strategy': strategy }));
  return fc.oneof({ weight: 3, arbitrary: fc.constant<Annotations>({}) }, { weight: 2, arbitrary: dapp }, werf);
}

/** Tag schemes, with limits and patterns or without; or none. */
export function tagSchemes(): fc.Arbitrary<TagSchemes | 'off'> {
  const scheme = (tags: readonly string[]) =>
    fc
      .record({ last: fc.integer({ min: -1, max: 2 }), days: fc.constantFrom(undefined, 1, 30), isNamed: fc.boolean() })
      .map(({ last, days, isNamed }) => ({
        last,
        tags: isNamed ? tags : [],
        ...(days === undefined ? {} : { in: hours(24 * days) }),
      }));
  const on = fc.record(
    { branch: scheme(['{branch}']), commit: scheme(['{commit}', 'pr-{build}-{commit}']), tag: scheme(['{tag}']) },
    { requiredKeys: [] },
  );
  return fc.oneof({ weight: 2, arbitrary: fc.constant('off' as const) }, on);
}
