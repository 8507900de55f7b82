// Which local images are cached stages of dapp and werf 1, and what those were made from. Proof is their label and how they are called,
// never one of them alone.

import type { LocalImage } from '../../model/local-store.ts';
import type { Annotations } from '../../model/snapshot.ts';

/** A tool that keeps stages: which label tells a stage from a final image, and how it calls its stages here. */
interface StageMaker {
  readonly label: string;
  readonly stageName: RegExp;
}

/** dapp 0.36 and werf 1.0/1.1; a registry's stages keep their names when they are pulled. */
const MAKERS: readonly StageMaker[] = [
  { label: 'dapp-dimg', stageName: /(?:^|\/)dimgstage-[^/:]+:[^/:]+$|:dimgstage-[^/:]+$/ },
  { label: 'werf-image', stageName: /(?:^|\/)werf-stages-storage\/[^/:]+:[^/:]+$|:image-stage-[^/:]+$/ },
];

/** What dapp and werf 1 write of the version of their cache. */
export const VERSION_LABELS: readonly string[] = ['dapp-cache-version', 'werf-cache-version'];

/** `dapp-artifact-NAME` and `werf-import-NAME`: where files were taken from, as an image's id or a stage's signature. */
const SOURCE = /^(?:dapp-artifact|werf-import)-/;

/** Whether dapp or werf 1 made it as a stage: it says so, and every name that it has is a stage's. */
export function isStage({ labels, names }: Pick<LocalImage, 'labels' | 'names'>): boolean {
  return MAKERS.some(
    ({ label, stageName }) => labels[label] === 'false' && names.every((name) => stageName.test(name)),
  );
}

/** Whether dapp or werf 1 made it as a final image. */
export function isFinal(labels: Annotations): boolean {
  return MAKERS.some(({ label }) => labels[label] === 'true');
}

/** What files were taken from, as the labels have it: ids (`sha256:…`) or signatures. Untrusted text. */
export function listSources(labels: Annotations): readonly string[] {
  return Object.entries(labels).flatMap(([label, value]) => (SOURCE.test(label) && value !== '' ? [value] : []));
}

/** Whether a source means this image: its id, or the signature in the name of a stage, which werf 1.1 follows with a time. */
export function isSource({ id, names }: LocalImage, source: string): boolean {
  if (id === source || id === `sha256:${source}`) return true;
  return names.some((name) => {
    const tag = name.slice(name.lastIndexOf(':') + 1).replace(/^(?:dimgstage|image-stage)-/, '');
    return tag === source || tag.startsWith(`${source}-`);
  });
}
