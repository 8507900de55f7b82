// Tag patterns such as `{branch}-{commit}`: how a tag tells which branch, tag or commit an image was built from.

import { UsageError } from '../errors.ts';
import type { RequestName } from '../model/forge.ts';

/** What a placeholder stands for. */
export type PlaceholderName = 'branch' | 'tag' | 'commit' | 'number' | 'build';

/** A pattern ready to match. */
export interface TagPattern {
  readonly source: string;
  /** True when the user wrote it; built-in patterns only ever protect. */
  readonly declared: boolean;
  readonly expression: RegExp;
  readonly placeholders: readonly PlaceholderName[];
  /** Before, between and after the placeholders: one more than these, escaped for an expression. */
  readonly literals: readonly string[];
  /** For each placeholder, what stands before it, what it can be, and what stands after it. */
  readonly sides: readonly PatternSides[];
}

/** A pattern as one of its placeholders sees it; each expression takes a text whole. */
export interface PatternSides {
  readonly name: PlaceholderName;
  readonly before: RegExp;
  readonly itself: RegExp;
  readonly after: RegExp;
}

/** A text that a placeholder stands for. */
export interface TagPart {
  readonly name: PlaceholderName;
  readonly text: string;
}

/** What one tag says by one pattern. */
export interface TagMatch {
  readonly pattern: TagPattern;
  /** The text under each placeholder, where the first takes as much as it can. */
  readonly parts: readonly TagPart[];
  /** By every way to split the tag: `1.0-fix-x` by `{tag}-{branch}` is `1.0` and `fix-x`, or `1.0-fix` and `x`. */
  readonly readings: readonly TagPart[];
}

const PLACEHOLDER = /\{([^{}]*)\}/g;

const PART: Readonly<Record<PlaceholderName, string>> = {
  branch: '([A-Za-z0-9_.-]+)',
  tag: '([A-Za-z0-9_.-]+)',
  commit: '([0-9a-f]{7,64})',
  number: '([0-9]+)',
  build: '([0-9]+)',
};

const KNOWN_PLACEHOLDERS = Object.keys(PART)
  .map((name) => `{${name}}`)
  .join(', ');

/** Patterns that many pipelines use. Nobody declared them, so a match protects and never condemns. */
const BUILT_IN_PATTERNS: readonly TagPattern[] = [
  '{branch}',
  '{tag}',
  '{commit}',
  'sha-{commit}',
  '{branch}-{commit}',
  'pr-{number}',
  'mr-{number}',
  'merge-request-{number}',
].map((source) => compileTagPattern(source, false));

/** What stands before the number of a pull request or merge request: `pr-`, `app-pull-request-`, `MR`. */
const BEFORE_REQUEST = /(?:^|[_.-])(?:pr|mr|pull|(?:pull|merge)[_.-]?request)[_.-]?$/i;
const BEFORE_MERGE_REQUEST = /(?:^|[_.-])(?:mr|merge[_.-]?request)[_.-]?$/i;

/**
 * Whether the pattern's `{number}` is surely a pull request's, because its own words say so. `build-{number}` and `{branch}-{number}` are more
 * often a build's, and a build's number says nothing when no pull request of that number is open.
 */
export function namesPullRequest({ literals, placeholders }: TagPattern): boolean {
  return placeholders.every(
    (name, at) => name !== 'number' || BEFORE_REQUEST.test((literals[at] ?? '').replaceAll('\\', '')),
  );
}

/** What the pattern's `{number}` counts, as far as its own words tell. */
export function requestNameIn({ literals, placeholders }: TagPattern): RequestName {
  const before = (literals[placeholders.indexOf('number')] ?? '').replaceAll('\\', '');
  return BEFORE_MERGE_REQUEST.test(before) ? 'merge request' : 'pull request';
}

/** The user's patterns, then the built-in ones that are not among them. @throws UsageError USAGE as {@link compileTagPattern} does. */
export function selectTagPatterns(declared: readonly string[]): readonly TagPattern[] {
  return [
    ...declared.map((source) => compileTagPattern(source, true)),
    ...BUILT_IN_PATTERNS.filter(({ source }) => !declared.includes(source)),
  ];
}

