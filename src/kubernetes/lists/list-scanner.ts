// Takes a list's answer apart while it arrives: the token of the next page as soon as it is there, and every object as bytes. What it holds
// is bounded by the largest object. https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks

import { isUtf8 } from 'node:buffer';
import * as z from 'zod';
import {
  CLOSE_LIST,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  createNesting,
  endOfScalar,
  endOfValue,
  isSpace,
  type JsonBytes,
  jsonBytes,
  MALFORMED,
  type Nesting,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
  UNFINISHED,
} from './json-bytes.ts';
import { skipValue, visitObject, type Walk } from './json-shape.ts';
import type { ObjectReader } from './object-reader.ts';

/** What a scan is told. */
export interface ListScan {
  /** `PodList`. */
  readonly kind: string;
  readonly reader: Pick<ObjectReader<unknown>, 'read' | 'readAt'>;
  /** The error for an answer that is no such list. */
  readonly wrong: (why: string) => Error;
}

/** Takes one answer. After an error it is of no use any more. */
export interface ListScanner {
  /** The next bytes, cut off anywhere. What must be kept of them is copied. */
  write(chunk: Uint8Array): void;
  /** After the last byte. Only then is it sure that there was a whole list. */
  end(): void;
  /** Token of the next page, empty on the last one; undefined as long as it may still come. */
  next(): string | undefined;
  /** How many objects the answer says are to come on further pages; undefined when it does not say. */
  remaining(): number | undefined;
}

interface Scanning extends ListScan {
  expected:
    | 'list'
    | 'first-key'
    | 'key'
    | 'colon'
    | 'value'
    | 'after-value'
    | 'first-object'
    | 'object'
    | 'after-object'
    | 'nothing';
  readonly keys: Set<string>;
  /** The newest of them. */
  key: string;
  next: string | undefined;
  remaining: number | undefined;
  readonly nesting: Nesting;
  /** A value has begun and is not whole. */
  open: 'no' | 'scalar' | 'bracketed';
  /** What there is of it from earlier chunks. */
  parts: Uint8Array[];
}

/** etcd takes nothing that is larger than 1.5 MB unless it is told to; behind an aggregated API there may be other stores. */
const MAX_OBJECT_BYTES = 32 * 1024 * 1024;
/** For what a list says about itself. */
const MAX_TEXT_BYTES = 1024 * 1024;

const listMetadata = z.object({ continue: z.string().nullish(), remainingItemCount: z.number().nullish() }).nullish();
const visitListMetadata = visitObject({ continue: skipValue, remainingItemCount: skipValue });

/** A scanner that has seen nothing yet. */
export function createListScanner(scan: ListScan): ListScanner {
  const state: Scanning = {
    ...scan,
    expected: 'list',
    keys: new Set(),
    key: '',
    next: undefined,
    remaining: undefined,
    nesting: createNesting(),
    open: 'no',
    parts: [],
  };
  return {
    write(chunk) {
      const json = jsonBytes(chunk);
      let at = state.open === 'no' || chunk.length === 0 ? 0 : goOn(state, json, 0);
      while (at < chunk.length) at = isSpace(chunk[at]) ? at + 1 : step(state, json, at);
    },
    end() {
      if (state.expected !== 'nothing') throw notJson(state, 'it ends in its middle');
      for (const key of ['kind', 'items'])
        if (!state.keys.has(key)) throw state.wrong(`the answer is no list: it has no ${key}`);
      state.next ??= '';
    },
    next: () => state.next,
    remaining: () => state.remaining,
  };
}

/** Takes what begins at a position that is no space. Returns the position behind. */
function step(state: Scanning, json: JsonBytes, at: number): number {
  const byte = json.bytes[at];
  switch (state.expected) {
    case 'list':
      return pass(state, at, byte === OPEN_OBJECT && 'first-key');
    case 'first-key':
      if (byte === CLOSE_OBJECT) return pass(state, at, 'nothing');
      return beginKey(state, json, at);
    case 'key':
      return beginKey(state, json, at);
    case 'colon':
      return pass(state, at, byte === COLON && 'value');
    case 'value':
      if (state.key === 'items') return pass(state, at, byte === OPEN_LIST && 'first-object');
      return begin(state, json, at);
    case 'after-value':
      return pass(state, at, byte === COMMA ? 'key' : byte === CLOSE_OBJECT && 'nothing');
    case 'first-object':
      if (byte === CLOSE_LIST) return pass(state, at, 'after-value');
      return beginObject(state, json, at);
    case 'object':
      return beginObject(state, json, at);
    case 'after-object':
      return pass(state, at, byte === COMMA ? 'object' : byte === CLOSE_LIST && 'after-value');
    case 'nothing':
      throw notJson(state, 'something comes after its end');
  }
}

