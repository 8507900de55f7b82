// Tag patterns such as `{branch}-{commit}`: how a tag tells which branch, tag or commit an image was built from.

import { UsageError } from '../errors.ts';

/** What a placeholder stands for. */
export type PlaceholderName = 'branch' | 'tag' | 'commit' | 'number';

/** A pattern ready to match. */
export interface TagPattern {
  readonly source: string;
  /** True when the user wrote it; built-in patterns only ever protect. */
  readonly declared: boolean;
  readonly expression: RegExp;
  readonly placeholders: readonly PlaceholderName[];
}

/** What one tag says by one pattern. */
export interface TagMatch {
  readonly pattern: TagPattern;
  /** The text under each placeholder. */
  readonly parts: readonly { readonly name: PlaceholderName; readonly text: string }[];
}

const PLACEHOLDER = /\{([^{}]*)\}/g;

const PART: Readonly<Record<PlaceholderName, string>> = {
  branch: '([A-Za-z0-9_.-]+)',
  tag: '([A-Za-z0-9_.-]+)',
  commit: '([0-9a-f]{7,40})',
  number: '([0-9]+)',
};

/** Patterns that many pipelines use. Nobody declared them, so a match protects and never condemns. */
export const BUILT_IN_PATTERNS: readonly TagPattern[] = [
  '{branch}',
  '{tag}',
  '{commit}',
  'sha-{commit}',
  '{branch}-{commit}',
  'pr-{number}',
].map((source) => compileTagPattern(source, false));

/**
 * A pattern from text: literal characters of a tag and the placeholders `{branch}`, `{tag}`, `{commit}` (7 to 40 hex
 * digits) and `{number}`, of which any two are apart by a literal.
 * @throws UsageError USAGE when it has no placeholder, an unknown one, adjacent ones, or a character no tag can have.
 */
export function compileTagPattern(source: string, declared: boolean): TagPattern {
  const placeholders: PlaceholderName[] = [];
  let body = '';
  let end = 0;
  for (const match of source.matchAll(PLACEHOLDER)) {
    const name = match[1] ?? '';
    if (!isPlaceholder(name)) throw badPattern(source, `{${name}} is not one of {branch}, {tag}, {commit}, {number}`);
    if (placeholders.length > 0 && match.index === end)
      throw badPattern(source, 'two placeholders need a literal between them');
    body += escapeLiteral(source.slice(end, match.index), source) + PART[name];
    placeholders.push(name);
    end = match.index + match[0].length;
  }
  if (placeholders.length === 0) throw badPattern(source, 'it has no placeholder');
  body += escapeLiteral(source.slice(end), source);
  return { source, declared, expression: new RegExp(`^${body}$`), placeholders };
}

/** What the tag says by the pattern, or undefined when it does not match. */
export function matchTagPattern(pattern: TagPattern, tag: string): TagMatch | undefined {
  const match = pattern.expression.exec(tag);
  if (match === null) return undefined;
  return { pattern, parts: pattern.placeholders.map((name, at) => ({ name, text: match[at + 1] ?? '' })) };
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
