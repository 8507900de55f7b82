// Cached stages of the project that no final image needs. Finals are what the registry has, and what is here and stays: dapp asked the
// registry alone, and before the first push it deleted everything.

import type { HostDropReason, HostKeepReason } from '../../../model/host-plan.ts';
import type { ImageId, LocalImage } from '../../../model/local-store.ts';
import { listSources } from '../../../model/stage-labels.ts';
import { appendTo } from '../../../util/append-to.ts';
import { type HostContext, isInMode, isOfProject } from '../host-context.ts';
import type { RegistryFinal } from '../host-evidence.ts';
import { isFinal, isSource, isStage } from '../recognise-stages.ts';
import type { StoreView } from '../store-view.ts';

/** What the rule says of stages; the others it says nothing about. */
export interface StageVerdicts {
  readonly drops: ReadonlyMap<ImageId, HostDropReason>;
  readonly keeps: ReadonlyMap<ImageId, HostKeepReason>;
}

/** Judges every stage of the project. `stays`: whether an image stays that is no stage. */
export function judgeStages(stays: (id: ImageId) => boolean, context: HostContext): StageVerdicts {
  const { policy, view } = context;
  const none: StageVerdicts = { drops: new Map(), keeps: new Map() };
  if (!policy.improperRepoCache) return none;
  const stages = view.images.filter(
    (image) => isStage(image) && isOfProject(image, context) && isInMode(image, context),
  );
  const locals = view.images.filter((image) => !isStage(image) && stays(image.id));
  const doubt = findDoubt(locals, context);
  if (doubt !== undefined) return { ...none, keeps: new Map(stages.map(({ id }) => [id, inDoubt(doubt)])) };
  const needed = collectNeeded(locals, context);
  const verdicts = stages.map((stage) => ({ id: stage.id, keep: needed.get(stage.id) ?? keepUnclear(stage) }));
  return {
    drops: new Map(
      verdicts.filter(({ keep }) => keep === undefined).map(({ id }) => [id, { rule: 'improper-repo-cache' }]),
    ),
    keeps: new Map(verdicts.flatMap(({ id, keep }) => (keep === undefined ? [] : [[id, keep]]))),
  };
}

/** Why nobody can tell what is needed, or undefined. */
function findDoubt(locals: readonly LocalImage[], { evidence, view }: HostContext): string | undefined {
  const { finals, repositories } = evidence;
  if (finals === undefined) return 'the images in the registry were not read';
  const notRead = repositories.find(({ state }) => state !== 'read');
  if (notRead !== undefined) return `${notRead.repository} has no image that could need it`;
  if (finals.length === 0) return 'the registry has no image that could need it';
  const unread = finals.find(({ labels }) => labels === undefined);
  if (unread !== undefined) return `what ${unread.reference} was made from cannot be read`;
  const closed = finals.find(
    (final) => isFinal(final.labels ?? {}) && final.madeFrom === undefined && localOf(final, view).length === 0,
  );
  if (closed !== undefined) return `${closed.reference} does not tell what it was made from`;
  const opaque = locals.find(({ labels, layers, parent }) => isFinal(labels) && (layers ?? parent) === undefined);
  return opaque === undefined ? undefined : `the engine does not tell what ${titleOf(opaque)} was made from`;
}

/** Where the engine does not tell its layers, nobody can see it in those of others. */
function keepUnclear({ layers }: LocalImage): HostKeepReason | undefined {
  return layers === undefined ? inDoubt('the engine does not tell its layers') : undefined;
}

/** Everything that finals were made from, at any depth, with what needs it. */
function collectNeeded(
  locals: readonly LocalImage[],
  { evidence, view }: HostContext,
): ReadonlyMap<ImageId, HostKeepReason> {
  const needed = new Map<ImageId, HostKeepReason>();
  const chains = indexByTop(view);
  const open: LocalImage[] = [...locals];
  const add = (ids: readonly ImageId[], reason: HostKeepReason): void => {
    for (const id of ids) {
      const image = view.byId.get(id);
      if (image === undefined || needed.has(id)) continue;
      needed.set(id, reason);
      open.push(image);
    }
  };
  for (const { reference, madeFrom, labels, ...final } of evidence.finals ?? []) {
    const made = madeFrom === undefined ? [] : view.findImages(madeFrom);
    const sources = sourcesIn(labels ?? {}, view);
    add([...localOf(final, view), ...made, ...sources], { rule: 'in-registry', reference });
  }
  for (const image of open) {
    const { id, parent, layers = [], labels } = image;
    const below = layers.flatMap(({ chain }) => chains.get(chain) ?? []).filter((other) => other !== id);
    add([...(parent === undefined ? [] : [parent]), ...below], { rule: 'needed-by', of: id, how: 'ancestor' });
    add(sourcesIn(labels, view), { rule: 'needed-by', of: id, how: 'import source' });
  }
  return needed;
}

function sourcesIn(labels: LocalImage['labels'], view: StoreView): readonly ImageId[] {
  const sources = listSources(labels);
  if (sources.length === 0) return [];
  return view.images.filter((image) => sources.some(({ source }) => isSource(image, source))).map(({ id }) => id);
}

function localOf({ configDigest }: Pick<RegistryFinal, 'configDigest'>, { images }: StoreView): readonly ImageId[] {
  return images.filter(({ id }) => id === configDigest).map(({ id }) => id);
}

/** Images by their topmost layer: whatever has that layer has all that lies below it. */
function indexByTop({ images }: StoreView): ReadonlyMap<string, readonly ImageId[]> {
  const byTop = new Map<string, ImageId[]>();
  for (const { id, layers } of images) {
    const top = layers?.at(-1)?.chain;
    if (top !== undefined) appendTo(byTop, top, id);
  }
  return byTop;
}

function titleOf({ id, names }: LocalImage): string {
  return names[0] ?? id;
}

function inDoubt(why: string): HostKeepReason {
  return { rule: 'in-doubt', why };
}
