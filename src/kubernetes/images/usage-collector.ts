// Gathers image texts from all sources into one usage: grouped, without repetitions, in an order that depends on nothing
// but the content.

import { type Digest, formatImageReference, type ImageReference } from '../../model/reference.ts';
import type { BareDigestUse, ImageUse, UnparsableUse, Usage, UsageSource, Workload } from '../../model/usage.ts';
import type { FoundImage } from './collect-images.ts';
import { interpretImage } from './interpret-image.ts';

/** Takes what is found, bit by bit. */
export interface UsageCollector {
  add(found: FoundImage): void;
  /** Everything added so far. The caller guarantees that all sources were read in full. */
  build(sources: readonly UsageSource[]): Usage;
}

interface Users<T> {
  readonly of: T;
  readonly workloads: Map<string, Workload>;
}

/** A collector with nothing in it. */
export function createUsageCollector(): UsageCollector {
  const references = new Map<string, Users<ImageReference>>();
  const digests = new Map<string, Users<Digest>>();
  const unparsable = new Map<string, UnparsableUse>();
  return {
    add(found) {
      const meaning = interpretImage(found.text);
      switch (meaning.kind) {
        case 'reference':
          return addUser(references, formatImageReference(meaning.reference), {
            of: meaning.reference,
            by: found.workload,
          });
        case 'digest':
          return addUser(digests, meaning.digest, { of: meaning.digest, by: found.workload });
        case 'unparsable':
          unparsable.set(JSON.stringify([found.text, keyOf(found.workload)]), found);
          return;
        case 'blank':
          return;
      }
    },
    build(sources) {
      return {
        complete: true,
        sources,
        uses: sorted(references).map(
          ({ of, workloads }): ImageUse => ({ reference: of, workloads: sorted(workloads) }),
        ),
        bareDigests: sorted(digests).map(
          ({ of, workloads }): BareDigestUse => ({ digest: of, workloads: sorted(workloads) }),
        ),
        unparsable: sorted(unparsable),
      };
    },
  };
}

function addUser<T>(into: Map<string, Users<T>>, key: string, use: { readonly of: T; readonly by: Workload }): void {
  const users = into.get(key) ?? { of: use.of, workloads: new Map<string, Workload>() };
  into.set(key, users);
  users.workloads.set(keyOf(use.by), use.by);
}

function keyOf({ context, namespace, kind, name, container }: Workload): string {
  return JSON.stringify([context, namespace ?? null, kind, name, container ?? null]);
}

function sorted<T>(map: ReadonlyMap<string, T>): T[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}
