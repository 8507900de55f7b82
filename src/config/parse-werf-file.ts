// A werf.yaml's text to the blocks that say what is kept, and to what else counts for a repository that werf made: the project's name and
// those of its images. Templates are not rendered: https://werf.io/docs/v2/reference/werf_yaml.html and werf_yaml_template_engine.html

import { findTemplated, WERF_BLOCKS } from './find-templated.ts';
import { type Mistake, quote } from './mistake.ts';
import { parsePolicyFile } from './parse-policy-file.ts';
import type { PolicyFile } from './policy-schema.ts';
import { readWerfFacts, type WerfFacts } from './read-werf-facts.ts';
import { type ScannedWerfFile, scanWerfFile } from './scan-werf-file.ts';
import type { WerfDocument, WerfEntry } from './werf-documents.ts';

/** What a werf.yaml came to. */
export interface ParsedWerfFile {
  /** The blocks; there only when there is no mistake. An empty object when the file has neither. */
  readonly file?: Pick<PolicyFile, 'cleanup' | 'gitWorktree'>;
  readonly mistakes: readonly Mistake[];
  readonly notes: readonly string[];
  readonly facts: WerfFacts;
}

/** Keys that only a policy file of ours has. */
const OWN_KEYS = new Set(
  (
    'repositories images pins kubernetes pullRequests mergeRequests releases deployments guards ' +
    'keepYoungerThan keepTagRevisions untag records werf'
  ).split(' '),
);
/** A block without anything in it: werf's defaults. */
const EMPTY_BLOCK = /^\s*["']?\w+["']?\s*:\s*(?:~|null)?\s*(?:#.*)?$/;

/** Whether a text is a werf.yaml, and no policy file that has werf's blocks in it. */
export function isWerfFile(text: string): boolean {
  const { documents } = scanWerfFile(text, '');
  const isOurs =
    documents.find(({ entries }) => entries.length > 0)?.entries.some(({ key }) => OWN_KEYS.has(key)) === true;
  return !isOurs && findMeta(documents) !== undefined;
}

/** Checks the blocks of the document that has `configVersion`, else `project`. `name` is only for the messages. */
export function parseWerfFile(text: string, name: string): ParsedWerfFile {
  const file = scanWerfFile(text, name);
  const meta = findMeta(file.documents);
  const facts = readWerfFacts(file, meta);
  const found =
    meta === undefined
      ? findMissing(file)
      : [...findTemplated(file, meta), ...findStrangers(file, meta), ...findMisplaced(file, meta)];
  const isTold = ({ key }: WerfEntry) => found.some(({ path }) => path === key);
  const blocks = (meta?.entries ?? []).filter((entry) => isFullBlock(file, entry) && !isTold(entry));
  const parsed = parsePolicyFile(keepLines(file, blocks), name);
  const mistakes = [...found, ...parsed.mistakes];
  if (mistakes.length > 0 || parsed.file === undefined) return { mistakes, notes: [], facts };
  return { file: parsed.file, mistakes: [], notes: parsed.notes, facts };
}

/** werf goes by `configVersion`; where that is forgotten, werf says so itself. */
function findMeta(documents: readonly WerfDocument[]): WerfDocument | undefined {
  const withKey = (wanted: string) => documents.find(({ entries }) => entries.some(({ key }) => key === wanted));
  return withKey('configVersion') ?? withKey('project');
}

function findMissing(file: ScannedWerfFile): readonly Mistake[] {
  const whole = { firstLine: 0, limit: file.lines.length, margin: Infinity, entries: [], strangers: [] };
  const templated = findTemplated(file, whole);
  if (templated.length > 0) return templated;
  const text = 'none of its documents has the key configVersion at its left margin: this is no werf.yaml';
  return [{ place: file.name, path: 'configVersion', text }];
}

function findStrangers({ name, lines }: ScannedWerfFile, { strangers, margin }: WerfDocument): readonly Mistake[] {
  return strangers.map((at) => {
    const place = { place: `${name}:${at + 1}:${margin + 1}`, path: 'configVersion', line: at + 1, column: margin + 1 };
    const text = `got ${quote((lines[at] ?? '').trim())}, expected a key as configVersion, each on a line of its own`;
    return { ...place, text };
  });
}

/** A block that werf would not find either, unless a template takes away the hyphens before it: it is no word for werf's defaults. */
function findMisplaced({ name, documents }: ScannedWerfFile, meta: WerfDocument): readonly Mistake[] {
  const isCleanup = ({ key }: WerfEntry): boolean => key === 'cleanup';
  if (meta.entries.some(isCleanup)) return [];
  return documents.flatMap(({ entries, margin }) =>
    entries.filter(isCleanup).map(({ firstLine }) => {
      const [line, column] = [firstLine + 1, margin + 1];
      const text = 'it stands in another document than configVersion: move it there, or take it out';
      return { place: `${name}:${line}:${column}`, path: 'cleanup', line, column, text };
    }),
  );
}

function isFullBlock({ lines }: ScannedWerfFile, { key, firstLine, lastLine }: WerfEntry): boolean {
  const isBlock = WERF_BLOCKS.some((block) => block === key);
  return isBlock && (lastLine > firstLine || !EMPTY_BLOCK.test(lines[firstLine] ?? ''));
}

/** The text with nothing in it but these entries, each where it stands. */
function keepLines({ lines }: ScannedWerfFile, entries: readonly WerfEntry[]): string {
  const isKept = (at: number) => entries.some(({ firstLine, lastLine }) => at >= firstLine && at <= lastLine);
  return lines.map((line, at) => (isKept(at) ? line : '')).join('\n');
}
