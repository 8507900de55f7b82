// Rule `kubernetes`: what a cluster references is kept. A reference that could mean an image of ours protects it: too much
// is kept rather than too little.

import type { KeepReason } from '../../model/decision.ts';
import {
  type Digest,
  effectiveTag,
  formatImageReference,
  type ImageReference,
  isSameRepository,
  type Tag,
} from '../../model/reference.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { throughMirrors } from '../../model/through-mirrors.ts';
import type { Usage, Workload } from '../../model/usage.ts';
import { appendTo } from '../../util/append-to.ts';

/** What the rule looks at. */
export interface KubernetesRuleInput {
  readonly snapshot: Pick<Snapshot, 'repository' | 'nodes' | 'tags'>;
  readonly usage: Usage;
  /** Prefix that clusters pull through → what it stands for. */
  readonly mirrors: ReadonlyMap<string, string>;
}

/** What the clusters keep, and what they name in this very repository although it is not there. */
export interface KubernetesVerdicts {
  readonly keep: ReadonlyMap<Digest, readonly KeepReason[]>;
  readonly absent: readonly { readonly text: string; readonly workloads: readonly Workload[] }[];
}

/** A node that a reference means. */
export type UsedNode =
  | { readonly by: 'digest'; readonly digest: Digest }
  | { readonly by: 'tag'; readonly digest: Digest; readonly tag: Tag };

/** Finds in one snapshot what clusters name. */
export interface UseFinder {
  /** What a reference could mean; empty when it means nothing here. */
  ofReference(reference: ImageReference): readonly UsedNode[];
  /** The manifests with this digest, or with a config of this digest. */
  ofDigest(digest: Digest): readonly Digest[];
}

/**
 * Finds nodes by what clusters name. A digest means what has it in whatever repository it is named (mirrors pull by digest), also when it
 * is a config's digest; a tag means ours when the repository is ours, stands for ours by a mirror, or has the same path on
 * another host, also behind a path of that host's own.
 */
export function createUseFinder(input: Pick<KubernetesRuleInput, 'snapshot' | 'mirrors'>): UseFinder {
  const nodesOf = indexByAnyDigest(input.snapshot);
  return {
    ofDigest: nodesOf,
    ofReference: (reference) => {
      const found = reference.digest === undefined ? [] : nodesOf(reference.digest);
      const nodes: UsedNode[] = found.map((digest) => ({ by: 'digest', digest }));
      const tag = effectiveTag(reference);
      const tagged = tag !== undefined && couldMean(reference, input) ? input.snapshot.tags.get(tag) : undefined;
      if (tagged !== undefined && tag !== undefined) nodes.push({ by: 'tag', digest: tagged, tag });
      return nodes;
    },
  };
}

/** Reasons to keep, by node, for all that {@link createUseFinder} finds. */
export function keepUsed(input: KubernetesRuleInput): KubernetesVerdicts {
  const { snapshot, usage } = input;
  const keep = new Map<Digest, KeepReason[]>();
  const absent: { text: string; workloads: readonly Workload[] }[] = [];
  const finder = createUseFinder(input);
  const add = (digest: Digest, reason: KeepReason): void => appendTo(keep, digest, reason);
  for (const { reference, ...users } of usage.uses) {
    const found = finder.ofReference(reference);
    for (const { digest, ...by } of found) add(digest, { rule: 'kubernetes', ...by, ...users });
    if (found.length === 0 && isSameRepository(reference.repository, snapshot.repository)) {
      absent.push({ text: formatUsedReference(reference), workloads: users.workloads });
    }
  }
  for (const { digest, ...users } of usage.bareDigests) {
    for (const node of finder.ofDigest(digest)) add(node, { rule: 'kubernetes', by: 'digest', ...users });
  }
  return { keep, absent };
}

/** Nodes by their own digest and by their config's, as some container runtimes report the latter. */
function indexByAnyDigest(snapshot: Pick<Snapshot, 'nodes'>): (digest: Digest) => readonly Digest[] {
  const byConfig = new Map<Digest, Digest[]>();
  for (const node of snapshot.nodes.values()) {
    if (node.content.kind !== 'image') continue;
    const { digest } = node.content.config;
    byConfig.set(digest, [...(byConfig.get(digest) ?? []), node.digest]);
  }
  return (digest) => [...(snapshot.nodes.has(digest) ? [digest] : []), ...(byConfig.get(digest) ?? [])];
}

function couldMean(
  reference: ImageReference,
  { snapshot, mirrors }: Pick<KubernetesRuleInput, 'snapshot' | 'mirrors'>,
): boolean {
  const ours = snapshot.repository;
  if (reference.repository.name === ours.name) return true;
  // A pull-through cache on another host puts a path of its own before ours.
  if (reference.repository.host !== ours.host && reference.repository.name.endsWith(`/${ours.name}`)) return true;
  return throughMirrors(reference.repository, mirrors).some((meaning) => isSameRepository(meaning, ours));
}

/** An image as a puller understands it: `nginx` is `docker.io/library/nginx:latest`. */
export function formatUsedReference(reference: ImageReference): string {
  const tag = effectiveTag(reference);
  return formatImageReference(tag === undefined ? reference : { ...reference, tag });
}
