// Which local images are cached stages of dapp and werf 1, and what those were made from. Proof is their label and how they are called,
// never one of them alone.

import type { LocalImage } from '../../model/local-store.ts';
import type { Annotations } from '../../model/snapshot.ts';
import { signaturesOf } from '../../model/stage-labels.ts';

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

/** Whether a source means this image: its id, or the signature in the name of a stage. */
export function isSource({ id, names }: LocalImage, source: string): boolean {
  if (id === source || id === `sha256:${source}`) return true;
  return names.some((name) => signaturesOf(name.slice(name.lastIndexOf(':') + 1)).includes(source));
}
