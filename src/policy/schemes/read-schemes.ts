// Of which tag schemes an image is, tag by tag: by dapp's and werf 1's labels, else by patterns that the user wrote. Nothing is guessed.

import type { SchemeKind } from '../../model/decision.ts';
import type { Tag } from '../../model/reference.ts';
import { parseReferrerTag } from '../../model/referrer-tag.ts';
import type { Annotations, ImageNode } from '../../model/snapshot.ts';
import { parseWerfTag } from '../../model/werf-tag.ts';
import { matchTagPattern } from '../tag-pattern.ts';
import type { ActiveScheme } from './scheme-patterns.ts';

/** One way to understand a tag. */
export interface NameReading {
  readonly scheme: SchemeKind;
  /** What the tag was made of, as the tag has it; at least one. Several where a pattern can be laid over it in several ways. */
  readonly texts: readonly string[];
  /** `label dapp-tag-scheme`, `pattern v{tag}`. */
  readonly proof: string;
}

/** A tag with every way to understand it; none: it is of no scheme. */
export interface TagReading {
  readonly tag: Tag;
  readonly readings: readonly NameReading[];
}

/** What one image says of itself. */
export interface NodeReading {
  /** Of all tags but those of signatures and the like. */
  readonly tags: readonly TagReading[];
  /** Whether dapp's or werf's labels spoke, and no pattern. */
  readonly isLabelled: boolean;
  /** The scheme of the labels, if they name one; it is the image's also when it has lost its tags. */
  readonly label?: Omit<NameReading, 'texts'>;
  /** Of the image, by label. */
  readonly product?: string;
  /** Projects that the labels name: none or one. */
  readonly projects: readonly string[];
  /** Why nobody knows its labels. */
  readonly unread?: string;
}

const DAPP: Readonly<Record<string, SchemeKind>> = { git_branch: 'branch', git_commit: 'commit', git_tag: 'tag' };
const WERF: Readonly<Record<string, SchemeKind>> = { 'git-branch': 'branch', 'git-commit': 'commit', 'git-tag': 'tag' };
/**
 * What dapp makes of a name: as it is where it consists of lower-case letters, digits and single dashes, else so and with a hash. Labels come down
 * to images that others build on one of dapp's; those with other tags are not taken for dapp's.
 */
const DAPP_SLUG = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:--?[0-9a-f]{8})?$/;
const FULL_COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** Charts, caches and other artifacts are no images of a branch. */
const IMAGE_CONFIGS: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]);

/** Reads one image. `isWerfs`: werf 1.2 or later made it, which has no schemes. */
export function readSchemes(node: ImageNode, active: readonly ActiveScheme[], isWerfs: boolean): NodeReading {
  const tags = node.tags.filter((tag) => parseReferrerTag(tag) === undefined);
  const ofNone = { tags: tags.map((tag) => ({ tag, readings: [] })), isLabelled: false, projects: [] };
  const { content } = node;
  if (content.kind === 'opaque') return { ...ofNone, unread: content.why };
  if (isWerfs || !isImage(node)) return ofNone;
  const facts = content.kind === 'image' ? content.facts : undefined;
  if (facts?.kind === 'read' && isLabelled(facts.labels)) return readLabels(facts.labels, tags, active);
  const readings = tags.map((tag) => ({ tag, readings: readPatterns(tag, active) }));
  return { ...ofNone, tags: readings, ...(facts?.kind === 'unread' ? { unread: facts.why } : {}) };
}

function isImage({ content }: ImageNode): boolean {
  if (content.kind === 'index') return content.blobs.length === 0;
  return content.kind === 'image' && IMAGE_CONFIGS.has(content.config.mediaType);
}

/** Whether dapp or werf made it, or it was built on what they made. */
function isLabelled(labels: Annotations): boolean {
  return isOfWerf(labels) || labels['dapp'] !== undefined || labels['dapp-dimg'] !== undefined;
}

/** werf came after dapp: beside its labels, dapp's come from a base image. */
function isOfWerf(labels: Annotations): boolean {
  return labels['werf'] !== undefined || labels['werf-image'] !== undefined;
}

function readLabels(labels: Annotations, tags: readonly Tag[], active: readonly ActiveScheme[]): NodeReading {
  const isWerf = isOfWerf(labels);
  const label = isWerf ? readWerfLabel(labels) : readDappLabel(labels);
  const isOn = label !== undefined && active.some(({ kind }) => kind === label.scheme);
  const textOf = isWerf ? werfTexts : dappTexts;
  const project = labels[isWerf ? 'werf' : 'dapp'];
  const name = isWerf ? labels['werf-image-name'] : undefined;
  return {
    tags: tags.map((tag) => {
      const texts = isOn && parseWerfTag(tag) === undefined ? textOf(tag, label.scheme, labels) : [];
      return { tag, readings: isOn && texts.length > 0 ? [{ ...label, texts }] : [] };
    }),
    isLabelled: true,
    projects: project === undefined || project === '' ? [] : [project],
    ...(isOn ? { label } : {}),
    ...(name === undefined || name === '' ? {} : { product: name }),
  };
}

function readDappLabel(labels: Annotations): NodeReading['label'] {
  const scheme = DAPP[labels['dapp-tag-scheme'] ?? ''];
  // Images of the development mode are a set of their own.
  if (scheme === undefined || labels['dapp-dimg'] !== 'true' || labels['dapp-dev-mode'] === 'true') return undefined;
  return { scheme, proof: 'label dapp-tag-scheme' };
}

function readWerfLabel(labels: Annotations): NodeReading['label'] {
  const scheme = WERF[labels['werf-tag-strategy'] ?? ''];
  if (scheme === undefined || labels['werf-image'] !== 'true') return undefined;
  return { scheme, proof: 'label werf-tag-strategy' };
}

function dappTexts(tag: Tag, scheme: SchemeKind): readonly string[] {
  return (scheme === 'commit' ? FULL_COMMIT : DAPP_SLUG).test(tag) ? [tag] : [];
}

/**
 * Only the tag that the label names is the strategy's; where several images share a repository, the image's name stands before it.
 * The first versions wrote no such label.
 */
function werfTexts(tag: Tag, scheme: SchemeKind, labels: Annotations): readonly string[] {
  const prefix = `${labels['werf-image-name'] ?? ''}-`;
  const bare = prefix !== '-' && tag.startsWith(prefix) ? [tag.slice(prefix.length)] : [];
  const named = labels['werf-image-tag'];
  const texts = [tag, ...bare].filter((text) => text !== '' && (named === undefined || text === named));
  return scheme === 'commit' ? texts.filter((text) => FULL_COMMIT.test(text)) : texts;
}

function readPatterns(tag: Tag, active: readonly ActiveScheme[]): readonly NameReading[] {
  if (parseWerfTag(tag) !== undefined) return [];
  return active.flatMap(({ kind, patterns }) =>
    patterns.flatMap((pattern): readonly NameReading[] => {
      const readings = matchTagPattern(pattern, tag)?.readings ?? [];
      const texts = new Set(readings.flatMap(({ name, text }) => (name === kind ? text : [])));
      return texts.size === 0 ? [] : [{ scheme: kind, texts: [...texts], proof: `pattern ${pattern.source}` }];
    }),
  );
}
