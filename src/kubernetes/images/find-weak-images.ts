// Images in values of unknown form: custom resources, Helm values, kustomizations. Weak evidence, which only ever protects:
// what looks like an image reference counts as one, everything else is left alone. Pure.

import type { Workload } from '../../model/usage.ts';
import type { FoundImage } from './collect-images.ts';
import { interpretImage } from './interpret-image.ts';

type Fields = ReadonlyMap<string, unknown>;

/**
 * All texts at any depth that name an image: fields `image` and `imageID`, `image: {reference: …}` (image volumes),
 * `{registry?, repository, tag?, digest?}` (Helm values) and `{name, newName?, newTag?, digest?}` (kustomize). Only those that can
 * be read as a reference or a digest. Values may share parts and may contain themselves (YAML anchors).
 */
export function findWeakImages(value: unknown, workload: Workload): readonly FoundImage[] {
  const found: FoundImage[] = [];
  const seen = new Set<object>();
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    seen.add(next);
    const texts = Array.isArray(next) ? [] : textsOf(new Map(Object.entries(next)));
    for (const text of texts.filter(isNamed)) found.push({ text, workload });
    for (const child of Object.values(next)) open.push(child);
  }
  return found;
}

function textsOf(fields: Fields): string[] {
  const image = fields.get('image');
  const nested = isFields(image) ? new Map(Object.entries(image)) : new Map<string, unknown>();
  return [image, fields.get('imageID'), nested.get('reference'), helmImage(fields), kustomizeImage(fields)].filter(
    (text) => typeof text === 'string',
  );
}

/** https://helm.sh/docs/chart_best_practices/pods/#images */
function helmImage(fields: Fields): string | undefined {
  const repository = textOf(fields, 'repository');
  if (repository === undefined) return undefined;
  const registry = textOf(fields, 'registry');
  return withTagAndDigest(registry === undefined ? repository : `${registry}/${repository}`, fields, 'tag');
}

/** https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/images/ */
function kustomizeImage(fields: Fields): string | undefined {
  const name = textOf(fields, 'newName') ?? textOf(fields, 'name');
  const isOverride = ['newName', 'newTag', 'digest'].some((key) => textOf(fields, key) !== undefined);
  return name === undefined || !isOverride ? undefined : withTagAndDigest(name, fields, 'newTag');
}

function withTagAndDigest(name: string, fields: Fields, tagKey: string): string {
  const tag = textOf(fields, tagKey);
  const digest = textOf(fields, 'digest');
  return `${name}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** A field's text. Numbers in JSON (`"tag": 7`) count as they are written. */
function textOf(fields: Fields, key: string): string | undefined {
  const value = fields.get(key);
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isFields(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNamed(text: string): boolean {
  const { kind } = interpretImage(text);
  return kind === 'reference' || kind === 'digest';
}
