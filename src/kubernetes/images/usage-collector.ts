// Gathers image texts from all sources into one usage: grouped, without repetitions, in an order that depends on nothing
// but the content. What it holds grows with the number of images, not with the number of their users.

import {
  type Digest,
  formatImageReference,
  formatRepository,
  type ImageReference,
  type RepositoryReference,
} from '../../model/reference.ts';
import type { BareDigestUse, ImageUse, UnparsableUse, Usage, UsageSource } from '../../model/usage.ts';
import type { FoundImage } from './found-image.ts';
import { interpretImage } from './interpret-image.ts';
import { addWorkload, addWorkloads, createWorkloadList, listWorkloads, type WorkloadList } from './workload-list.ts';

/** Takes what is found, bit by bit. */
export interface UsageCollector {
  /** One text. The texts of one object come together. */
  add(found: FoundImage): void;
  /** Everything that was added to another one, which nothing may be added to any more. */
  addAll(other: UsageCollector): void;
  /** Everything added so far. The caller guarantees that all sources were read in full. */
  build(sources: readonly UsageSource[]): Usage;
  /** What it has, for {@link UsageCollector.addAll}. */
  readonly images: CollectedImages;
}

/** Images with their users, by what they are called in the end. */
interface CollectedImages {
  readonly references: ReadonlyMap<string, Users<ImageReference>>;
  readonly digests: ReadonlyMap<string, Users<Digest>>;
  readonly unparsable: ReadonlyMap<string, Users<UnparsableText>>;
}

type UnparsableText = Omit<UnparsableUse, 'workload'>;

interface Users<T> {
  readonly of: T;
  readonly workloads: WorkloadList;
}

/** A collector with nothing in it. */
export function createUsageCollector(): UsageCollector {
  const references = new Map<string, Users<ImageReference>>();
  const digests = new Map<string, Users<Digest>>();
  const unparsable = new Map<string, Users<UnparsableText>>();
  /** Whose users a text adds to, for texts seen before; the others' meaning is worked out once. */
  const known = new Map<string, WorkloadList | 'nobody'>();
  const repositories = new Map<string, RepositoryReference>();
  const usersOfReference = (reference: ImageReference, text: string): WorkloadList => {
    const name = formatImageReference(reference);
    const repository = formatRepository(reference.repository);
    const same = repositories.get(repository) ?? reference.repository;
    repositories.set(repository, same);
    // What is equal is kept once: there are tens of thousands of them.
    return usersIn(references, name === text ? text : name, { ...reference, repository: same });
  };
  const usersOf = (found: FoundImage): WorkloadList | 'nobody' => {
    const { text, workload: _, ...more } = found;
    const meaning = interpretImage(text);
    switch (meaning.kind) {
      case 'reference':
        return usersOfReference(meaning.reference, text);
      case 'digest':
        return usersIn(digests, meaning.digest, meaning.digest);
      case 'unparsable':
        return usersIn(unparsable, keyOf(found), { text, ...more });
      case 'blank':
        return 'nobody';
    }
  };
  return {
    images: { references, digests, unparsable },
    add(found) {
      const key = keyOf(found);
      let users = known.get(key);
      if (users === undefined) {
        users = usersOf(found);
        known.set(key, users);
      }
      if (users !== 'nobody') addWorkload(users, found.workload);
    },
    addAll({ images }) {
      mergeUsers(references, images.references);
      mergeUsers(digests, images.digests);
      mergeUsers(unparsable, images.unparsable);
    },
    build(sources) {
      return {
        complete: true,
        sources,
        uses: sorted(references).map(({ of, workloads }): ImageUse => ({ reference: of, ...listWorkloads(workloads) })),
        bareDigests: sorted(digests).map(
          ({ of, workloads }): BareDigestUse => ({ digest: of, ...listWorkloads(workloads) }),
        ),
        unparsable: sorted(unparsable).flatMap(({ of, workloads }): UnparsableUse[] =>
          listWorkloads(workloads).workloads.map((workload) => ({ ...of, workload })),
        ),
      };
    },
  };
}

/** A text that must be an image where one stands, and need not be one where another stands, counts as both; so with what may fill it. */
function keyOf({ text, isWeak, fillings = [] }: FoundImage): string {
  return isWeak === undefined ? text : ['weak', text, ...fillings].join(' ');
}

function usersIn<T>(into: Map<string, Users<T>>, key: string, of: T): WorkloadList {
  const users = into.get(key);
  if (users !== undefined) return users.workloads;
  const workloads = createWorkloadList();
  into.set(key, { of, workloads });
  return workloads;
}

function mergeUsers<T>(into: Map<string, Users<T>>, from: ReadonlyMap<string, Users<T>>): void {
  for (const [key, users] of from) {
    const known = into.get(key);
    if (known === undefined) into.set(key, users);
    else addWorkloads(known.workloads, users.workloads);
  }
}

function sorted<T>(map: ReadonlyMap<string, T>): T[] {
  return [...map.keys()].sort().flatMap((key) => map.get(key) ?? []);
}