/** Goes on behind a single byte, or nowhere if it is another one than expected. */
function pass(state: Scanning, at: number, expected: Scanning['expected'] | false): number {
  if (expected === false && state.expected === 'value') throw state.wrong('the answer is no list: its items are none');
  if (expected === false)
    throw notJson(state, `something else comes in place of the ${state.expected.replace('-', ' ')}`);
  state.expected = expected;
  return at + 1;
}

function beginKey(state: Scanning, json: JsonBytes, at: number): number {
  if (json.bytes[at] !== QUOTE) throw notJson(state, 'a key is no text');
  state.expected = 'key';
  return begin(state, json, at);
}

function beginObject(state: Scanning, json: JsonBytes, at: number): number {
  if (json.bytes[at] !== OPEN_OBJECT) throw state.wrong('the answer is no list of objects: one of its items is none');
  state.expected = 'object';
  const end = state.reader.readAt?.(json, at) ?? UNFINISHED;
  if (end < 0) return begin(state, json, at);
  refuseOtherText(state, json.bytes.subarray(at, end));
  state.expected = 'after-object';
  return end;
}

function begin(state: Scanning, json: JsonBytes, at: number): number {
  const byte = json.bytes[at];
  const isBracketed = byte === QUOTE || byte === OPEN_LIST || byte === OPEN_OBJECT;
  state.open = isBracketed ? 'bracketed' : 'scalar';
  return goOn(state, json, at);
}

/** Takes more of the value that is open. */
function goOn(state: Scanning, json: JsonBytes, from: number): number {
  const { bytes } = json;
  const end = state.open === 'scalar' ? endOfScalar(bytes, from) : endOfValue(state.nesting, json, from);
  if (end === MALFORMED) throw notJson(state, 'its brackets do not match');
  const part = bytes.subarray(from, end === UNFINISHED ? bytes.length : end);
  state.parts.push(end === UNFINISHED ? Buffer.from(part) : part);
  const size = state.parts.reduce((sum, part) => sum + part.length, 0);
  if (size > (state.expected === 'object' ? MAX_OBJECT_BYTES : MAX_TEXT_BYTES))
    throw state.wrong(`the answer has a part of more than ${size - 1} bytes`);
  if (end === UNFINISHED) return bytes.length;
  const [first, ...others] = state.parts;
  const value = others.length === 0 && first !== undefined ? first : Buffer.concat(state.parts, size);
  state.parts = [];
  state.open = 'no';
  refuseOtherText(state, value);
  close(state, value);
  return end;
}

/** Takes a whole value. */
function close(state: Scanning, value: Uint8Array): void {
  if (state.expected === 'object') {
    state.reader.read(value);
    state.expected = 'after-object';
  } else if (state.expected === 'key') {
    state.key = String(parse(state, value));
    if (state.keys.has(state.key)) throw state.wrong(`the answer has ${JSON.stringify(state.key.slice(0, 100))} twice`);
    state.keys.add(state.key);
    state.expected = 'colon';
  } else {
    takeText(state, value);
    state.expected = 'after-value';
  }
}

/** What a list says about itself. */
function takeText(state: Scanning, value: Uint8Array): void {
  const parsed = parse(state, value);
  if (state.key === 'kind' && parsed !== state.kind)
    throw state.wrong(`the answer is ${JSON.stringify(parsed).slice(0, 100)}, not ${state.kind}`);
  if (state.key !== 'metadata') return;
  const metadata = listMetadata.safeParse(parsed);
  if (!metadata.success) throw state.wrong('the answer is no list: its metadata has another form');
  // Parsing takes the last of two; which of them the server means is not ours to guess.
  const compact = Buffer.from(withoutSpace(Buffer.from(value).toString('utf8')));
  const walk: Walk = { json: jsonBytes(compact), nesting: createNesting() };
  if (metadata.data && visitListMetadata(walk, 0) !== compact.length)
    throw state.wrong('the answer is no list: its metadata cannot be understood');
  state.next = metadata.data?.continue ?? '';
  state.remaining = metadata.data?.remainingItemCount ?? undefined;
}

/** JSON without the white space between its parts. */
function withoutSpace(text: string): string {
  return text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, '$1');
}

function parse(state: Scanning, value: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(value).toString('utf8'));
  } catch {
    throw notJson(state, 'a value of it is none');
  }
}

function refuseOtherText(state: Scanning, value: Uint8Array): void {
  if (!isUtf8(value)) throw notJson(state, 'it is not in UTF-8');
}

function notJson(state: Scanning, why: string): Error {
  return state.wrong(`the answer is not JSON (${why})`);
}
