// A werf.yaml taken apart: its templates, and its documents by what stands around them.

import {
  listRegions,
  listTemplateActions,
  maskActions,
  type TemplateAction,
  type TemplateRegion,
} from './template-actions.ts';
import { listWerfDocuments, type WerfDocument } from './werf-documents.ts';

/** A werf.yaml with what its text alone tells. */
export interface ScannedWerfFile {
  /** For messages. */
  readonly name: string;
  /** Without a byte order mark; every line ends with a line feed. */
  readonly text: string;
  /** Its lines, with blanks where templates stand. */
  readonly lines: readonly string[];
  /** The offset in the text at which each line begins. */
  readonly lineStarts: readonly number[];
  readonly actions: readonly TemplateAction[];
  readonly regions: readonly TemplateRegion[];
  readonly documents: readonly WerfDocument[];
}

/** What YAML takes for the end of a line besides, each one character: https://yaml.org/spec/1.1/#id871136 */
const OTHER_BREAKS = /\r(?!\n)|[\u0085\u2028\u2029]/g;

/** Any text has a scan. `name` is only for the messages. */
export function scanWerfFile(given: string, name: string): ScannedWerfFile {
  const text = given.replace(/^\uFEFF/, '').replaceAll(OTHER_BREAKS, '\n');
  const actions = listTemplateActions(text);
  const lines = maskActions(text, actions).split('\n');
  const lineStarts: number[] = [];
  let at = 0;
  for (const line of lines) {
    lineStarts.push(at);
    at += line.length + 1;
  }
  const regions = listRegions(text, actions);
  return { name, text, lines, lineStarts, actions, regions, documents: listWerfDocuments(lines) };
}

/** The offset at which a line begins; the end of the text for the line after the last. */
export function offsetOf({ lineStarts, text }: ScannedWerfFile, line: number): number {
  return lineStarts[line] ?? text.length;
}
