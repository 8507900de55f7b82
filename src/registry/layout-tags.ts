// Which tags the descriptors of a layout's index carry.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md#pre-defined-annotation-keys

import { CleanupError, ProtocolError } from '../errors.ts';
import { formatRepository, isTag, parseImageReference, type Tag } from '../model/reference.ts';
import type { LayoutEntry, LayoutIndex } from './layout-files.ts';

const REF_NAME = 'org.opencontainers.image.ref.name';

interface EntryName {
  readonly tag: Tag;
  /** `host/name`, when the annotation holds a whole reference as podman writes it. */
  readonly repository?: string;
}

/**
 * The tag of every descriptor, in the order of the index; undefined for one without a name.
 * @throws ProtocolError PROTOCOL for a name that is no tag and no reference with a tag, for names of several repositories, and for a
 *   tag on two digests: nobody could tell what such a name protects.
 */
export function tagsOfEntries(index: LayoutIndex): readonly (Tag | undefined)[] {
  const digests = new Map<Tag, string>();
  let repository: string | undefined;
  return index.manifests.map((entry) => {
    const name = nameOf(entry);
    if (name === undefined) return undefined;
    if (name.repository !== undefined && repository !== undefined && name.repository !== repository)
      throw badName(entry, `the index also names ${repository}; a layout can stand for one repository only`);
    repository ??= name.repository;
    const other = digests.get(name.tag);
    if (other !== undefined && other !== entry.digest) throw badName(entry, `the tag is also on ${other}`);
    digests.set(name.tag, entry.digest);
    return name.tag;
  });
}

/** The descriptor under another tag, or under none. */
export function withTag(entry: LayoutEntry, tag: Tag | undefined): LayoutEntry {
  const { annotations = {}, ...rest } = entry;
  const { [REF_NAME]: _old, ...others } = annotations;
  const named = tag === undefined ? others : { ...others, [REF_NAME]: tag };
  return Object.keys(named).length === 0 ? rest : { ...rest, annotations: named };
}

function nameOf(entry: LayoutEntry): EntryName | undefined {
  const text = entry.annotations?.[REF_NAME];
  if (text === undefined) return undefined;
  if (isTag(text)) return { tag: text };
  try {
    const { repository, tag } = parseImageReference(text);
    if (tag !== undefined) return { tag, repository: formatRepository(repository) };
  } catch (error) {
    if (!(error instanceof CleanupError)) throw error;
  }
  throw badName(entry, 'it is neither a tag nor a reference with a tag');
}

function badName(entry: LayoutEntry, fault: string): ProtocolError {
  const text = JSON.stringify(entry.annotations?.[REF_NAME]?.slice(0, 300) ?? '');
  return new ProtocolError(`The layout's index gives ${entry.digest} the name ${text}: ${fault}.`, {
    code: 'PROTOCOL',
    hint: `Correct the annotation ${REF_NAME} in index.json.`,
  });
}