/**
 * A pattern from text: literal characters of a tag and the placeholders `{branch}`, `{tag}`, `{commit}` (7 to 64 hex
 * digits), `{number}` (of a pull or merge request) and `{build}` (digits that say nothing), of which any two are apart by a literal.
 * @throws UsageError USAGE when it has no placeholder, an unknown one, adjacent ones, or a character no tag can have.
 */
export function compileTagPattern(source: string, declared: boolean): TagPattern {
  const placeholders: PlaceholderName[] = [];
  const literals: string[] = [];
  let end = 0;
  for (const match of source.matchAll(PLACEHOLDER)) {
    const name = match[1] ?? '';
    if (!isPlaceholder(name)) throw badPattern(source, `{${name}} is not one of ${KNOWN_PLACEHOLDERS}`);
    if (placeholders.length > 0 && match.index === end)
      throw badPattern(source, 'two placeholders need a literal between them');
    literals.push(escapeLiteral(source.slice(end, match.index), source));
    placeholders.push(name);
    end = match.index + match[0].length;
  }
  if (placeholders.every((name) => name === 'build'))
    throw badPattern(source, placeholders.length === 0 ? 'it has no placeholder' : '{build} alone says nothing');
  literals.push(escapeLiteral(source.slice(end), source));
  const expression = new RegExp(`^${bodyOf({ literals, placeholders }, 0, placeholders.length)}$`);
  const sides = placeholders.map((name, at) => ({
    name,
    before: new RegExp(`^${bodyOf({ literals, placeholders }, 0, at)}$`),
    itself: new RegExp(`^${PART[name]}$`),
    after: new RegExp(`^${bodyOf({ literals, placeholders }, at + 1, placeholders.length)}$`),
  }));
  return { source, declared, expression, placeholders, literals, sides };
}

/** What the tag says by the pattern, or undefined when it does not match. */
export function matchTagPattern(pattern: TagPattern, tag: string): TagMatch | undefined {
  const match = pattern.expression.exec(tag);
  if (match === null) return undefined;
  const parts = pattern.placeholders.map((name, at) => ({ name, text: match[at + 1] ?? '' }));
  return { pattern, parts, readings: parts.length === 1 ? parts : readingsOf(pattern, tag) };
}

/** Every text that a placeholder can stand for while the others can stand for the rest; each once. */
function readingsOf(pattern: TagPattern, tag: string): readonly TagPart[] {
  const places = Array.from({ length: tag.length + 1 }, (_, place) => place);
  const all = pattern.sides.flatMap(({ name, before, itself, after }) => {
    const ends = places.filter((end) => after.test(tag.slice(end)));
    const starts = places.filter((place) => before.test(tag.slice(0, place)));
    const texts = starts.flatMap((start) => ends.map((end) => tag.slice(start, end)));
    return texts.filter((text) => itself.test(text)).map((text) => ({ name, text }));
  });
  return [...new Map(all.map((part) => [`${part.name} ${part.text}`, part])).values()];
}

/** The expression of a stretch of the pattern, from one literal to another, both included. */
function bodyOf(pattern: Pick<TagPattern, 'literals' | 'placeholders'>, first: number, last: number): string {
  const { literals, placeholders } = pattern;
  return literals
    .slice(first, last + 1)
    .map((literal, at) => {
      const name = at === 0 ? undefined : placeholders[first + at - 1];
      return (name === undefined ? '' : PART[name]) + literal;
    })
    .join('');
}

function isPlaceholder(name: string): name is PlaceholderName {
  return Object.hasOwn(PART, name);
}

function escapeLiteral(text: string, source: string): string {
  if (!/^[A-Za-z0-9_.-]*$/.test(text))
    throw badPattern(source, `${JSON.stringify(text)} has a character that no tag can have`);
  return text.replaceAll('.', '\\.');
}

function badPattern(source: string, why: string): UsageError {
  return new UsageError(`${JSON.stringify(source)} is not a tag pattern: ${why}.`, {
    code: 'USAGE',
    hint: 'Examples: {branch}, v{tag}, {branch}-{commit}, pr-{number}.',
  });
}
