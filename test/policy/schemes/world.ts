// Images as dapp and werf 1 label them, and a history for them.

import type { Policy, TagSchemes } from '../../../src/model/policy.ts';
import { hours } from '../../../src/model/time.ts';
import { type DecisionSpec, decisionsOn } from '../../builders/decision.ts';
import { commitIdOf, historyOf } from '../../builders/history.ts';
import { NOW, type NodeSpec } from '../../builders/snapshot.ts';

/** What dapp has without a word of the user's. */
export const DAPP_SCHEMES: Required<TagSchemes> = {
  branch: { last: -1, tags: [] },
  commit: { last: 50, in: hours(30 * 24), tags: [] },
  tag: { last: 10, in: hours(30 * 24), tags: [] },
};

/** Branches `main` and `core/feature/ADD_SETTINGS`, Git tags `v1.0.0` to `v1.9.0`, commits `c0` to `c19`, all of main. */
export const HISTORY = historyOf({
  commits: Array.from({ length: 20 }, (_, at) => ({
    name: `c${at}`,
    date: daysAgo(40 - at),
    parents: at === 0 ? [] : [`c${at - 1}`],
  })),
  references: [
    { kind: 'branch', name: 'main', commit: 'c19' },
    { kind: 'branch', name: 'core/feature/ADD_SETTINGS', commit: 'c18' },
    ...Array.from({ length: 10 }, (_, at) => ({ kind: 'tag' as const, name: `v1.${at}.0`, commit: `c${at}` })),
  ],
});

/** So many days, also parts of one, before the tests' now. */
export function daysAgo(days: number): string {
  return new Date(NOW - days * 86_400_000).toISOString();
}

/** What is said of an image besides its scheme. */
type More = Partial<NodeSpec> & { readonly project?: string };

/** An image that dapp published: named for its first tag. */
export function dapp(scheme: string, tags: string | readonly string[], more: More = {}): NodeSpec {
  const { project = 'shop', labels = {}, ...rest } = more;
  const all = typeof tags === 'string' ? [tags] : tags;
  return {
    name: all[0] ?? 'untagged',
    tags: all,
    labels: { dapp: project, 'dapp-dimg': 'true', 'dapp-tag-scheme': scheme, ...labels },
    ...rest,
  };
}

/** An image that werf 1 published under the tag that its label names. */
export function werf1(strategy: string, tag: string, more: More = {}): NodeSpec {
  const { project = 'shop', labels = {}, ...rest } = more;
  return {
    name: tag,
    tags: [tag],
    labels: {
      werf: project,
      'werf-image': 'true',
      'werf-image-name': '',
      'werf-tag-strategy': strategy,
      'werf-image-tag': tag,
      ...labels,
    },
    ...rest,
  };
}

/** A commit's full id, as dapp and werf tag by it. */
export function sha(name: string): string {
  return commitIdOf(name);
}

/** Decisions on these nodes with dapp's schemes. */
export function decideBySchemes(
  nodes: readonly NodeSpec[],
  { schemes = DAPP_SCHEMES, policy, ...more }: Partial<DecisionSpec> & { readonly schemes?: TagSchemes } = {},
) {
  const wishes: Partial<Policy> = { schemes, ...policy };
  return decisionsOn({ nodes, history: HISTORY, ...more, policy: wishes });
}
