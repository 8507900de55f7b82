// Whether a template writes the blocks of a werf.yaml that say what is kept. What a template writes is not known here, and nothing that
// may be in it is taken for absent.

import { type Mistake, quote } from './mistake.ts';
import { offsetOf, type ScannedWerfFile } from './scan-werf-file.ts';
import type { TemplateAction } from './template-actions.ts';
import type { WerfDocument, WerfEntry } from './werf-documents.ts';

/** The blocks of werf's that count. */
export const WERF_BLOCKS = ['cleanup', 'gitWorktree'] as const;

const RENDER = 'render it: werf config render > rendered.yaml, then --config rendered.yaml';

/** Every place of the document where a template writes one of the blocks, or may; empty when what they say is all there. */
export function findTemplated(file: ScannedWerfFile, document: WerfDocument): readonly Mistake[] {
  const blocks = document.entries.filter(({ key }) => WERF_BLOCKS.some((block) => block === key));
  const mistakes = blocks.flatMap((entry) => findInBlock(file, document, entry));
  if (blocks.some(({ key }) => key === 'cleanup')) return mistakes;
  const [writer] = listMarginActions(file, document);
  if (writer === undefined) return mistakes;
  const text = `${quote(writer.text)} may write the block cleanup, and no other one is here`;
  return [...mistakes, templated(file, { at: writer.start, path: 'cleanup', text })];
}

/** The actions that write something where the keys of the document stand: other keys, or other documents. */
export function listMarginActions(file: ScannedWerfFile, document: WerfDocument): readonly TemplateAction[] {
  const [start, end] = [offsetOf(file, document.firstLine), offsetOf(file, document.limit)];
  return file.actions.filter((action) => {
    const isHere = action.start >= start && action.start < end;
    return isHere && writesSomething(file, action) && (columnOf(file, action) ?? Infinity) <= document.margin;
  });
}

/** Whether anything of these lines is written by a template. Comments without an effect are none. */
export function isTemplated(file: ScannedWerfFile, entry: WerfEntry): boolean {
  const [start, end] = [offsetOf(file, entry.firstLine), offsetOf(file, entry.lastLine + 1)];
  return file.actions.some((action) => action.start < end && action.end > start && !isIdle(file, action));
}

function findInBlock(file: ScannedWerfFile, document: WerfDocument, entry: WerfEntry): readonly Mistake[] {
  const path = entry.key;
  const [start, end] = [offsetOf(file, entry.firstLine), offsetOf(file, entry.lastLine + 1)];
  const around = file.regions.find((region) => region.start < start && region.end > start);
  if (around !== undefined) {
    const text = `the block ${path} stands inside ${quote(around.opener.text)}`;
    return [templated(file, { at: around.start, path, text })];
  }
  const inside = file.actions.filter((action) => action.start < end && action.end > start && !isIdle(file, action));
  if (inside.length > 0)
    return inside.map(({ start: at, text }) =>
      templated(file, { at, path, text: `the block ${path} has a template in it, ${quote(text)}` }),
    );
  const limit = Math.min(offsetOf(file, entry.limit), offsetOf(file, document.limit));
  const behind = file.actions.find(
    (action) => action.start >= end && action.start < limit && writesSomething(file, action),
  );
  if (behind === undefined) return [];
  const text = `${quote(behind.text)} may go on with the block ${path}, which it follows: move the block before another key, or`;
  return [templated(file, { at: behind.start, path, text })];
}

/** A comment that leaves the lines as they are. */
function isIdle(file: ScannedWerfFile, { kind, end, trimsBefore, trimsAfter }: TemplateAction): boolean {
  if (kind !== 'comment' || trimsAfter) return false;
  return !trimsBefore || /^[ \t\r]*(?:\n|$)/.test(file.text.slice(end));
}

function writesSomething({ regions }: ScannedWerfFile, action: TemplateAction): boolean {
  const isDefined = regions.some(
    ({ opener, start, end }) => opener.keyword === 'define' && start <= action.start && action.end <= end,
  );
  return !isDefined && (action.kind === 'output' || action.keyword === 'block');
}

/** The column from 0 that its text begins at; undefined where other text stands before it on the line. */
function columnOf(file: ScannedWerfFile, action: TemplateAction): number | undefined {
  const lineStart = file.text.lastIndexOf('\n', action.start - 1) + 1;
  let before = '';
  let at = lineStart;
  for (const other of file.actions.filter(({ start, end }) => end > lineStart && start < action.start)) {
    before += file.text.slice(at, Math.max(at, other.start));
    at = Math.max(at, other.end);
  }
  before += file.text.slice(at, Math.max(at, action.start));
  const [, ownLine, indented] = /\b(n?)indent\s+(\d+)/.exec(action.text) ?? [];
  if (before.trim() !== '' && ownLine !== 'n') return undefined;
  if (indented !== undefined) return Number(indented);
  return action.trimsBefore ? 0 : before.length;
}

function templated(
  { name, text: whole }: ScannedWerfFile,
  found: { readonly at: number; readonly path: string; readonly text: string },
): Mistake {
  const before = whole.slice(0, found.at).split('\n');
  const [line, column] = [before.length, (before.at(-1) ?? '').length + 1];
  const text = `${found.text}${found.text.endsWith(' or') ? '' : ';'} ${RENDER}`;
  return { place: `${name}:${line}:${column}`, path: found.path, line, column, text };
}
