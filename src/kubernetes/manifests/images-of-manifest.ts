// The images of one text of manifests: every object in it is understood, or it is an error. Pure.

import * as z from 'zod';
import { EvidenceError } from '../../errors.ts';
import type { Workload } from '../../model/usage.ts';
import { collectImages, type FoundImage } from '../images/collect-images.ts';
import { findWeakImages } from '../images/find-weak-images.ts';
import { isPodSpecKind, type PodSpecKind } from '../kinds/resource-kind.ts';
import { RESOURCE_KINDS } from '../kinds/resource-kinds.ts';
import { type ManifestText, parseManifest } from './parse-manifest.ts';

/** What one text of manifests holds. */
export interface ManifestImages {
  /** How many objects; a list counts as its items. */
  readonly objects: number;
  readonly found: readonly FoundImage[];
}

/**
 * The images of all documents of a YAML or JSON text. Objects of known kinds are read as in a cluster; in every other object what
 * looks like an image protects. Lists count as their items. The context of the workloads is the path.
 * @throws EvidenceError EVIDENCE_FILE when a part of it cannot be understood. It names the path, and quotes nothing.
 */
export function imagesOfManifest(manifest: ManifestText): ManifestImages {
  const file = manifest.path;
  const objects = parseManifest(manifest).flatMap((document) => expandLists(document, file));
  return {
    objects: objects.length,
    found: objects.flatMap((object, index) => imagesOf(object, { file, position: index + 1 })),
  };
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

function imagesOf(object: ManifestObject, { file, position }: Position): readonly FoundImage[] {
  const known = knownKind(object);
  if (known !== undefined)
    return collectImages(object.value, { kind: known, context: file, from: 'file' }).map(refuseTemplate);
  const metadata: unknown = Reflect.get(object.value, 'metadata');
  const hasMetadata = typeof metadata === 'object' && metadata !== null;
  const namespace = hasMetadata ? textField(metadata, 'namespace') : undefined;
  const workload: Workload = {
    context: file,
    kind: object.kind ?? 'Document',
    name: (hasMetadata ? textField(metadata, 'name') : undefined) ?? String(position),
    ...(namespace === undefined ? {} : { namespace }),
  };
  return findWeakImages(object.value, workload);
}

/** Other groups have kinds of the same name and of another form (Volcano's Job): those are walked. */
function knownKind({ kind, apiVersion }: ManifestObject): PodSpecKind | undefined {
  return RESOURCE_KINDS.filter(isPodSpecKind).find((known) => {
    if (known.kind !== kind) return false;
    if (apiVersion === undefined) return true;
    const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
    // Deployments, ReplicaSets and DaemonSets were born there, with the same pod template.
    return group === known.group || (group === 'extensions' && known.group === 'apps');
  });
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
