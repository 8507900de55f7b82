// A project of werf's for tables: its history, and repositories from a few words.

import type { KeepPolicy, Policy, WerfPolicy } from '../../../src/model/policy.ts';
import { type DecisionSpec, decisionsOn } from '../../builders/decision.ts';
import { historyOf } from '../../builders/history.ts';
import { ANY_AGE, type NodeSpec, policyOf } from '../../builders/snapshot.ts';
import { imageMetadata, managedImage, stage, stageIdOf } from '../../builders/werf-snapshot.ts';

/** main: c1 ← c2 ← merge (of side) ← c4; branch dev at side; tag v1 at c1, v2 off any branch; branch `stale`, long ago. */
export const HISTORY = historyOf({
  commits: [
    { name: 'c0', date: '2026-03-01T00:00:00Z' },
    { name: 'c1', date: '2026-10-01T00:00:00Z' },
    { name: 'c2', date: '2026-10-02T00:00:00Z', parents: ['c1'] },
    { name: 'side', date: '2026-10-03T00:00:00Z', parents: ['c1'] },
    { name: 'merge', date: '2026-10-04T00:00:00Z', parents: ['c2', 'side'] },
    { name: 'c4', date: '2026-11-19T00:00:00Z', parents: ['merge'] },
    { name: 'off', date: '2026-10-06T00:00:00Z' },
  ],
  references: [
    { kind: 'branch', name: 'main', commit: 'c4' },
    { kind: 'branch', name: 'dev', commit: 'side' },
    { kind: 'branch', name: 'stale', commit: 'c0' },
    { kind: 'tag', name: 'v1', commit: 'c1' },
    { kind: 'tag', name: 'v2', commit: 'off' },
  ],
});

export const GONE = 'a commit that is nowhere';
/** So long ago that no grace speaks. */
const OLD = '2026-01-01T00:00:00Z';

/** A keep policy for one branch, or all that match `/…/`. */
export function branch(name: string, last = 1, more: Partial<KeepPolicy['imagesPerReference']> = {}): KeepPolicy {
  return policyFor('branch', name, { last, operator: 'And', ...more });
}

/** A keep policy for one tag, or all that match `/…/`. */
export function tag(name: string, last = 1): KeepPolicy {
  return policyFor('tag', name, { last, operator: 'And' });
}

function policyFor(
  kind: 'branch' | 'tag',
  name: string,
  imagesPerReference: KeepPolicy['imagesPerReference'],
): KeepPolicy {
  const pattern = name.startsWith('/')
    ? ({ kind: 'regex', source: name.slice(1, -1) } as const)
    : ({ kind: 'literal', text: name } as const);
  return { name: `for ${name}`, references: { kind, pattern }, imagesPerReference };
}

/** `stage name` published for `commits` as `image`; the records were written long ago unless said otherwise. */
export function published(
  name: string,
  commits: readonly string[],
  {
    image = 'web',
    created = OLD,
    labels = {},
  }: { image?: string; created?: string; labels?: Record<string, string> } = {},
): readonly NodeSpec[] {
  return [stage({ name, labels }), ...recordsOf(name, commits, { image, created })];
}

/** Records of a stage by its short name. */
export function recordsOf(
  name: string,
  commits: readonly string[],
  { image = 'web', created = OLD }: { image?: string; created?: string } = {},
): readonly NodeSpec[] {
  return commits.map((commit) => imageMetadata({ image, commit, stage: stageIdOf(name), created }));
}

/** The short name of a record of {@link recordsOf}. */
export function recordName(name: string, commit: string, image = 'web'): string {
  return imageMetadata({ image, commit, stage: stageIdOf(name) }).name;
}

/** Decides with `web` managed, without the window for young images, by these keep policies. */
export function decideOn(
  nodes: readonly NodeSpec[],
  keepPolicies: readonly KeepPolicy[],
  { policy = {}, ...spec }: Partial<Omit<DecisionSpec, 'nodes'>> = {},
) {
  const all: Partial<Policy> = { ...ANY_AGE, git: { enabled: true, keepPolicies }, ...policy };
  return decisionsOn({ nodes: [managedImage('web'), ...nodes], history: HISTORY, ...spec, policy: all });
}

/** What counts in a repository of werf's, as policies have it by default but for these parts. */
export function werfPolicy(parts: Partial<WerfPolicy>): WerfPolicy {
  return { ...policyOf().werf, ...parts };
}
