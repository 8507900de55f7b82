// The policy file as YAML: its value, and where in the text each part of it stands. Knows nothing of its keys.

import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import { type Mistake, quote } from './mistake.ts';

/** A place in the text, with what the user wrote there. */
export interface Place {
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  /** The value there, for "got …": a text in quotes, a number as written, `a list`, `nothing`. */
  readonly got: string;
}

/** A YAML document without syntax mistakes. */
export interface PolicyDocument {
  /** The plain value; an empty mapping for an empty document. */
  readonly value: unknown;
  /** Where the value at the path stands; where its nearest ancestor stands when there is none. */
  locateValue(path: readonly PropertyKey[]): Place;
  /** Where the key itself stands. */
  locateKey(path: readonly PropertyKey[]): Place;
}

const MAX_LENGTH = 1_048_576;
/** Far more than a policy needs, and far less than an alias bomb: https://eemeli.org/yaml/#tojs-options */
const MAX_ALIASES = 100;

/** The document, or what is wrong with its syntax. Duplicate keys come with the document: the rest can still be checked. */
export function parsePolicyDocument(
  text: string,
  fileName: string,
): { document?: PolicyDocument; mistakes: readonly Mistake[] } {
  if (text.length > MAX_LENGTH)
    return { mistakes: [fileMistake(fileName, 'longer than 1 MiB: this is no policy file')] };
  const lines = new LineCounter();
  const parsed = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const problems = [...parsed.errors, ...parsed.warnings];
  if (problems.some((problem) => problem.code === 'RESOURCE_EXHAUSTION')) {
    return { mistakes: [fileMistake(fileName, 'nested too deep: this is no policy file')] };
  }
  const mistakes = problems.map((problem) => {
    const { line, col } = lines.linePos(problem.pos[0]);
    const isDuplicate = problem.code === 'DUPLICATE_KEY';
    const key = /^["']?[\w.-]*/.exec(text.slice(problem.pos[0]))?.[0] ?? '';
    return textMistake(
      fileName,
      { line, column: col },
      isDuplicate ? `the key ${quote(key)} stands here a second time` : yamlText(problem),
    );
  });
  const isReadable = problems.every((problem) => problem.code === 'DUPLICATE_KEY');
  const unresolved = isReadable ? findUnresolvedAliases(parsed, { lines, fileName }) : [];
  if (!isReadable || unresolved.length > 0) return { mistakes: [...mistakes, ...unresolved] };
  return readValue(parsed, { lines, fileName, mistakes });
}

interface Source {
  readonly lines: LineCounter;
  readonly fileName: string;
}

function readValue(parsed: Document.Parsed, source: Source & { readonly mistakes: readonly Mistake[] }) {
  let value: unknown;
  try {
    value = parsed.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    // The only thing left that toJS refuses: aliases were resolved above.
    if (!(cause instanceof ReferenceError)) throw cause;
    return {
      mistakes: [
        ...source.mistakes,
        fileMistake(source.fileName, 'so many aliases of aliases that it is no policy file'),
      ],
    };
  }
  const place = (node: Node | undefined): Place => {
    const { line, col } = source.lines.linePos(node?.range?.[0] ?? 0);
    return { line: Math.max(line, 1), column: Math.max(col, 1), got: describeNode(node) };
  };
  const document: PolicyDocument = {
    value: value ?? {},
    locateValue: (path) => place(findNode(parsed, path).value),
    locateKey: (path) => {
      const found = findNode(parsed, path);
      return place(found.key ?? found.value);
    },
  };
  return { document, mistakes: source.mistakes };
}

/** The node at the path, and its key; the deepest that exists when the path leads further than the document. */
function findNode(parsed: Document.Parsed, path: readonly PropertyKey[]): { key?: Node; value?: Node } {
  let found: { key?: Node; value?: Node } = parsed.contents === null ? {} : { value: parsed.contents };
  for (const step of path) {
    const holder = isAlias(found.value) ? found.value.resolve(parsed) : found.value;
    const next = childNode(holder, step);
    if (next === undefined) return found.key === undefined ? found : { key: found.key, value: found.key };
    found = next;
  }
  return found;
}

function childNode(holder: Node | undefined, step: PropertyKey): { key?: Node; value?: Node } | undefined {
  if (isSeq(holder) && typeof step === 'number') {
    const item = holder.items[step];
    return isNode(item) ? { value: item } : undefined;
  }
  if (!isMap(holder)) return undefined;
  const pair = holder.items.find((item) => isScalar(item.key) && String(item.key.value) === step);
  if (pair === undefined || !isNode(pair.key)) return undefined;
  return isNode(pair.value) ? { key: pair.key, value: pair.value } : { key: pair.key };
}

function describeNode(node: Node | undefined): string {
  if (isMap(node)) return 'a mapping';
  if (isSeq(node)) return 'a list';
  if (isAlias(node)) return `*${node.source}`;
  if (!isScalar(node) || node.value === null) return 'nothing';
  return typeof node.value === 'string' ? quote(node.value) : (node.source ?? 'a value');
}

function findUnresolvedAliases(parsed: Document.Parsed, source: Source): readonly Mistake[] {
  const mistakes: Mistake[] = [];
  visit(parsed, {
    Alias: (_, alias) => {
      if (alias.resolve(parsed) !== undefined) return;
      const { line, col } = source.lines.linePos(alias.range?.[0] ?? 0);
      mistakes.push(
        textMistake(source.fileName, { line, column: col }, `the alias *${alias.source} has no anchor before it`),
      );
    },
  });
  return mistakes;
}

function yamlText(problem: { readonly code: string; readonly message: string }): string {
  return problem.code === 'MULTIPLE_DOCS'
    ? 'a second document begins here; the policy file is one'
    : `not YAML: ${problem.message}`;
}

function fileMistake(fileName: string, text: string): Mistake {
  return { place: fileName, text, path: '' };
}

function textMistake(fileName: string, at: { readonly line: number; readonly column: number }, text: string): Mistake {
  return { place: `${fileName}:${at.line}:${at.column}`, text, path: '', ...at };
}
