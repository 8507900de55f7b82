// Mirrors that nobody declared: a virtual repository on the same host, a proxy under another name. What clusters run from one of them and
// our repository has too, by digest, proves that the one holds images of the other. Pure.

import { type Digest, formatRepository, type RepositoryReference } from '../../model/reference.ts';
import { throughMirrors } from '../../model/through-mirrors.ts';
import type { Usage, Workload } from '../../model/usage.ts';

/** What the proof is drawn from. */
export interface MirrorEvidence {
  readonly usage: Pick<Usage, 'uses'>;
  /** Prefix that clusters pull through → what it stands for. */
  readonly mirrors: ReadonlyMap<string, string>;
  /** Whether our repository has a manifest, or a config, of this digest. */
  readonly has: (digest: Digest) => boolean;
}

/** A repository in which a cluster names an image of ours by digest. */
export interface ProvedMirror {
  readonly repository: RepositoryReference;
  /** The first of such digests in sort order. */
  readonly digest: Digest;
  readonly workloads: readonly Workload[];
}

/** Repositories that hold images of ours, as far as what clusters name proves it; our own is one of them. */
export interface ProvedMirrors {
  /** As clusters name them, in sort order. */
  readonly list: readonly ProvedMirror[];
  /** Whether a repository is one of them, or what one of them stands for by a declared mirror. */
  isProved(repository: RepositoryReference): boolean;
}

/** Only digests prove: a tag that both have may be chance. One more use proves more or the same, never less. */
export function proveMirrors({ usage, mirrors, has }: MirrorEvidence): ProvedMirrors {
  const proved = new Map<string, ProvedMirror>();
  const names = new Set<string>();
  for (const { reference, workloads } of usage.uses) {
    const { repository, digest } = reference;
    if (digest === undefined || !has(digest)) continue;
    for (const meaning of throughMirrors(repository, mirrors)) names.add(formatRepository(meaning));
    const name = formatRepository(repository);
    const known = proved.get(name);
    if (known === undefined || digest < known.digest) proved.set(name, { repository, digest, workloads });
  }
  return {
    list: [...proved].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, mirror]) => mirror),
    isProved: (repository) => names.has(formatRepository(repository)),
  };
}
