// Walks through JSON bytes by a description of the parts that matter, and skips the rest. Only what reads exactly as servers write it is
// understood: no white space, no escapes in keys and in the texts that matter, nothing twice. At anything else the walk gives up, and
// whoever started it parses the value in the usual way.

import {
  BACKSLASH,
  byteAt,
  CLOSE_LIST,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  endOfPlainString,
  endOfScalar,
  endOfString,
  endOfValue,
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

/** An object: its members of these names are visited, at most 31; others are skipped. Gives up when one of the names comes twice. */
export function visitObject<W extends Walk>(visits: Readonly<Record<string, Visit<W>>>): Visit<W> {
  const members = Object.entries(visits).map(([key, visit]): Member<W> => ({ key: Buffer.from(`${key}"`), visit }));
  const nextKey = findKeys(Object.keys(visits));
  return (walk, from) => {
    const { bytes } = walk.json;
    if (byteAt(bytes, from) !== OPEN_OBJECT) return GIVEN_UP;
    let seen = 0;
    let at = from + 1;
    for (;;) {
      at = nextKey(walk, at);
      if (at < 0 || byteAt(bytes, at - 1) === CLOSE_OBJECT) return at;
      const index = indexOfKey(members, bytes, at);
      at = endOfPlainString(walk.json, at);
      // A key with an escape may be one of the names.
      if (at < 0 || byteAt(bytes, at) !== COLON) return GIVEN_UP;
      const member = members[index];
      if (member === undefined) continue;
      if ((seen & (1 << index)) !== 0) return GIVEN_UP;
      seen |= 1 << index;
      at = member.visit(walk, at + 1);
      if (at < 0) return GIVEN_UP;
    }
  };
}

/**
 * Goes on in an object, from behind its opening bracket or behind a key or a value of it, in one loop to the next key that may be one of
 * these: to behind its opening quote, or behind the closing bracket of the object.
 */
function findKeys(keys: readonly string[]): Visit<Walk> {
  const isFirst = new Uint8Array(256);
  // And at the end of the bytes.
  isFirst[0] = 1;
  isFirst[BACKSLASH] = 1;
  for (const key of keys) isFirst[key.charCodeAt(0)] = 1;
  return ({ json, nesting }, from) => {
    const { bytes } = json;
    let at = from;
    while (at < bytes.length) {
      const byte = byteAt(bytes, at);
      if (byte === QUOTE) {
        const before = byteAt(bytes, at - 1);
        const isKey = before === COMMA || before === OPEN_OBJECT;
        if (!isKey && before !== COLON) return GIVEN_UP;
        if (isKey && isFirst[byteAt(bytes, at + 1)] === 1) return at + 1;
        at = endOfString(nesting, json, at + 1);
        if (at < 0) return GIVEN_UP;
      } else if ((byte & 0xdf) === OPEN_LIST) {
        at = endOfValue(nesting, json, at);
        if (at < 0) return GIVEN_UP;
      } else {
        at++;
        if (byte === CLOSE_OBJECT) return at;
        if (byte === CLOSE_LIST) return GIVEN_UP;
      }
    }
    return GIVEN_UP;
  };
}

/** A list, each element of which is visited. */
export function visitList<W extends Walk>(visit: Visit<W>): Visit<W> {
  return (walk, from) => {
    const { bytes } = walk.json;
    if (byteAt(bytes, from) !== OPEN_LIST) return GIVEN_UP;
    let at = from + 1;
    if (byteAt(bytes, at) === CLOSE_LIST) return at + 1;
    for (;;) {
      at = visit(walk, at);
      if (at < 0) return GIVEN_UP;
      if (byteAt(bytes, at) === CLOSE_LIST) return at + 1;
      if (byteAt(bytes, at) !== COMMA) return GIVEN_UP;
      at++;
    }
  };
}

/** A string of printable ASCII without escapes, handed to `take`. */
export function visitText<W extends Walk>(take: (walk: W, text: string) => void): Visit<W> {
  return (walk, from) => {
    const { bytes } = walk.json;
    if (byteAt(bytes, from) !== QUOTE) return GIVEN_UP;
    const end = endOfPlainString(walk.json, from + 1);
    if (end < 0) return GIVEN_UP;
    take(walk, bytes.toString('latin1', from + 1, end - 1));
    return end;
  };
}

/** Any value; in numbers and words nobody looks. */
export function skipValue(walk: Walk, from: number): number {
  const { bytes } = walk.json;
  const first = byteAt(bytes, from);
  if (first === QUOTE) return endOfString(walk.nesting, walk.json, from + 1);
  if (first === OPEN_OBJECT || first === OPEN_LIST) return endOfValue(walk.nesting, walk.json, from);
  const end = endOfScalar(bytes, from);
  return end === from ? GIVEN_UP : end;
}

/** Gives up on every value. */
export function giveUp(): number {
  return GIVEN_UP;
}

function indexOfKey<W extends Walk>(members: readonly Member<W>[], bytes: Uint8Array, from: number): number {
  search: for (let index = 0; index < members.length; index++) {
    const key = members[index]?.key ?? bytes;
    for (let at = 0; at < key.length; at++) if (key[at] !== byteAt(bytes, from + at)) continue search;
    return index;
  }
  return -1;
}
