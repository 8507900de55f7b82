// The index of a layout as it is looked up in: tags to digests, and digests with the type under which they are listed.

import type { Digest, Tag } from '../model/reference.ts';
import { type LayoutIndex, readLayoutIndex, versionOfLayoutIndex } from './layout-files.ts';
import { tagsOfEntries } from './layout-tags.ts';
import type { NamedDigest } from './manifest-source.ts';

/** One state of `index.json`. Immutable. */
export interface LayoutView {
  readonly tags: ReadonlyMap<Tag, NamedDigest>;
  /** Everything it lists, with and without tags. */
  readonly roots: ReadonlyMap<Digest, NamedDigest>;
}

/** @throws ProtocolError PROTOCOL for a name that is no tag, or one tag on two digests. */
export function viewIndex(index: LayoutIndex): LayoutView {
  const tags = new Map<Tag, NamedDigest>();
  const roots = new Map<Digest, NamedDigest>();
  for (const [at, tag] of tagsOfEntries(index).entries()) {
    const entry = index.manifests[at];
    if (entry === undefined) continue;
    const root = roots.get(entry.digest) ?? { digest: entry.digest, mediaType: entry.mediaType };
    roots.set(entry.digest, root);
    if (tag !== undefined) tags.set(tag, root);
  }
  return { tags, roots };
}

/**
 * Looks at the index as it is now, and reads it again only when the file has changed: resolving every tag of a layout then costs a
 * look at the file each, and not the whole index.
 */
export function createLayoutViewer(directory: string): () => Promise<LayoutView> {
  let last: { readonly version: string; readonly view: LayoutView } | undefined;
  return async () => {
    const version = await versionOfLayoutIndex(directory);
    if (last?.version !== version) last = { version, view: viewIndex(await readLayoutIndex(directory)) };
    return last.view;
  };
}
