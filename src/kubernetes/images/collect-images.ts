// Which images one object of a known kind names. Checks the shape of exactly the parts that can hold an image, so that a
// part that changed its form is an error and never an object without images. Pure.

import * as z from 'zod';
import type { Workload } from '../../model/usage.ts';
import type { PodSpecKind } from '../kinds/resource-kind.ts';
import { type FoundImage, weakImage } from './found-image.ts';
import { describeIssues, type KindSource, valueAt, workloadOf, wrongShape } from './object-source.ts';
import { annotatedImages, relatedImage } from './related-images.ts';
import { fieldsOf } from './weak-forms.ts';

/** The place of objects that have a pod spec. */
export type ObjectSource = KindSource<Pick<PodSpecKind, 'kind' | 'reading'>>;

const containers = z.array(
  z.object({
    name: z.string().nullish(),
    image: z.string().nullish(),
    // Any program may have anything there; only what names images by its form is looked at.
    env: z.unknown().optional(),
  }),
);

const wholePodSpec = z.object({
  containers,
  initContainers: containers.nullish(),
  ephemeralContainers: containers.nullish(),
  volumes: z
    .array(
      z.object({
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

type PodSpec = z.infer<typeof partialPodSpec>;
type PodStatus = z.infer<typeof podStatus>;

/**
 * All image texts of an object: containers, init and ephemeral containers and image volumes of its pod spec or template, what these have
 * operators and injectors start ({@link relatedImage}, {@link annotatedImages}; weak),
 * and of a pod also what its status says is running. Blank texts and repetitions included, nothing is interpreted.
 * Finished pods and Jobs count like any other: whether one of them runs again is not ours to guess.
 * @throws EvidenceError EVIDENCE_KUBERNETES (cluster) or EVIDENCE_FILE (file) when a part has a form that is not Kubernetes'.
 */
export function collectImages(object: unknown, source: ObjectSource): readonly FoundImage[] {
  const workload = workloadOf(object, source);
  const spec = podSpecOf(object, source, workload);
  const found = [
    ...(spec === undefined ? [] : imagesOfSpec(spec, workload)),
    ...imagesOfAnnotations(object, source, workload),
  ];
  if (source.kind.kind !== 'Pod') return found;
  const status = valueAt(object, ['status'], () => wrongShape(source, workload, 'it is not an object'));
  if (status === undefined || status === null) return found;
  const parsed = podStatus.safeParse(status);
  if (!parsed.success) throw wrongShape(source, workload, describeIssues(['status'], parsed.error));
  return [...found, ...imagesOfStatus(parsed.data, workload)];
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
    for (const { name, image, env } of list ?? []) {
      const user = inContainer(workload, name);
      addText(found, image, user);
      for (const entry of Array.isArray(env) ? env : [])
        found.push(...weakImage(relatedImage(fieldsOf(entry)) ?? '', user));
    }
  for (const volume of spec.volumes ?? []) addText(found, volume.image?.reference, workload);
  return found;
}

/** Of the pods: those of a template, or the object's own. */
function imagesOfAnnotations(object: unknown, source: ObjectSource, workload: Workload): readonly FoundImage[] {
  const path = [...source.kind.reading.podSpec.slice(0, -1), 'metadata', 'annotations'];
  const annotations = valueAt(object, path, (at) => wrongShape(source, workload, `${at.join('.')} is not an object`));
  return annotatedImages(fieldsOf(annotations)).flatMap((text) => weakImage(text, workload));
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
