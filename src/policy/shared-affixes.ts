// Words around a name in a tag: `app-main`, `main-alpine`, `app-1.2.3-alpine`. Pipelines put the same words around many names, so words count
// only where tags have them around the names of two references or more. One tag that happens to end in a branch's name says nothing.

import type { GitReference } from '../model/history.ts';

/** A tag without words that it shares with others. */
export interface BareTag {
  /** Of lower-case letters, digits and dashes: `main`, `1-2-3`. */
  readonly stem: string;
  /** How such tags are written: `app-{branch}-alpine`. */
  readonly pattern: string;
}

/** Shorter names stand in too many tags by accident; versions excepted. */
const SHORTEST_STEM = 3;
/** Versions, lines of them, and numbers of pull requests, which no reference is called by. */
const MEANS_MORE = /^(?:v?\d|(?:pr|mr|merge-request)-\d)/;
/** Words taken off one end; `node-22-alpine-3-21` has five. */
const MAX_WORDS = 5;
const MAX_AFTER_ONE = 2;
/** A build's number, a date or a commit is no word that pipelines put around all names. */
const MEANS_BUILD = /^(?:[0-9-]+|[0-9a-f]{7,}|(?:b|build|ci|job|run|pipeline)-?[0-9]+)$/;

/** By a tag, what is left of it without shared words; empty when it shares none. One pass over all tags. */
export function indexSharedAffixes(
  tags: Iterable<string>,
  references: readonly GitReference[],
): (tag: string) => readonly BareTag[] {
  const known = stemsOf(references);
  const sharing = new Map<string, Set<string>>();
  for (const tag of tags) {
    for (const { stem, pattern } of splitsOf(tag, (text) => known.has(text))) {
      const stems = sharing.get(pattern);
      if (stems === undefined) sharing.set(pattern, new Set([stem]));
      else stems.add(stem);
    }
  }
  const mayMean = (stem: string): boolean => known.has(stem) || MEANS_MORE.test(stem);
  return (tag) => splitsOf(tag, mayMean).filter(({ pattern }) => (sharing.get(pattern)?.size ?? 0) > 1);
}

function stemsOf(references: readonly GitReference[]): ReadonlySet<string> {
  const names = references.map(({ name }) => dashed(name));
  const versions = names.flatMap((name) => (/^v\d/.test(name) ? name.slice(1) : []));
  return new Set([...names, ...versions].filter((name) => name.length >= SHORTEST_STEM || MEANS_MORE.test(name)));
}

/** Every way to take words off the ends, at least one, that leaves a stem which is wanted. */
function splitsOf(tag: string, isWanted: (stem: string) => boolean): readonly BareTag[] {
  const text = dashed(tag);
  const starts = wordStarts(text);
  const found: BareTag[] = [];
  for (let before = 0; before <= MAX_WORDS && before < starts.length; before += 1) {
    // Words before and after are rare, and few.
    const most = before === 0 ? MAX_WORDS : before === 1 ? MAX_AFTER_ONE : 0;
    for (let after = before === 0 ? 1 : 0; after <= most && before + after < starts.length; after += 1) {
      const start = starts[before] ?? 0;
      const end = after === 0 ? text.length : (starts[starts.length - after] ?? 0) - 1;
      const stem = text.slice(start, end);
      const [prefix, suffix] = [text.slice(0, start), text.slice(end)];
      if (isWanted(stem) && isShareable(prefix) && isShareable(suffix)) {
        found.push({ stem, pattern: `${prefix}{branch}${suffix}` });
      }
    }
  }
  return found;
}

function wordStarts(text: string): readonly number[] {
  const starts = [0];
  for (let dash = text.indexOf('-'); dash !== -1; dash = text.indexOf('-', dash + 1)) starts.push(dash + 1);
  return starts;
}

/** `words` with the dash that parts them from the stem. */
function isShareable(words: string): boolean {
  return !MEANS_BUILD.test(words.replace(/^-|-$/g, ''));
}

function dashed(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}
