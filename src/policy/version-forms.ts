// Versions in the names of Git tags and images: spelt in several ways, hidden behind an image's name, or cut to a line such as `1.2`.

import type { GitReference } from '../model/history.ts';
import { appendTo } from '../util/append-to.ts';

/** Spellings that mean the same: https://packaging.python.org/en/latest/specifications/version-specifiers/#normalization */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['alpha', 'a'],
  ['beta', 'b'],
  ['c', 'rc'],
  ['pre', 'rc'],
  ['preview', 'rc'],
  ['rev', 'post'],
  ['r', 'post'],
]);
/** Words behind which a missing number is a zero. */
const COUNTED = new Set(['a', 'b', 'rc', 'post', 'dev']);

/**
 * One form for all spellings of a version: `v1.2.3-RC.1`, `1.2.3rc1` and `1-2-3-rc-1` are `=1.2.3.rc.1`. Undefined for what does not begin
 * with a digit, or with `v` and a digit. A form is never a name.
 */
export function versionForm(name: string): string | undefined {
  const bare = name.toLowerCase().replace(/^v(?=\d)/, '');
  if (!/^\d/.test(bare)) return undefined;
  const words = (bare.match(/\d+|[a-z]+/g) ?? []).map((word) => WORDS.get(word) ?? word.replace(/^0+(?=\d)/, ''));
  const counted = words.flatMap((word, at) =>
    COUNTED.has(word) && !/^\d/.test(words[at + 1] ?? '') ? [word, '0'] : [word],
  );
  return `=${counted.join('.')}`;
}

/**
 * Other versions that images of a Git tag may be called by: without build metadata (`v1.2.3+7`), behind a name (`app/v1.2.3`, `app@1.2.3`,
 * `release-1.2.3`), and Python's `1.0-1`, which is `1.0.post1`. Often empty.
 */
export function versionsIn(name: string): readonly string[] {
  const found: string[] = [];
  const behind = /(?:^|[^a-z0-9.])v?(\d+(?:\.\d+)+(?:[-+_.a-z][-+_.a-z0-9]*)?)$/i.exec(name)?.[1] ?? name;
  if (behind !== name) found.push(behind);
  if (/^v?\d[^+]*\+/i.test(behind)) found.push(behind.replace(/\+.*$/, ''));
  const post = /^v?(\d+(?:\.\d+)*)-(\d+)$/i.exec(behind);
  if (post !== null) found.push(`${post[1]}.post${post[2]}`);
  return found;
}

/** The Git tags that a line of versions may stand for. */
export interface VersionLines {
  /** `1`, `v1.2` or `1-2`: the highest version of the line and the newest Git tag of it. Empty when there is none. */
  find(line: string): readonly GitReference[];
}

interface Release {
  readonly reference: GitReference;
  readonly numbers: readonly number[];
}

/** Lines `major` and `major.minor` of all releases with two numbers or more; versions before a release count only where there is none. */
export function indexVersionLines(references: readonly GitReference[]): VersionLines {
  const lines = new Map<string, Release[]>();
  const early = new Map<string, Release[]>();
  for (const { isRelease, ...release } of references.flatMap(versionsOf)) {
    for (const line of linesOf(release.numbers)) appendTo(isRelease ? lines : early, line, release);
  }
  return {
    find(line) {
      const key = line
        .toLowerCase()
        .replace(/^v(?=\d)/, '')
        .replaceAll('-', '.');
      return newestOf(lines.get(key) ?? early.get(key) ?? []);
    },
  };
}

function versionsOf(reference: GitReference): readonly (Release & { readonly isRelease: boolean })[] {
  if (reference.kind !== 'tag') return [];
  return [...new Set([reference.name, ...versionsIn(reference.name)])].flatMap((name) => {
    const match = /^v?(\d{1,9}(?:\.\d{1,9})+)(.*)$/i.exec(name);
    if (match === null) return [];
    const [, digits = '', rest = ''] = match;
    const isRelease = rest === '' || rest.startsWith('+');
    return [{ reference, numbers: digits.split('.').map(Number), isRelease }];
  });
}

/** Of `v1.2` itself, `1.2` is the name and no line. */
function linesOf(numbers: readonly number[]): readonly string[] {
  return [1, 2].filter((length) => numbers.length > length).map((length) => numbers.slice(0, length).join('.'));
}

function newestOf(releases: readonly Release[]): readonly GitReference[] {
  const [first] = releases;
  if (first === undefined) return [];
  const highest = releases.reduce(
    (best, next) => (compareNumbers(next.numbers, best.numbers) > 0 ? next : best),
    first,
  );
  const latest = releases.reduce((best, next) => (next.reference.date > best.reference.date ? next : best), first);
  return [...new Set([highest.reference, latest.reference])];
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  const length = Math.max(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
