// What a werf.yaml says besides its policies: what the project is called, and which images it builds. Whatever a template has a part in is
// not known.

import { parseDocument } from 'yaml';
import { isTemplated, listMarginActions } from './find-templated.ts';
import { offsetOf, type ScannedWerfFile } from './scan-werf-file.ts';
import type { WerfDocument, WerfEntry } from './werf-documents.ts';

/** What a project of werf's is called, and what it builds. */
export interface WerfFacts {
  /** Absent where a template tells it, or the file does not. */
  readonly project?: string;
  /** In the order of the file, without duplicates; the empty text is the image without a name. */
  readonly imageNames: readonly string[];
  /** False where a template tells names, or may. */
  readonly areNamesComplete: boolean;
}

const UNREAD = Symbol('unread');

/** The facts of all documents; `meta` is the one with the project's name. */
export function readWerfFacts(file: ScannedWerfFile, meta: WerfDocument | undefined): WerfFacts {
  const project = meta === undefined ? undefined : readProject(file, meta);
  const read = file.documents.map((document) => readNames(file, document, document === meta));
  const names = new Set(read.flatMap((one) => one.names));
  const areNamesComplete = meta !== undefined && read.every(({ isComplete }) => isComplete);
  return { ...(project === undefined ? {} : { project }), imageNames: [...names], areNamesComplete };
}

function readProject(file: ScannedWerfFile, meta: WerfDocument): string | undefined {
  const [entry, second] = meta.entries.filter(({ key }) => key === 'project');
  if (entry === undefined || second !== undefined || isInBranch(file, entry)) return undefined;
  const value = readValue(file, entry);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/** What one of several branches says is not known to hold. */
function isInBranch(file: ScannedWerfFile, { firstLine }: WerfEntry): boolean {
  const at = offsetOf(file, firstLine);
  return file.regions.some(({ start, end }) => start < at && end > at);
}

interface Names {
  readonly names: readonly string[];
  readonly isComplete: boolean;
}

function readNames(file: ScannedWerfFile, document: WerfDocument, isMeta: boolean): Names {
  const isWhole = document.strangers.length === 0 && listMarginActions(file, document).length === 0;
  const entries = document.entries.filter(({ key }) => key === 'image' || key === 'artifact');
  if (entries.length === 0 && document.entries.some(({ key }) => key === 'dockerfile'))
    return { names: [''], isComplete: isWhole };
  // A document of an unknown kind has lost its name to a template.
  const isKnown = isMeta || entries.length > 0 || document.entries.length === 0;
  const values = entries.map((entry) => namesOf(readValue(file, entry)));
  return {
    names: values.flatMap((names) => names ?? []),
    isComplete: isWhole && isKnown && values.every((names) => names !== undefined),
  };
}

/** One name, or several; undefined where they cannot be told. */
function namesOf(value: unknown): readonly string[] | undefined {
  if (value === null) return [''];
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) return undefined;
  const names = value.map(namesOf);
  return names.every((name) => name !== undefined) ? names.flat() : undefined;
}

/** The value of a key; something that is no value where a template has a part in it, or it is no YAML. */
function readValue(file: ScannedWerfFile, entry: WerfEntry): unknown {
  if (isTemplated(file, entry)) return UNREAD;
  const text = file.lines.slice(entry.firstLine, entry.lastLine + 1).join('\n');
  const parsed = parseDocument(text, { prettyErrors: false, stringKeys: true, logLevel: 'silent' });
  // An alias stands for something elsewhere.
  if (parsed.errors.length > 0 || /[:\s[,-]\*\w/.test(text)) return UNREAD;
  const value: unknown = parsed.toJS();
  return typeof value === 'object' && value !== null ? Reflect.get(value, entry.key) : UNREAD;
}
