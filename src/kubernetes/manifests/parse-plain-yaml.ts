// The YAML that charts and kubectl write, read some thirty times faster than by the full parser. Pure. Understands only what has one
// meaning beyond doubt; every other text is left to the full parser as a whole.

import { parsePlainScalar, withoutSpacesAtEnd } from './parse-plain-scalar.ts';

/** Stands for everything that is left to the full parser. */
const OTHER = Symbol('not plain');
type Parsed = unknown;

/** Deeper than any manifest, and far from the end of the stack. */
const MAX_DEPTH = 200;

/** Characters that break lines, look like space, or have a way of their own in the specification. */
const UNUSUAL = /[^\t\n\u0020-\u007e\u00a1-\u167f\u1681-\u1fff\u2010-\u2027\u2030-\u205e\u2070-\u2fff\u3001-\ufefe]/;
/** Marks of documents and directives. */
const MARK = /^(?:---|\.\.\.|%)/m;

/** A key that is a text beyond doubt: plain without any indicator, or quoted without escapes. */
const ENTRY = /^(?:([A-Za-z0-9_./][\w./-]*)|"([^"\\]*)"|'([^']*)'):(?: +(.*))?$/;
/** Keys that are no texts, or that JavaScript treats in a way of its own. */
const SPECIAL_KEY = /^(?:~|null|true|false|__proto__)$/i;
const BLOCK_SCALAR = /^([|>])(-?)(?: +#.*)?$/;

/** A text in lines. The first line of a block may be taken for one with a greater indentation: `- key: value`. */
interface Lines {
  /** Without indentation and space at the end, unless within a block scalar. */
  readonly texts: string[];
  readonly indents: number[];
  readonly raw: readonly string[];
  /** The next line; blank lines and comments are never next. */
  at: number;
  depth: number;
}

/**
 * The value of a text with one document that is a mapping, equal to what the full parser makes of it: mappings and lists in block style,
 * texts on one line, block scalars, comments. Undefined for everything else: anchors, tags, flow style beyond lists of quoted texts, keys that
 * stand twice, tabs, texts over several lines, and whatever may be a mistake.
 */
export function parsePlainYaml(text: string): object | undefined {
  if (UNUSUAL.test(text) || MARK.test(text)) return undefined;
  const raw = text.split('\n');
  const lines: Lines = { raw, texts: [], indents: [], at: 0, depth: 0 };
  for (const line of raw) {
    const indent = countSpaces(line);
    lines.indents.push(indent);
    lines.texts.push(withoutSpacesAtEnd(line.slice(indent)));
  }
  skipBlank(lines);
  if (lines.at >= raw.length || lines.indents[lines.at] !== 0) return undefined;
  const value = parseMapping(lines, 0);
  // A line that is indented further than fits ends every block, and what it belongs to is left over here.
  return lines.at >= raw.length && typeof value === 'object' && value !== null ? value : undefined;
}

/** Spaces at the beginning. */
function countSpaces(line: string): number {
  let count = 0;
  while (line.charCodeAt(count) === 0x20) count++;
  return count;
}

function skipBlank(lines: Lines): void {
  while (lines.at < lines.raw.length && /^(?:#|$)/.test(lines.texts[lines.at] ?? '')) lines.at++;
}

/** The indentation of the next line; -1 behind the last one. */
function nextIndent(lines: Lines): number {
  return lines.indents[lines.at] ?? -1;
}

/** A mapping whose keys stand at an indentation. */
function parseMapping(lines: Lines, indent: number): Parsed {
  const fields: Record<string, unknown> = {};
  while (nextIndent(lines) === indent) {
    const [matched, plain, double, single, rest = ''] = ENTRY.exec(lines.texts[lines.at] ?? '') ?? [];
    const key = plain ?? double ?? single ?? '';
    if (matched === undefined || SPECIAL_KEY.test(key) || Object.hasOwn(fields, key)) return OTHER;
    lines.at++;
    const value = parseValue(lines, rest, { indent, mayBeList: true });
    if (value === OTHER) return OTHER;
    fields[key] = value;
  }
  return fields;
}

/** A list whose dashes stand at an indentation. */
function parseList(lines: Lines, indent: number): Parsed {
  const items: unknown[] = [];
  while (nextIndent(lines) === indent && isItem(lines)) {
    const text = lines.texts[lines.at] ?? '';
    const rest = text.slice(1 + countSpaces(text.slice(1)));
    const value = isBlock(rest)
      ? parseInner(lines, { indent: indent + text.length - rest.length, rest })
      : parseItemValue(lines, rest, indent);
    if (value === OTHER) return OTHER;
    items.push(value);
  }
  return items;
}

function parseItemValue(lines: Lines, rest: string, indent: number): Parsed {
  lines.at++;
  return parseValue(lines, rest, { indent, mayBeList: false });
}

/** The mapping or list that begins on the line of a dash: the dash is taken for a part of its indentation. */
function parseInner(lines: Lines, { indent, rest }: { readonly indent: number; readonly rest: string }): Parsed {
  lines.texts[lines.at] = rest;
  lines.indents[lines.at] = indent;
  return parseBlock(lines, indent);
}

function isItem(lines: Lines): boolean {
  return /^-(?: |$)/.test(lines.texts[lines.at] ?? '');
}

/** Whether the rest of a line begins a mapping or a list. */
function isBlock(rest: string): boolean {
  return /^-(?: |$)/.test(rest) || ENTRY.test(rest);
}

/** What stands behind a key or a dash, and on the lines below it. `indent` is that of the key or the dash. */
function parseValue(
  lines: Lines,
  rest: string,
  { indent, mayBeList }: { readonly indent: number; readonly mayBeList: boolean },
): Parsed {
  const [isScalar, style, chomp] = BLOCK_SCALAR.exec(rest) ?? [];
  if (isScalar !== undefined)
    return parseBlockScalar(lines, { indent, isFolded: style === '>', keepsEnd: chomp === '' });
  skipBlank(lines);
  if (rest !== '' && !rest.startsWith('#')) return parseOnLine(rest);
  const next = nextIndent(lines);
  if (next > indent || (mayBeList && next === indent && isItem(lines))) return parseBlock(lines, next);
  return null;
}

function parseBlock(lines: Lines, indent: number): Parsed {
  if (lines.depth >= MAX_DEPTH) return OTHER;
  lines.depth++;
  const value = parseNode(lines, indent);
  lines.depth--;
  return value;
}

function parseNode(lines: Lines, indent: number): Parsed {
  if (isItem(lines)) return parseList(lines, indent);
  const text = lines.texts[lines.at] ?? '';
  if (!/^[[{]/.test(text)) return parseMapping(lines, indent);
  // `securityContext:` and `{}` below it, as charts write it.
  lines.at++;
  skipBlank(lines);
  return parseOnLine(text);
}

function parseOnLine(text: string): Parsed {
  const scalar = parsePlainScalar(text);
  return scalar === undefined ? OTHER : scalar.value;
}

interface BlockScalar {
  readonly indent: number;
  readonly isFolded: boolean;
  readonly keepsEnd: boolean;
}

/** https://yaml.org/spec/1.2.2/#81-block-scalar-styles */
function parseBlockScalar(lines: Lines, { indent, isFolded, keepsEnd }: BlockScalar): Parsed {
  const body: string[] = [];
  const own = bodyIndent(lines, indent);
  if (own === undefined) return OTHER;
  for (; lines.at < lines.raw.length; lines.at++) {
    const line = lines.raw[lines.at] ?? '';
    const spaces = countSpaces(line);
    const isBlank = spaces === line.length;
    if (isBlank && spaces > own) return OTHER;
    if (!isBlank && spaces < own) break;
    body.push(isBlank ? '' : line.slice(own));
  }
  // A last line without an end.
  if (lines.at >= lines.raw.length && lines.raw.at(-1) !== '') return OTHER;
  skipBlank(lines);
  while (body.at(-1) === '') body.pop();
  const text = isFolded ? fold(body) : body.join('\n');
  return text === undefined ? OTHER : text + (keepsEnd ? '\n' : '');
}

/** The indentation of the first line of a block scalar; undefined when it has none, or begins with blank lines. */
function bodyIndent(lines: Lines, indent: number): number | undefined {
  const first = lines.raw[lines.at] ?? '';
  const own = countSpaces(first);
  return own > indent && own < first.length && first[own] !== '\t' ? own : undefined;
}

/** Lines that are indented further are not folded: left to the full parser. */
function fold(body: readonly string[]): string | undefined {
  if (body.some((line) => /^[ \t]/.test(line))) return undefined;
  let text = body[0] ?? '';
  let breaks = 0;
  for (const line of body.slice(1))
    if (line === '') breaks++;
    else {
      text += (breaks === 0 ? ' ' : '\n'.repeat(breaks)) + line;
      breaks = 0;
    }
  return text;
}
