// What GitLab's list has shown of a repository: which tags there are, and which manifests must be there because of them.

import type { Digest, Tag } from '../model/reference.ts';
import type { Instant } from '../model/time.ts';
import type { ListedTag } from './gitlab-tags.ts';

/** The last list, and what follows from it. */
export interface GitlabBook {
  /** Reads the list anew. `unsupported`: this registry has none. */
  list(): Promise<ReadonlyMap<Tag, ListedTag> | 'unsupported'>;
  /** Whether the registry has such a list, as far as is known. */
  hasList(): boolean;
  /**
   * Whether the manifest is there by the last list: a tag is on it, or an index lists it that is there. GitLab's database lets no manifest
   * go that a tag or an index needs. Without a list nothing is shown.
   */
  isShown(digest: Digest): boolean;
  /** The newest time of its tags on the last list. */
  taggedAt(digest: Digest): Instant | undefined;
  /** Notes what an index lists. */
  noteChildren(index: Digest, children: readonly Digest[]): void;
  /** Every index that was seen to list this digest. */
  indexesWith(digest: Digest): readonly Digest[];
  /** Notes that a tag of this digest was deleted, or may have been: until the next list nobody knows whether it is there. */
  noteChange(digest: Digest): void;
}

/** An empty book. `read` gets the list; `isKnown` as {@link import('./gitlab-tags.ts').listGitlabTags} has it. */
export function createGitlabBook(
  read: (state: { readonly isKnown: boolean }) => Promise<ReadonlyMap<Tag, ListedTag> | 'unsupported'>,
): GitlabBook {
  let hasList: boolean | undefined;
  let tagged = new Map<Digest, Instant>();
  let begun = 0;
  let newest = 0;
  const changed = new Set<Digest>();
  const indexes = new Map<Digest, Set<Digest>>();

  async function readList(): Promise<ReadonlyMap<Tag, ListedTag> | 'unsupported'> {
    if (hasList === false) return 'unsupported';
    // What changes while the list is read may be on it all the same.
    const before = [...changed];
    begun += 1;
    const turn = begun;
    const list = await read({ isKnown: hasList === true });
    hasList = list !== 'unsupported';
    if (list === 'unsupported') return list;
    // Of two that were read side by side, the one that began later counts.
    if (turn < newest) return list;
    newest = turn;
    tagged = newestByDigest(list);
    for (const digest of before) changed.delete(digest);
    return list;
  }

  function isShown(digest: Digest, seen: ReadonlySet<Digest>): boolean {
    if (seen.has(digest) || changed.has(digest)) return false;
    if (tagged.has(digest)) return true;
    return [...(indexes.get(digest) ?? [])].some((index) => isShown(index, new Set([...seen, digest])));
  }

  return {
    list: readList,
    hasList: () => hasList === true,
    isShown: (digest) => isShown(digest, new Set()),
    taggedAt: (digest) => tagged.get(digest),
    noteChildren: (index, children) => {
      for (const child of children) {
        const known = indexes.get(child);
        if (known === undefined) indexes.set(child, new Set([index]));
        else known.add(index);
      }
    },
    indexesWith: (digest) => [...(indexes.get(digest) ?? [])],
    noteChange: (digest) => void changed.add(digest),
  };
}

function newestByDigest(list: ReadonlyMap<Tag, ListedTag>): Map<Digest, Instant> {
  const newest = new Map<Digest, Instant>();
  for (const { digest, taggedAt } of list.values()) {
    const known = newest.get(digest);
    if (known === undefined || taggedAt > known) newest.set(digest, taggedAt);
  }
  return newest;
}
