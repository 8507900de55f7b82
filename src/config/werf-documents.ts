// The documents of a werf.yaml and the keys at their left margin, told by lines alone: with Go templates in it the file is no YAML, and
// what a key says is for others to read.

/** A key at the left margin of a document, with all that belongs to it. */
export interface WerfEntry {
  readonly key: string;
  /** Lines from 0, both included; the last one with something on it. */
  readonly firstLine: number;
  readonly lastLine: number;
  /** The line after all that could still belong to it: that of the next key, or of the document's end. */
  readonly limit: number;
}

/** One document. */
export interface WerfDocument {
  /** Lines from 0; the second is the one after its last. */
  readonly firstLine: number;
  readonly limit: number;
  /** How many characters stand before its keys; infinite where there is none. */
  readonly margin: number;
  readonly entries: readonly WerfEntry[];
  /** Lines at the margin that are no key: a document in braces, a text. */
  readonly strangers: readonly number[];
}

/** As werf has it: nothing but blanks and a comment behind the three hyphens. */
const SEPARATOR = /^---[ \t\r]*(?:#.*)?$/;
const NOTHING = /^\s*(?:#.*)?$/;
const KEY = /^\s*(?:"([^"\\]+)"|'([^']+)'|([\w.$-]+))\s*:(?:\s|$)/;
/** A list may stand at the margin of its key, and so may the end of one in brackets. */
const CONTINUED = /^\s*(?:-(?:\s|$)|[\]}])/;

/** The documents, also empty ones, of lines without templates. A byte order mark is no part of the first line. */
export function listWerfDocuments(lines: readonly string[]): readonly WerfDocument[] {
  const documents: WerfDocument[] = [];
  let first = 0;
  for (let at = 0; at <= lines.length; at += 1) {
    if (at < lines.length && !SEPARATOR.test(lines[at] ?? '')) continue;
    documents.push(readDocument(lines, first, at));
    first = at + 1;
  }
  return documents;
}

function readDocument(lines: readonly string[], firstLine: number, limit: number): WerfDocument {
  const content: { readonly line: number; readonly text: string }[] = [];
  for (let line = firstLine; line < limit; line += 1) {
    const text = lines[line] ?? '';
    if (!NOTHING.test(text)) content.push({ line, text });
  }
  const [top] = content;
  if (top === undefined) return { firstLine, limit, margin: Infinity, entries: [], strangers: [] };
  const margin = indentOf(top.text);
  const starts = content.filter(({ text }) => indentOf(text) <= margin && !CONTINUED.test(text));
  const entries: WerfEntry[] = [];
  const strangers: number[] = [];
  for (const [at, { line, text }] of starts.entries()) {
    const [, double, single, plain] = KEY.exec(text) ?? [];
    const key = double ?? single ?? plain;
    const next = starts[at + 1]?.line ?? limit;
    const lastLine = content.findLast((one) => one.line < next)?.line ?? line;
    if (key === undefined || indentOf(text) < margin) strangers.push(line);
    else entries.push({ key, firstLine: line, lastLine, limit: next });
  }
  return { firstLine, limit, margin, entries, strangers };
}

/** How many blanks a text begins with. */
function indentOf(text: string): number {
  return text.length - text.trimStart().length;
}
