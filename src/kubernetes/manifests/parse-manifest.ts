// Text of a manifest file to the values of its documents. Pure. No error quotes the text: manifests hold Secrets.

import type { Document, ParsedNode } from 'yaml';
import { isCollection, LineCounter, parseAllDocuments, visit } from 'yaml';
import { describeCause, EvidenceError } from '../../errors.ts';
import { parsePlainYaml } from './parse-plain-yaml.ts';

/** A text of manifests, and what to call it in messages. */
export interface ManifestText {
  readonly text: string;
  /** A path; a name that ends in `.json` is tried as JSON first. */
  readonly path: string;
  /**
   * What Helm took and the YAML specification forbids is taken too: of keys that stand twice the last one counts, and indentation matters
   * only where it changes the meaning.
   */
  readonly isLenient?: boolean;
}

/**
 * The documents of a YAML or JSON text in order, empty ones left out. Unquoted numbers are texts, as they are written: the tag
 * `1.10` is not 1.1. Merge keys (`<<`) are resolved, as kubectl does.
 * @throws EvidenceError EVIDENCE_FILE with file, line and column for text that is neither, for Helm templates that were not
 *   rendered, and for a document that is no object and no list.
 */
export function parseManifest({ text, path, isLenient = false }: ManifestText): readonly object[] {
  const json = path.toLowerCase().endsWith('.json') ? parseJson(text) : undefined;
  if (json !== undefined) return json === null ? [] : [objectOf(json, path)];
  const plain = parsePlainYaml(text);
  if (plain !== undefined) return [plain];
  const place = { path, text, isLenient, lines: new LineCounter() };
  return documentsOf(place).flatMap((document) => {
    const [mistake] = document.errors;
    if (mistake !== undefined) throw notYaml(place, mistake.pos[0], mistake.code);
    refuseTemplate(document, place);
    const value = plainValue(document, place);
    return value === null || value === undefined ? [] : [objectOf(value, path)];
  });
}

function documentsOf(place: Place): readonly Document.Parsed<ParsedNode>[] {
  try {
    // Pretty errors quote the source.
    return parseAllDocuments(place.text, {
      lineCounter: place.lines,
      prettyErrors: false,
      merge: true,
      strict: !place.isLenient,
      uniqueKeys: !place.isLenient,
      customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || !/:(?:int|float)$/.test(tag.tag)),
    });
  } catch (error) {
    // Nested so deeply that the parser's stack overflows.
    throw notYaml(place, 0, describeCause(error));
  }
}

function plainValue(document: Document.Parsed<ParsedNode>, place: Place): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // Aliases that multiply beyond all measure.
    throw notYaml(place, document.range[0], describeCause(error));
  }
}

interface Place extends Required<ManifestText> {
  readonly lines: LineCounter;
}

/** The value of a JSON text; undefined when it is none, for the YAML parser to tell where (JSON is YAML). */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not swallowed: the YAML parser reads the same text next, and reports its position when it is no YAML either.
    return undefined;
  }
}

/** `{{ .Values.image }}` without quotes is YAML: a mapping with a mapping as its key, which no Kubernetes object has. */
function refuseTemplate(document: Document.Parsed<ParsedNode>, place: Place): void {
  visit(document, {
    Pair(_, pair) {
      if (isCollection(pair.key)) throw notYaml(place, pair.key.range?.[0] ?? 0, 'a key that is not a text');
    },
  });
}

function objectOf(value: unknown, path: string): object {
  if (typeof value === 'object' && value !== null) return value;
  throw new EvidenceError(`${path} has a document that is a single text, not an object.`, {
    code: 'EVIDENCE_FILE',
    hint: 'Take the file out of the folder, or put the manifest there that it was meant to be.',
    details: { path },
  });
}

function notYaml(place: Place, offset: number, why: string): EvidenceError {
  const { line, col } = place.lines.linePos(offset);
  return new EvidenceError(`${place.path}:${line}:${col} is not YAML: ${why}.`, {
    code: 'EVIDENCE_FILE',
    hint: place.text.includes('{{')
      ? 'It looks like a template. Render it first (helm template, kustomize build) and give the result to --kube-manifests.'
      : 'Correct the file, or take it out of the folder.',
    details: { path: place.path, line, column: col },
  });
}
