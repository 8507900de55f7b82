// Images in values of unknown form: custom resources, Helm values, kustomizations. Weak evidence, which only ever protects:
// what looks like an image reference counts as one. What is none, and has a fixed part that may name a repository, is handed on as
// weak, for whoever knows the repositories. Pure.

import { fixedParts, isOpenText } from '../../model/open-text.ts';
import type { Workload } from '../../model/usage.ts';
import { type FoundImage, weakImage } from './found-image.ts';
import { interpretImage } from './interpret-image.ts';
import { fieldsOf, textsOf } from './weak-forms.ts';

/** How far the walk goes. */
export interface WeakOptions {
  /** Every text counts that is a whole reference with a tag or a digest, whatever its field is called. */
  readonly anyText?: boolean;
}

/** Longer texts are scripts and documents, and no reference is that long (255 characters of name, 128 of tag, 135 of digest). */
const MAX_REFERENCE_LENGTH = 1024;
/** Where the API server notes who set which field: keys with the names of fields, and no image. */
const FIELDS_THAT_NAME_NOTHING = new Set(['managedFields']);

/**
 * All texts at any depth that name an image, in the forms of {@link textsOf}, once for each object that holds it. Values may share parts
 * and may contain themselves (YAML anchors).
 */
export function findWeakImages(value: unknown, workload: Workload, options: WeakOptions = {}): readonly FoundImage[] {
  const found: FoundImage[] = [];
  const seen = new Set<object>();
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    seen.add(next);
    const texts = new Set(textsOf(fieldsOf(next), workload.namespace));
    for (const text of texts) found.push(...weakImage(text, workload));
    for (const [key, child] of Object.entries(next)) {
      if (FIELDS_THAT_NAME_NOTHING.has(key)) continue;
      if (options.anyText === true && isWholeReference(child) && !texts.has(child))
        found.push(...weakImage(child, workload));
      open.push(child);
    }
  }
  return found;
}

/** With a tag or a digest: a name alone is any word. One that is filled in must at least have a path. */
function isWholeReference(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > MAX_REFERENCE_LENGTH || /\s/.test(value.trim())) return false;
  const meaning = interpretImage(value);
  if (meaning.kind === 'unparsable') return isOpenText(value) && fixedParts(value).join('').includes('/');
  if (meaning.kind !== 'reference') return meaning.kind === 'digest';
  return meaning.reference.digest !== undefined || /:[^/]*$/.test(value);
}
