// What has come into a repository since the plan, and what that reaches.

import type { Digest } from '../model/reference.ts';
import type { Registry } from '../registry/port.ts';

/** What is known of manifests that the plan did not know. Only grows. */
export interface News {
  /** Reads a new manifest and all that it reaches, each once. False when nothing is there (yet): then it is worth another look. */
  read(root: Digest): Promise<boolean>;
  /** Notes that the subject belongs to something new, as a name says. */
  claim(subject: Digest, owner: Digest): void;
  /** A new manifest that reaches this digest, or claims it, if any. */
  ownerOf(digest: Digest): Digest | undefined;
  /** One that cannot be understood, and so might list anything; undefined when there is none. */
  readonly opaque: Digest | undefined;
}

/** Nothing new yet. `known`: what the plan knew. @throws (from `read`) what the registry throws; it is read again then */
export function createNews(registry: Pick<Registry, 'readEdges'>, known: ReadonlySet<Digest>): News {
  const owners = new Map<Digest, Digest>();
  const understood = new Set<Digest>();
  let opaque: Digest | undefined;
  return {
    async read(root) {
      if (known.has(root) || understood.has(root)) return true;
      const queue = [root];
      const seen = new Set<Digest>();
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        if (seen.has(next)) continue;
        seen.add(next);
        const edges = await registry.readEdges(next);
        if (edges === 'absent' && next === root) return false;
        if (edges === 'opaque') opaque = next;
        if (edges === 'opaque' || edges === 'absent') continue;
        for (const edge of edges) {
          owners.set(edge, root);
          queue.push(edge);
        }
      }
      understood.add(root);
      return true;
    },
    claim: (subject, owner) => void owners.set(subject, owner),
    ownerOf: (digest) => owners.get(digest),
    get opaque() {
      return opaque;
    },
  };
}
