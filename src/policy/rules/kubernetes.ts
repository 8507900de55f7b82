// Rule `kubernetes`: what a cluster references is kept. A reference that could mean an image of ours protects it: too much
// is kept rather than too little.

import type { KeepReason } from '../../model/decision.ts';
import {
  type Digest,
  effectiveTag,
  formatRepository,
  type ImageReference,
  isRepositoryName,
  isSameRepository,
  parseRepository,
  parseRepositoryPrefix,
  type RepositoryReference,
  type Tag,
} from '../../model/reference.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { Usage, Workload } from '../../model/usage.ts';

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

/**
 * Reasons to keep, by node. A digest protects in whatever repository it is named (mirrors pull by digest), also when it is a
 * config's digest; a tag protects when the repository is ours, stands for ours by a mirror, or has the same path on
 * another host, also behind a path of that host's own.
 */
export function keepUsed(input: KubernetesRuleInput): KubernetesVerdicts {
  const { snapshot, usage } = input;
  const keep = new Map<Digest, KeepReason[]>();
  const absent: { text: string; workloads: readonly Workload[] }[] = [];
  const nodesOf = indexByAnyDigest(snapshot);
  const add = (digest: Digest, reason: KeepReason): void => {
    keep.set(digest, [...(keep.get(digest) ?? []), reason]);
  };
  for (const { reference, workloads } of usage.uses) {
    let isFound = false;
    const found = reference.digest === undefined ? [] : nodesOf(reference.digest);
    for (const digest of found) {
      isFound = true;
      add(digest, { rule: 'kubernetes', by: 'digest', workloads });
    }
    const tag = effectiveTag(reference);
    const tagged = tag !== undefined && couldMean(reference, input) ? snapshot.tags.get(tag) : undefined;
    if (tagged !== undefined && tag !== undefined) {
      isFound = true;
      add(tagged, { rule: 'kubernetes', by: 'tag', tag, workloads });
    }
    if (!isFound && isSameRepository(reference.repository, snapshot.repository)) {
      absent.push({ text: describeAbsent(reference, tag), workloads });
    }
  }
  for (const { digest, workloads } of usage.bareDigests) {
    for (const node of nodesOf(digest)) add(node, { rule: 'kubernetes', by: 'digest', workloads });
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

function couldMean(reference: ImageReference, input: KubernetesRuleInput): boolean {
  const ours = input.snapshot.repository;
  if (reference.repository.name === ours.name) return true;
  // A pull-through cache on another host puts a path of its own before ours.
  if (reference.repository.host !== ours.host && reference.repository.name.endsWith(`/${ours.name}`)) return true;
  return throughMirrors(reference.repository, input.mirrors).includes(formatRepository(ours));
}

/** What a repository's full name may stand for: every mirror prefix replaced by what it stands for, on whole components. */
function throughMirrors(repository: RepositoryReference, mirrors: ReadonlyMap<string, string>): readonly string[] {
  const name = formatRepository(repository);
  const meanings: string[] = [name];
  for (const [prefix, original] of mirrors) {
    const from = parseRepositoryPrefix(prefix);
    if (name !== from && !name.startsWith(`${from}/`)) continue;
    const meaning = `${parseRepositoryPrefix(original)}${name.slice(from.length)}`;
    // Parsed again: what stands for `docker.io/app` is `docker.io/library/app`. A host alone is no repository.
    if (isRepositoryName(meaning.slice(meaning.indexOf('/') + 1)))
      meanings.push(formatRepository(parseRepository(meaning)));
  }
  return meanings;
}

function describeAbsent(reference: ImageReference, tag: Tag | undefined): string {
  return `${formatRepository(reference.repository)}${tag === undefined ? '' : `:${tag}`}${reference.digest === undefined ? '' : `@${reference.digest}`}`;
}
