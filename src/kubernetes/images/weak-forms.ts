// The ways in which one object, seen without its surroundings, can name images: by one field, or by several that belong together. Pure.

import { annotatedImages, relatedImage } from './related-images.ts';

/** The fields of one object. */
export type Fields = ReadonlyMap<string, unknown>;

/** How `oc` and its web console name the integrated registry; images of streams lie there. */
export const INTERNAL_REGISTRY = 'image-registry.openshift-image-registry.svc:5000';

/** `1.2.3@sha256:…`, `sha256:…`; revisions of Git have another algorithm. */
const REVISION = /^(?:([^@]*)@)?(sha256:[0-9a-f]{64})$/;

/**
 * Texts that name an image by the object's own fields; whether they can be read is for the caller to see:
 * - `image`, `imageID`, and `image: {reference | imageRef}` (image volumes, in spec and status)
 * - `{registry?, repository, tag?, digest?}` (Helm values)
 * - `{name, newName?, newTag?, digest?}` and `kustomize: {images: ["app=registry.example.com/app:v1"]}` (kustomize, also in Argo CD)
 * - `{name, tag, digest?}` (Flux's `latestRef`)
 * - `{spec: {url: "oci://…", ref?: {tag?, digest?, semver?}}, status?: {artifact?: {revision: TAG@DIGEST}}}` (Flux's OCIRepository)
 * - `{name: RELATED_IMAGE_…, value}` (what operators start), and annotations that have an injector start something
 * - `{kind: ImageStreamTag | ImageStreamImage | DockerImage, name, namespace?}` (OpenShift); without a kind under `from`
 *
 * @param namespace Where streams are that are named without one. Absent: unknown, which leaves that part of the text open.
 */
export function textsOf(fields: Fields, namespace: string | undefined): readonly string[] {
  const image = fieldsOf(fields.get('image'));
  return [
    fields.get('image'),
    fields.get('imageID'),
    image.get('reference'),
    image.get('imageRef'),
    helmImage(fields),
    kustomizeImage(fields),
    ...kustomizeOverrides(fieldsOf(fields.get('kustomize')).get('images')),
    imageOfPolicy(fields),
    ...ociArtifact(fields),
    relatedImage(fields),
    ...annotatedImages(fields),
    fromOpenShift(fields, namespace),
    fromOpenShift(new Map([['kind', 'ImageStreamTag'], ...withoutKind(fieldsOf(fields.get('from')))]), namespace),
  ].filter((text) => typeof text === 'string');
}

/** The fields of an object, in any order; none for anything else. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? new Map<string, unknown>(Object.entries(value))
    : new Map<string, unknown>();
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
  const hasDigest = textOf(fields, 'digest') !== undefined && textOf(fields, 'tag') === undefined;
  const isOverride = hasDigest || ['newName', 'newTag'].some((key) => textOf(fields, key) !== undefined);
  return name === undefined || !isOverride ? undefined : withTagAndDigest(name, fields, 'newTag');
}

/** `[name=]newName[:tag][@digest]`: https://argo-cd.readthedocs.io/en/stable/user-guide/kustomize/ */
function kustomizeOverrides(images: unknown): readonly string[] {
  return Array.isArray(images)
    ? images.flatMap((text: unknown) => (typeof text === 'string' ? [text.slice(text.indexOf('=') + 1)] : []))
    : [];
}

/** https://fluxcd.io/flux/components/image/imagepolicies/#latest-ref */
function imageOfPolicy(fields: Fields): string | undefined {
  const name = textOf(fields, 'name');
  const hasTag = textOf(fields, 'tag') !== undefined;
  return name === undefined || !hasTag ? undefined : withTagAndDigest(name, fields, 'tag');
}

/** What is wanted and what is deployed: https://fluxcd.io/flux/components/source/ocirepositories/#reference, …/#artifact */
function ociArtifact(fields: Fields): readonly string[] {
  const spec = fieldsOf(fields.get('spec'));
  const url = textOf(spec, 'url');
  if (url?.startsWith('oci://') !== true) return [];
  const ref = fieldsOf(spec.get('ref'));
  const artifact = fieldsOf(fieldsOf(fields.get('status')).get('artifact'));
  const [, tag = '', digest] = REVISION.exec(textOf(artifact, 'revision') ?? '') ?? [];
  const deployed = digest === undefined ? [] : [`${url}${tag === '' ? '' : `:${tag}`}@${digest}`];
  // A digest outranks a range, and a range outranks a tag.
  const isRange = textOf(ref, 'semver') !== undefined && textOf(ref, 'digest') === undefined;
  if (!isRange) return [withTagAndDigest(url, ref, 'tag'), ...deployed];
  // Which tag a range comes to is known only when it has come to one.
  return deployed.length === 0 ? [`${url}:{{semver}}`] : deployed;
}

/** https://docs.okd.io/latest/openshift_images/images-understand.html; the name of a stream in an object of its own namespace. */
function fromOpenShift(fields: Fields, ownNamespace: string | undefined): string | undefined {
  const name = textOf(fields, 'name');
  if (name === undefined) return undefined;
  const namespace = textOf(fields, 'namespace') ?? ownNamespace ?? '{{namespace}}';
  switch (fields.get('kind')) {
    case 'DockerImage':
      return name;
    case 'ImageStreamTag':
      return name.includes(':') ? `${INTERNAL_REGISTRY}/${namespace}/${name}` : undefined;
    case 'ImageStreamImage':
      return name.includes('@') ? `${INTERNAL_REGISTRY}/${namespace}/${name}` : undefined;
    default:
      return undefined;
  }
}

/** An object that says its kind is seen by itself. */
function withoutKind(fields: Fields): Fields {
  return fields.has('kind') ? new Map() : fields;
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
