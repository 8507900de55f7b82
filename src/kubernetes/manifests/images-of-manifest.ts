// The images of one text of manifests: every object in it is understood, or it is an error. Pure.

import * as z from 'zod';
import { EvidenceError } from '../../errors.ts';
import type { Workload } from '../../model/usage.ts';
import { collectImages } from '../images/collect-images.ts';
import { findWeakImages } from '../images/find-weak-images.ts';
import type { FoundImage } from '../images/found-image.ts';
import { createObjectWalk } from '../images/walk-object.ts';
import { createKindTable, type KindTable } from '../kinds/kind-table.ts';
import type { Reading } from '../kinds/resource-kind.ts';
import { RESOURCE_KINDS } from '../kinds/resource-kinds.ts';
import { type ManifestText, parseManifest } from './parse-manifest.ts';

/** What one text of manifests holds. */
export interface ManifestImages {
  /** How many objects; a list counts as its items. */
  readonly objects: number;
  readonly found: readonly FoundImage[];
  /** Objects that tell their images only together with others: Helm's revisions, image streams with their history. */
  readonly setAside: readonly SetAside[];
}

/** An object for a reader of its own. */
export interface SetAside {
  readonly value: object;
  readonly kind: string;
  readonly by: 'helm-release' | 'image-stream';
}

/**
 * The images of all documents of a YAML or JSON text. Objects of known kinds are read as in a cluster; in every other object what
 * looks like an image protects. Lists count as their items. The context of the workloads is the path.
 * @throws EvidenceError EVIDENCE_FILE when a part of it cannot be understood. It names the path, and quotes nothing.
 */
export function imagesOfManifest(manifest: ManifestText, table: KindTable = createKindTable()): ManifestImages {
  const file = manifest.path;
  const objects = parseManifest(manifest).flatMap((document) => expandLists(document, file));
  const found: FoundImage[] = [];
  const setAside: SetAside[] = [];
  for (const [index, object] of objects.entries()) {
    const readings = table.readingsOf(object);
    if (readings === 'excluded') continue;
    const aside = readings.flatMap((reading) => asideOf(object, reading));
    setAside.push(...aside);
    if (aside.length === 0)
      for (const image of imagesOf(object, readings, { file, position: index + 1 })) found.push(image);
  }
  return { objects: objects.length, found, setAside };
}

const itemsSchema = z.array(z.custom<object>((item) => typeof item === 'object' && item !== null));

interface ManifestObject {
  readonly value: object;
  /** Its own kind, or what its list says. */
  readonly kind?: string;
  readonly apiVersion?: string;
}

interface Position {
  readonly file: string;
  /** From 1, for objects without a name. */
  readonly position: number;
}

/** The object itself, or the items of a `List`, `PodList` …, at any depth. The items of typed lists carry no kind. */
function expandLists(document: object, file: string): ManifestObject[] {
  const objects: ManifestObject[] = [];
  const open = [identify(document, {})];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const items = itemsOf(next, file);
    if (items === undefined) objects.push(next);
    else {
      const itemKind = next.kind === 'List' ? {} : { kind: next.kind?.replace(/List$/, '') };
      const inherited = { ...itemKind, apiVersion: next.kind === 'List' ? undefined : next.apiVersion };
      open.push(...items.map((item) => identify(item, inherited)).reverse());
    }
  }
  return objects;
}

function identify(
  value: object,
  inherited: { readonly kind?: string | undefined; readonly apiVersion?: string | undefined },
): ManifestObject {
  const kind = textField(value, 'kind') ?? inherited.kind;
  const apiVersion = textField(value, 'apiVersion') ?? inherited.apiVersion;
  return { value, ...(kind === undefined ? {} : { kind }), ...(apiVersion === undefined ? {} : { apiVersion }) };
}

/** A custom resource may be called `AllowList` and hold anything: only what has objects as items is a list. */
function itemsOf({ value, kind }: ManifestObject, file: string): readonly object[] | undefined {
  if (kind === undefined || !kind.endsWith('List')) return undefined;
  const items = itemsSchema.safeParse(Reflect.get(value, 'items'));
  if (items.success) return items.data;
  if (kind !== 'List' && !RESOURCE_KINDS.some((known) => kind === `${known.kind}List`)) return undefined;
  throw new EvidenceError(`${file} has a ${kind} without a list of objects in "items".`, {
    code: 'EVIDENCE_FILE',
    hint: 'The file seems to be cut off or changed by hand. Write it anew.',
    details: { path: file },
  });
}

/** A Secret that is not Helm's, and a stream that has no history yet, are objects as any other. */
function asideOf({ value, kind = '' }: ManifestObject, { by }: Reading): readonly SetAside[] {
  if (by === 'helm-release') return isHelms(value) ? [{ value, kind, by }] : [];
  if (by === 'image-stream') return isFields(Reflect.get(value, 'status')) ? [{ value, kind, by }] : [];
  return [];
}

function imagesOf(
  object: ManifestObject,
  readings: readonly Reading[],
  { file, position }: Position,
): readonly FoundImage[] {
  const unnamed: Workload = { context: file, kind: object.kind ?? 'Document', name: String(position) };
  if (readings.length === 0) return walkUnknown(object.value, unnamed);
  return readings.flatMap((reading) => imagesByReading(object.value, reading, unnamed));
}

function imagesByReading(value: object, reading: Reading, unnamed: Workload): readonly FoundImage[] {
  const { context, kind } = unnamed;
  switch (reading.by) {
    case 'pod-spec':
      return collectImages(value, { kind: { kind, reading }, context, from: 'file' }).map(refuseTemplate);
    case 'walk':
      return createObjectWalk({ kind: { kind, reading }, context, from: 'file' })(value);
    case 'helm-release':
    case 'image-stream':
      return walkUnknown(value, unnamed);
  }
}

/** By its name and namespace, where it has them. */
function walkUnknown(value: object, unnamed: Workload): readonly FoundImage[] {
  const metadata: unknown = Reflect.get(value, 'metadata');
  const namespace = isFields(metadata) ? textField(metadata, 'namespace') : undefined;
  const name = isFields(metadata) ? textField(metadata, 'name') : undefined;
  return findWeakImages(value, {
    ...unnamed,
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
  });
}

/** By the label that Helm finds its own by. */
function isHelms(value: object): boolean {
  const metadata: unknown = Reflect.get(value, 'metadata');
  const labels: unknown = isFields(metadata) ? Reflect.get(metadata, 'labels') : undefined;
  return isFields(labels) && Reflect.get(labels, 'owner') === 'helm';
}

function isFields(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuseTemplate(found: FoundImage): FoundImage {
  if (!found.text.includes('{{')) return found;
  const { context, kind, name } = found.workload;
  throw new EvidenceError(`${context}: ${kind} ${name} has an image that is a template.`, {
    code: 'EVIDENCE_FILE',
    hint: 'Render it first (helm template, kustomize build) and give the result to --kube-manifests.',
    details: { path: context },
  });
}

function textField(object: object, key: string): string | undefined {
  const value: unknown = Reflect.get(object, key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
