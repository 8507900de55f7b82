// Walks through JSON bytes by a description of the parts that matter, and skips the rest. Only what reads exactly as a server writes it
// is understood; at anything else the walk gives up, and whoever started it parses the value in the usual way.

import {
  CLOSE_LIST,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  endOfScalar,
  endOfString,
  endOfValue,
  isSpace,
  type JsonBytes,
  type Nesting,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
} from './json-bytes.ts';

/** What a walk goes through. Extended by what it gathers. */
export interface Walk {
  json: JsonBytes;
  readonly nesting: Nesting;
}

/** Walks through the value at a position. Returns the position behind it, or {@link GIVEN_UP}. */
export type Visit<W extends Walk> = (walk: W, at: number) => number;

/** It is cut off, malformed, or only of another form than expected. */
export const GIVEN_UP = -1;

interface Member<W extends Walk> {
  /** With the closing quote. */
  readonly key: Uint8Array;
  readonly visit: Visit<W>;
}

/** An object: its members of these names are visited, others skipped. Gives up when one of the names comes twice. */
export function visitObject<W extends Walk>(visits: Readonly<Record<string, Visit<W>>>): Visit<W> {
  const members = Object.entries(visits).map(([key, visit]): Member<W> => ({ key: Buffer.from(`${key}"`), visit }));
  return (walk, from) => {
    const { bytes } = walk.json;
    if (bytes[from] !== OPEN_OBJECT) return GIVEN_UP;
    let seen = 0;
    let at = skipSpace(bytes, from + 1);
    if (bytes[at] === CLOSE_OBJECT) return at + 1;
    for (;;) {
      if (bytes[at] !== QUOTE) return GIVEN_UP;
      const key = at + 1;
      at = endOfPlainString(walk, key);
      if (at === GIVEN_UP) return GIVEN_UP;
      const index = indexOfKey(members, bytes, key);
      at = skipSpace(bytes, at);
      if (bytes[at] !== COLON) return GIVEN_UP;
      at = skipSpace(bytes, at + 1);
      const member = members[index];
      if (member === undefined) at = skipValue(walk, at);
      else {
        if ((seen & (1 << index)) !== 0) return GIVEN_UP;
        seen |= 1 << index;
        at = member.visit(walk, at);
      }
      if (at < 0) return GIVEN_UP;
      at = skipSpace(bytes, at);
      if (bytes[at] === CLOSE_OBJECT) return at + 1;
      if (bytes[at] !== COMMA) return GIVEN_UP;
      at = skipSpace(bytes, at + 1);
    }
  };
}

/** A list, each element of which is visited. */
export function visitList<W extends Walk>(visit: Visit<W>): Visit<W> {
  return (walk, from) => {
    const { bytes } = walk.json;
    if (bytes[from] !== OPEN_LIST) return GIVEN_UP;
    let at = skipSpace(bytes, from + 1);
    if (bytes[at] === CLOSE_LIST) return at + 1;
    for (;;) {
      at = visit(walk, at);
      if (at < 0) return GIVEN_UP;
      at = skipSpace(bytes, at);
      if (bytes[at] === CLOSE_LIST) return at + 1;
      if (bytes[at] !== COMMA) return GIVEN_UP;
      at = skipSpace(bytes, at + 1);
    }
  };
}

/** A string of printable ASCII without escapes, handed to `take`. */
export function visitText<W extends Walk>(take: (walk: W, text: string) => void): Visit<W> {
  return (walk, from) => {
    const { bytes } = walk.json;
    if (bytes[from] !== QUOTE) return GIVEN_UP;
    const end = endOfPlainString(walk, from + 1);
    if (end === GIVEN_UP) return GIVEN_UP;
    take(walk, bytes.toString('latin1', from + 1, end - 1));
    return end;
  };
}

/** Gives up on every value. */
export function giveUp(): number {
  return GIVEN_UP;
}

function indexOfKey<W extends Walk>(members: readonly Member<W>[], bytes: Uint8Array, from: number): number {
  search: for (let index = 0; index < members.length; index++) {
    const key = members[index]?.key ?? bytes;
    for (let at = 0; at < key.length; at++) if (key[at] !== bytes[from + at]) continue search;
    return index;
  }
  return -1;
}

/** Any value; in numbers and words nobody looks. */
export function skipValue(walk: Walk, from: number): number {
  const { bytes } = walk.json;
  const first = bytes[from];
  if (first === QUOTE) return endOfString(walk.nesting, walk.json, from + 1);
  if (first === OPEN_OBJECT || first === OPEN_LIST) return endOfValue(walk.nesting, walk.json, from);
  const end = endOfScalar(bytes, from);
  return end === from ? GIVEN_UP : end;
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isSpace(bytes[at])) at++;
  return at;
}

/** The position behind the closing quote of a string that holds nothing but printable ASCII without escapes. */
function endOfPlainString({ json: { bytes } }: Walk, from: number): number {
  let at = from;
  for (;;) {
    const byte = bytes[at++] ?? 0;
    if (byte === QUOTE) return at;
    if (byte < 0x20 || byte >= 0x7f || byte === 0x5c) return GIVEN_UP;
  }
}
