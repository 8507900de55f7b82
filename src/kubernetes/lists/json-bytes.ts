// Finds where JSON values end, in bytes and without making anything of them. Inside a string a quote is always escaped, so brackets
// and quotes alone tell where a value ends. They are checked strictly; what stands between them is not.

/** Bytes of a JSON text, or of a part of one. */
export interface JsonBytes {
  readonly bytes: Buffer;
  /** The same bytes. */
  readonly view: DataView;
}

/** How deep in a value a search stands; it goes on with the next part of the text. */
export interface Nesting {
  /** The closing bracket that each open one wants, from the outermost. */
  readonly stack: Uint8Array;
  depth: number;
  /** `escape`: behind a backslash, which may be the last byte of a part. */
  within: 'value' | 'string' | 'escape';
}

/** The value goes on behind the end of the bytes. */
export const UNFINISHED = -1;
/** No JSON value reads like this. */
export const MALFORMED = -2;

/** `"`. */
export const QUOTE = 0x22;
/** `,`. */
export const COMMA = 0x2c;
/** `:`. */
export const COLON = 0x3a;
/** `[`. */
export const OPEN_LIST = 0x5b;
/** `\`. */
export const BACKSLASH = 0x5c;
/** `]`. */
export const CLOSE_LIST = 0x5d;
/** `{`. */
export const OPEN_OBJECT = 0x7b;
/** `}`. */
export const CLOSE_OBJECT = 0x7d;

/** Go's own limit, https://github.com/golang/go/blob/go1.24.0/src/encoding/json/scanner.go#L144 */
const MAX_DEPTH = 10_000;

/** Bytes to search in. */
export function jsonBytes(bytes: Uint8Array): JsonBytes {
  return {
    bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  };
}

/** A search that stands before a value. */
export function createNesting(): Nesting {
  return { stack: new Uint8Array(MAX_DEPTH), depth: 0, within: 'value' };
}

/**
 * The position behind the string, list or object that begins at `from`, or that goes on there; {@link UNFINISHED} or {@link MALFORMED}.
 * At its end the search stands before a value again.
 */
export function endOfValue(nesting: Nesting, json: JsonBytes, from: number): number {
  const { bytes } = json;
  const { stack } = nesting;
  let { depth } = nesting;
  let at = from;
  if (nesting.within !== 'value') {
    at = endOfString(nesting, json, at);
    if (at === UNFINISHED || depth === 0) return at;
  }
  while (at < bytes.length) {
    const byte = bytes[at++] ?? 0;
    if (byte === QUOTE) {
      at = endOfString(nesting, json, at);
      if (at === UNFINISHED) break;
      if (depth === 0) return at;
      // A colon or a comma, mostly; quotes and brackets are not among the eight bytes that this takes.
      if ((byteAt(bytes, at) & 0xe9) === 0x28) at++;
    } else if ((byte & 0xdf) === OPEN_LIST) {
      if (depth === MAX_DEPTH) return MALFORMED;
      // In ASCII the closing bracket is the opening one and two, for lists and for objects.
      stack[depth++] = byte + 2;
    } else if ((byte & 0xdf) === CLOSE_LIST) {
      if (depth === 0 || stack[--depth] !== byte) return MALFORMED;
      if (depth === 0) {
        nesting.depth = 0;
        return at;
      }
    }
  }
  nesting.depth = depth;
  return UNFINISHED;
}

/**
 * The position behind the closing quote of the string that goes on at `from`, behind its opening quote or in its middle;
 * {@link UNFINISHED} without one.
 */
export function endOfString(nesting: Nesting, json: JsonBytes, from: number): number {
  const { bytes } = json;
  let at = nesting.within === 'escape' ? from + 1 : from;
  for (;;) {
    at = nextQuoteOrBackslash(json, at);
    if (byteAt(bytes, at) === QUOTE) break;
    if (at + 1 >= bytes.length) {
      nesting.within = at < bytes.length ? 'escape' : 'string';
      return UNFINISHED;
    }
    // The escaped byte cannot end the string, and of \uXXXX the rest is plain.
    at += 2;
  }
  nesting.within = 'value';
  return at + 1;
}

/**
 * The position behind the closing quote of a string that holds nothing but printable ASCII without escapes; negative for any other string,
 * or without an end.
 */
export function endOfPlainString({ bytes, view }: JsonBytes, from: number): number {
  const last = bytes.length - 4;
  let at = from;
  while (at <= last) {
    const four = view.getInt32(at, true);
    const marks = marksOf(four);
    // Bytes below 0x20 and above 0x7f; of the last four only those before the mark.
    const others = (four | ((four - 0x20202020) & ~four)) & 0x80808080;
    if (marks === 0 && others !== 0) return UNFINISHED;
    if (marks !== 0) {
      if ((others & ((marks & -marks) - 1)) !== 0) return UNFINISHED;
      at += lowestByte(marks);
      return bytes[at] === QUOTE ? at + 1 : UNFINISHED;
    }
    at += 4;
  }
  for (; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) return at + 1;
    if (byte < 0x20 || byte >= 0x80 || byte === BACKSLASH) return UNFINISHED;
  }
  return UNFINISHED;
}

function nextQuoteOrBackslash({ bytes, view }: JsonBytes, from: number): number {
  const last = bytes.length - 4;
  let at = from;
  while (at <= last) {
    const marks = marksOf(view.getInt32(at, true));
    if (marks !== 0) return at + lowestByte(marks);
    at += 4;
  }
  while (at < bytes.length && bytes[at] !== QUOTE && bytes[at] !== BACKSLASH) at++;
  return at;
}

/**
 * The highest bit of each of four bytes that is a quote or a backslash. A byte is zero exactly if subtracting one from it borrows from a
 * bit that was not set; as a borrow may run on into higher bytes, only the lowest mark is sure.
 * https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord
 */
function marksOf(four: number): number {
  const quotes = four ^ 0x22222222;
  const backslashes = four ^ 0x5c5c5c5c;
  return (((quotes - 0x01010101) & ~quotes) | ((backslashes - 0x01010101) & ~backslashes)) & 0x80808080;
}

/** Which of four bytes the lowest mark is in: 0 to 3. */
function lowestByte(marks: number): number {
  return (31 - Math.clz32(marks & -marks)) >> 3;
}

/**
 * The byte at a position, 0 behind the end. A read behind the end that the engine has seen once makes all reads of that place slower.
 */
export function byteAt(bytes: Uint8Array, at: number): number {
  return at < bytes.length ? (bytes[at] ?? 0) : 0;
}

/** Whether a byte is white space to JSON. https://www.rfc-editor.org/rfc/rfc8259#section-2 */
export function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/**
 * The position behind the number or word (true, false, null) that begins or goes on at a position; {@link UNFINISHED} when it may go on
 * behind the bytes. The position itself when there is none.
 */
export function endOfScalar(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isOfScalar(byteAt(bytes, at))) at++;
  return at >= bytes.length ? UNFINISHED : at;
}

/** Digits, letters, `+`, `-` and `.` make numbers and words. */
function isOfScalar(byte: number): boolean {
  const letter = byte | 0x20;
  return (letter >= 0x61 && letter <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || [0x2b, 0x2d, 0x2e].includes(byte);
}
