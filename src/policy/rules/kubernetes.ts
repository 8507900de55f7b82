// Rule `kubernetes`: what a cluster references is kept. A reference that could mean an image of ours protects it: too much
// is kept rather than too little.

import type { KeepReason } from '../../model/decision.ts';
import {
  type Digest,
  effectiveTag,
  formatImageReference,
  formatRepository,
  type ImageReference,
  isSameRepository,
  type RepositoryReference,
  type Tag,
} from '../../model/reference.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { throughMirrors } from '../../model/through-mirrors.ts';
import type { Usage, Workload } from '../../model/usage.ts';
import { appendTo } from '../../util/append-to.ts';
import { type ProvedMirror, proveMirrors } from './proved-mirrors.ts';

/** What the rule looks at. */
export interface KubernetesRuleInput {
  readonly snapshot: Pick<Snapshot, 'repository' | 'nodes' | 'tags'>;
  readonly usage: Usage;
  /** Prefix that clusters pull through → what it stands for. */
  readonly mirrors: ReadonlyMap<string, string>;
}

/** What the clusters keep, what they name in this very repository although it is not there, and through what they pull undeclared. */
export interface KubernetesVerdicts {
  readonly keep: ReadonlyMap<Digest, readonly KeepReason[]>;
  readonly absent: readonly { readonly text: string; readonly workloads: readonly Workload[] }[];
  readonly undeclared: readonly ProvedMirror[];
}

/** A node that a reference means. */
export type UsedNode =
  | { readonly by: 'digest'; readonly digest: Digest }
  /** `through`: the repository that was named, when only what clusters run proves that it holds images of ours. */
  | { readonly by: 'tag'; readonly digest: Digest; readonly tag: Tag; readonly through?: string };

/** Finds in one snapshot what clusters name. */
export interface UseFinder {
  /** What a reference could mean; empty when it means nothing here. */
  ofReference(reference: ImageReference): readonly UsedNode[];
  /** The manifests with this digest, or with a config of this digest. */
  ofDigest(digest: Digest): readonly Digest[];
  /** Repositories that turn out to hold images of ours, though no mirror and no equal path says so. */
  readonly undeclared: readonly ProvedMirror[];
}

/**
 * Finds nodes by what clusters name. A digest means what has it in whatever repository it is named (mirrors pull by digest), also when it
 * is a config's digest; a tag means ours when the repository is ours, stands for ours by a mirror, has the same path on another host, also
 * behind a path of that host's own, or is one from which clusters run digests of ours. On our own host another path alone means nothing:
 * `team-b/app` is not `team-a/app`.
 */
export function createUseFinder({ snapshot, usage, mirrors }: KubernetesRuleInput): UseFinder {
  const nodesOf = indexByAnyDigest(snapshot);
  const ours = snapshot.repository;
  const has = (digest: Digest): boolean => nodesOf(digest).length > 0;
  const proved = proveMirrors({ usage, mirrors, has });
  const meaningOf = ({ repository }: ImageReference): 'none' | 'ours' | 'proved' => {
    const meanings = throughMirrors(repository, mirrors);
    if (isLikeOurs(repository, ours) || meanings.some((meaning) => isSameRepository(meaning, ours))) return 'ours';
    return meanings.some((meaning) => proved.isProved(meaning)) ? 'proved' : 'none';
  };
  return {
    ofDigest: nodesOf,
    ofReference: (reference) => {
      const found = reference.digest === undefined ? [] : nodesOf(reference.digest);
      const nodes: UsedNode[] = found.map((digest) => ({ by: 'digest', digest }));
      const tag = effectiveTag(reference);
      const tagged = tag === undefined ? undefined : snapshot.tags.get(tag);
      if (tag === undefined || tagged === undefined) return nodes;
      const meaning = meaningOf(reference);
      const through = meaning === 'proved' ? { through: formatRepository(reference.repository) } : {};
      return meaning === 'none' ? nodes : [...nodes, { by: 'tag', digest: tagged, tag, ...through }];
    },
    undeclared: proved.list.filter(({ repository }) => meaningOf({ repository }) === 'proved'),
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
  return { keep, absent, undeclared: finder.undeclared };
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

/** The same path on any host; on another one a pull-through cache also puts a path of its own before ours. */
function isLikeOurs({ host, name }: RepositoryReference, ours: RepositoryReference): boolean {
  return name === ours.name || (host !== ours.host && name.endsWith(`/${ours.name}`));
}

/** An image as a puller understands it: `nginx` is `docker.io/library/nginx:latest`. */
export function formatUsedReference(reference: ImageReference): string {
  const tag = effectiveTag(reference);
  return formatImageReference(tag === undefined ? reference : { ...reference, tag });
}
