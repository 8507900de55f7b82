// Which images one object of a known kind names. Checks the shape of exactly the parts that can hold an image, so that a
// part that changed its form is an error and never an object without images. Pure.

import * as z from 'zod';
import { EvidenceError } from '../../errors.ts';
import type { Workload } from '../../model/usage.ts';
import type { PodSpecKind } from '../kinds/resource-kind.ts';

/** A text in an image field, and who wrote it there. */
export interface FoundImage {
  readonly text: string;
  readonly workload: Workload;
}

/** What is being read. Objects in files may be parts of objects (patches): what they leave out names nothing. */
export interface ObjectSource {
  readonly kind: PodSpecKind;
  /** Kubeconfig context, or the path of the file. */
  readonly context: string;
  readonly from: 'cluster' | 'file';
}

const containers = z.array(z.object({ name: z.string().nullish(), image: z.string().nullish() }));

const wholePodSpec = z.object({
  containers,
  initContainers: containers.nullish(),
  ephemeralContainers: containers.nullish(),
  volumes: z
    .array(
      z.object({
        name: z.string().nullish(),
        // https://kubernetes.io/docs/concepts/storage/volumes/#image
        image: z.object({ reference: z.string().nullish() }).nullish(),
      }),
    )
    .nullish(),
});
const partialPodSpec = wholePodSpec.extend({ containers: containers.nullish() });

const statuses = z
  .array(
    z.object({
      name: z.string().nullish(),
      image: z.string().nullish(),
      imageID: z.string().nullish(),
      volumeMounts: z
        .array(
          z.object({
            volumeStatus: z.object({ image: z.object({ imageRef: z.string().nullish() }).nullish() }).nullish(),
          }),
        )
        .nullish(),
    }),
  )
  .nullish();

const podStatus = z.object({
  containerStatuses: statuses,
  initContainerStatuses: statuses,
  ephemeralContainerStatuses: statuses,
});

const metadata = z.object({ name: z.string(), namespace: z.string().nullish() });
const partialMetadata = z.object({ name: z.string().nullish(), namespace: z.string().nullish() });

type PodSpec = z.infer<typeof partialPodSpec>;
type PodStatus = z.infer<typeof podStatus>;

/**
 * All image texts of an object: containers, init and ephemeral containers and image volumes of its pod spec or template,
 * and of a pod also what its status says is running. Blank texts and repetitions included, nothing is interpreted.
 * Finished pods and Jobs count like any other: whether one of them runs again is not ours to guess.
 * @throws EvidenceError EVIDENCE_KUBERNETES (cluster) or EVIDENCE_FILE (file) when a part has a form that is not Kubernetes'.
 */
export function collectImages(object: unknown, source: ObjectSource): readonly FoundImage[] {
  const workload = workloadOf(object, source);
  const spec = podSpecOf(object, source, workload);
  const found = spec === undefined ? [] : imagesOfSpec(spec, workload);
  if (source.kind.kind !== 'Pod') return found;
  const status = valueAt(object, ['status'], () => wrongShape(source, workload, 'it is not an object'));
  if (status === undefined || status === null) return found;
  const parsed = podStatus.safeParse(status);
  if (!parsed.success) throw wrongShape(source, workload, describeIssues(['status'], parsed.error));
  return [...found, ...imagesOfStatus(parsed.data, workload)];
}

function workloadOf(object: unknown, source: ObjectSource): Workload {
  const unnamed: Workload = { context: source.context, kind: source.kind.kind, name: '(unnamed)' };
  const value = valueAt(object, ['metadata'], () => wrongShape(source, unnamed, 'it is not an object'));
  const parsed = (source.from === 'cluster' ? metadata : partialMetadata).safeParse(
    source.from === 'file' ? (value ?? {}) : value,
  );
  if (!parsed.success) throw wrongShape(source, unnamed, describeIssues(['metadata'], parsed.error));
  const { name, namespace } = parsed.data;
  return { ...unnamed, ...(name ? { name } : {}), ...(namespace ? { namespace } : {}) };
}

function podSpecOf(object: unknown, source: ObjectSource, workload: Workload): PodSpec | undefined {
  const path = source.kind.reading.podSpec;
  const value = valueAt(object, path, (at) => wrongShape(source, workload, `${at.join('.')} is not an object`));
  if (source.from === 'file' && (value === undefined || value === null)) return undefined;
  const parsed = (source.from === 'cluster' ? wholePodSpec : partialPodSpec).safeParse(value);
  if (parsed.success) return parsed.data;
  throw wrongShape(source, workload, describeIssues(path, parsed.error));
}

function imagesOfSpec(spec: PodSpec, workload: Workload): FoundImage[] {
  const found: FoundImage[] = [];
  for (const list of [spec.containers, spec.initContainers, spec.ephemeralContainers])
    for (const container of list ?? []) addText(found, container.image, inContainer(workload, container.name));
  for (const volume of spec.volumes ?? []) addText(found, volume.image?.reference, workload);
  return found;
}

function imagesOfStatus(status: PodStatus, workload: Workload): FoundImage[] {
  const found: FoundImage[] = [];
  for (const list of [status.containerStatuses, status.initContainerStatuses, status.ephemeralContainerStatuses])
    for (const entry of list ?? []) {
      const user = inContainer(workload, entry.name);
      addText(found, entry.image, user);
      addText(found, entry.imageID, user);
      for (const mount of entry.volumeMounts ?? []) addText(found, mount.volumeStatus?.image?.imageRef, user);
    }
  return found;
}

function addText(found: FoundImage[], text: string | null | undefined, workload: Workload): void {
  if (text !== null && text !== undefined) found.push({ text, workload });
}

function inContainer(workload: Workload, name: string | null | undefined): Workload {
  return name === null || name === undefined ? workload : { ...workload, container: name };
}

/** The value at a path; undefined when a key on the way is absent or null. Throws `wrong(path)` at a non-object on the way. */
function valueAt(object: unknown, path: readonly string[], wrong: (at: readonly string[]) => EvidenceError): unknown {
  let value = object;
  for (const [depth, key] of path.entries()) {
    if (depth > 0 && (value === undefined || value === null)) return undefined;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(path.slice(0, depth));
    value = Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
  }
  return value;
}

function describeIssues(path: readonly string[], error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return `${path.join('.')} has an unknown form`;
  return `${[...path, ...issue.path].map(String).join('.')}: ${issue.message}`;
}

function wrongShape(source: ObjectSource, workload: Workload, why: string): EvidenceError {
  const name = workload.namespace === undefined ? workload.name : `${workload.namespace}/${workload.name}`;
  const place = source.from === 'cluster' ? `context ${JSON.stringify(source.context)}` : source.context;
  return new EvidenceError(`${workload.kind} ${name} in ${place} has an unexpected form: ${why}.`, {
    code: source.from === 'cluster' ? 'EVIDENCE_KUBERNETES' : 'EVIDENCE_FILE',
    hint: 'Its images cannot be known, so nothing is deleted. Correct the object, or report it if Kubernetes accepts it.',
    details: { context: source.context, kind: workload.kind, name: workload.name },
  });
}
