// Stages of dapp and werf 1 that images were made from: by the chain of configs, by labels that name them, and by the layers that an image
// begins with. Where an image's config could not be read, it may have been made from any.

import type { Digest } from '../../model/reference.ts';
import type { Annotations, ConfigFacts } from '../../model/snapshot.ts';
import { isStageTag, listSources, signaturesOf } from '../../model/stage-labels.ts';
import { appendTo } from '../../util/append-to.ts';
import type { BuiltImage, Need, Needing } from './built-images.ts';
import { layersIn } from './cache-layers.ts';

/** What is looked at. */
export interface StageNeedsInput {
  /** The stages to be judged. */
  readonly stages: readonly BuiltImage[];
  readonly staying: readonly Needing[];
  /** Every image and cache of the run that a chain may lead through: what goes is not there in the next run. */
  readonly known: readonly BuiltImage[];
}

/** Every stage that an image which stays was made from at any depth, each once. */
export function findStageNeeds({ stages, staying, known }: StageNeedsInput): readonly Need[] {
  const judged = new Set(stages.map(({ digest }) => digest));
  const passable = new Set(known.map(({ digest }) => digest));
  const needs: Need[] = [];
  if (stages.length === 0) return needs;
  const sourcesOf = makeSourcesOf(stages, known);
  const seen = new Set<Digest>();
  const queue: { readonly image: BuiltImage; readonly by: Needing }[] = staying.map((by) => ({ image: by, by }));
  // What is added while it is gone through has its turn later.
  for (const { image, by } of queue) {
    for (const source of sourcesOf(image)) {
      if (seen.has(source.image.digest)) continue;
      seen.add(source.image.digest);
      if (passable.has(source.image.digest)) queue.push({ image: source.image, by });
      if (judged.has(source.image.digest)) needs.push({ cache: source.image.digest, by, how: source.how });
    }
  }
  return needs;
}

interface Source {
  readonly image: BuiltImage;
  readonly how: string;
}

function makeSourcesOf(
  stages: readonly BuiltImage[],
  known: readonly BuiltImage[],
): (image: BuiltImage) => readonly Source[] {
  const byName = indexByName(known);
  const beginningOf = makeBeginningOf(stages);
  return (image) => {
    const { content } = image;
    if (content.kind === 'opaque') return sharingWith(stages, image);
    if (content.kind !== 'image') return [];
    if (content.facts.kind === 'unread') {
      const how = 'the config of that could not be read, so nobody knows what it was made from';
      return stages.map((stage) => ({ image: stage, how }));
    }
    const named = namedIn(content.facts).flatMap(({ id, how }) =>
      (byName.get(id) ?? []).map((one) => ({ image: one, how })),
    );
    return [...named, ...beginningOf(image)];
  };
}

/** Everything that a chain may lead through by what images are called: the id, which is the config's digest, and a stage's signature. */
function indexByName(known: readonly BuiltImage[]): ReadonlyMap<string, readonly BuiltImage[]> {
  const byName = new Map<string, BuiltImage[]>();
  for (const image of known) {
    if (image.content.kind === 'image') appendTo(byName, image.content.config.digest, image);
    for (const signature of image.tags.filter(isStageTag).flatMap(signaturesOf)) appendTo(byName, signature, image);
  }
  return byName;
}

function* idsIn({ labels, madeFrom }: { readonly labels: Annotations; readonly madeFrom?: string }) {
  if (madeFrom !== undefined) yield { id: madeFrom, how: 'that was made from it' };
  for (const { label, source } of listSources(labels)) {
    yield { id: source, how: `that took files from it (label ${label})` };
  }
}

function namedIn(facts: Extract<ConfigFacts, { kind: 'read' }>) {
  return [...idsIn(facts)].filter(({ id }) => id !== '');
}

/** Stages whose layers an image begins with. One without a layer is the beginning of every image. */
function makeBeginningOf(stages: readonly BuiltImage[]): (image: BuiltImage) => readonly Source[] {
  interface Place {
    readonly next: Map<Digest, Place>;
    readonly ending: BuiltImage[];
  }
  const start: Place = { next: new Map(), ending: [] };
  for (const stage of stages) {
    let place = start;
    for (const layer of orderedLayers(stage)) {
      const next = place.next.get(layer) ?? { next: new Map(), ending: [] };
      place.next.set(layer, next);
      place = next;
    }
    place.ending.push(stage);
  }
  return (image) => {
    const found = [...start.ending];
    let place: Place | undefined = start;
    for (const layer of orderedLayers(image)) {
      place = place.next.get(layer);
      if (place === undefined) break;
      found.push(...place.ending);
    }
    return found.map((stage) => ({ image: stage, how: 'that begins with its layers' }));
  };
}

function orderedLayers({ content }: BuiltImage): readonly Digest[] {
  return content.kind === 'image' ? content.layers.map(({ digest }) => digest) : [];
}

/** Nobody knows the order of layers in what is not understood. */
function sharingWith(stages: readonly BuiltImage[], { content }: BuiltImage): readonly Source[] {
  const named = layersIn(content);
  if (named === undefined) return [];
  const isNamed = (stage: BuiltImage): boolean =>
    named.has(stage.digest) ||
    (stage.content.kind === 'image' && named.has(stage.content.config.digest)) ||
    [...(layersIn(stage.content) ?? [])].some((layer) => named.has(layer));
  return stages.filter(isNamed).map((image) => ({ image, how: 'that cannot be understood and names what it holds' }));
}
