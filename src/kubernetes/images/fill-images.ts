// Images whose names are put together within one object: `$(params.repo):$(params.tag)` in a step, `registry.example.com/team/app` in a
// parameter. Which part is filled in by what is the product's own matter and not followed: every text may fill any part. Pure.

import { globOf, isOpenText, OPEN } from '../../model/open-text.ts';
import type { Workload } from '../../model/usage.ts';
import type { FoundImage } from './found-image.ts';
import { fieldsOf, textsOf } from './weak-forms.ts';

/** Longer texts are scripts and documents. */
const MAX_LENGTH = 1024;
/** A repository's name or a part of one, also with a host, without a tag. */
const PART = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?::\d{1,5})?(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*\/?$/;
const SCHEME = /^(?:docker(?:-pullable)?|oci):\/\//;
/** Sources lie there, often under the name of the image that is built of them, and never an image. */
const NO_REGISTRY = /^(?:github\.com|gitlab\.com|bitbucket\.org)(?:\/|$)/;
/** Of what an object says about its past, copies of specifications count. */
const COPIED = /(?:Spec|Templates)$/;

/**
 * The texts of an object that name an image by open parts of its name, each with everything that may fill them. None when nothing may.
 * Those are what stands where an image stands, and texts that are nothing but open parts put together, as one parameter hands others on.
 * @param atPaths Further texts that stand where an image stands.
 */
export function fillImages(
  object: unknown,
  workload: Workload,
  atPaths: readonly string[] = [],
): readonly FoundImage[] {
  const objects = objectsIn(object);
  if (![...atPaths, ...objects.flatMap(stringsOf)].some(mayBeOpen)) return [];
  const images = objects.flatMap((each) => textsOf(fieldsOf(each), workload.namespace));
  const named = [...atPaths, ...images].filter(hasOpenName);
  if (named.length === 0) return [];
  const fillings = [
    ...new Set(specificationsOf(object).flatMap(objectsIn).flatMap(stringsOf).flatMap(fillingsOf)),
  ].toSorted();
  if (fillings.length === 0) return [];
  const joined = objects.flatMap(stringsOf).filter((text) => hasOpenName(text) && isJoined(text));
  return [...new Set([...named, ...joined])].map((text) => ({ text, workload, isWeak: true, fillings }));
}

/** The value and everything in it that has parts, each once: values may contain themselves (YAML anchors). */
function objectsIn(value: unknown): readonly object[] {
  const seen = new Set<object>();
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    seen.add(next);
    for (const [, child] of Object.entries(next)) open.push(child);
  }
  return [...seen];
}

function stringsOf(object: object): readonly string[] {
  return Object.values(object).filter((value) => typeof value === 'string');
}

/** The object without its names and without its past, which would differ from run to run of the same thing. */
function specificationsOf(object: unknown): readonly unknown[] {
  const { metadata: _, status, ...specification } = Object.fromEntries(fieldsOf(object));
  const copies = [...fieldsOf(status)].filter(([key]) => COPIED.test(key)).map(([, value]) => value);
  return [specification, ...copies];
}

function fillingsOf(text: string): readonly string[] {
  if (text.length > MAX_LENGTH) return [];
  const part = text.trim().toLowerCase().replace(SCHEME, '');
  return PART.test(part) && !NO_REGISTRY.test(part) ? [part] : [];
}

function mayBeOpen(text: string): boolean {
  return text.length <= MAX_LENGTH && (text.includes('{{') || text.includes('$')) && isOpenText(text);
}

/** Not `golang:$(version)`. */
function hasOpenName(text: string): boolean {
  return mayBeOpen(text) && nameOf(text).includes(OPEN);
}

/** `{{registry}}/{{name}}`, `$(a):$(b)`: more than one open part, and nothing but what joins them. */
function isJoined(text: string): boolean {
  const glob = globOf(text.trim());
  return !/\s/.test(text.trim()) && /^[\0/:@._-]+$/.test(glob) && glob.split(OPEN).length > 2;
}

function nameOf(text: string): string {
  return globOf(text).replace(/[:@][^/]*$/, '');
}
