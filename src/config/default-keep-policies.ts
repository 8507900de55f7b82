// What the Git rule keeps when nobody says otherwise: werf's default set, as its code has it since 2.32.2.

import type { KeepPolicy } from '../model/policy.ts';
import { hours } from '../model/time.ts';

const WEEK = hours(168);

/**
 * The default set: the ten newest tags; up to ten branches active in the last week, with two images of that week each;
 * ten images each of main, master, staging, production and the forge's default branch. werf's documentation says two
 * for the last ones, its code says ten: https://github.com/werf/werf/pull/6708. We keep the larger number.
 */
export const DEFAULT_KEEP_POLICIES: readonly KeepPolicy[] = [
  {
    name: 'default policy 1',
    references: { kind: 'tag', pattern: { kind: 'regex', source: '.*' }, limit: { last: 10, operator: 'And' } },
    imagesPerReference: { last: 1, operator: 'And' },
  },
  {
    name: 'default policy 2',
    references: {
      kind: 'branch',
      pattern: { kind: 'regex', source: '.*' },
      limit: { last: 10, in: WEEK, operator: 'And' },
    },
    imagesPerReference: { last: 2, in: WEEK, operator: 'And' },
  },
  {
    name: 'default policy 3',
    references: { kind: 'branch', pattern: { kind: 'regex', source: '(main|master|staging|production)' } },
    imagesPerReference: { last: 10, operator: 'And' },
    coversDefaultBranch: true,
  },
];
