// The deeds that follow from decisions, in an order of which every beginning is safe: containers, names, images (what was made from another
// before it; what goes for the disk's sake last), the engine's build cache.

import type { ContainerReason, HostDropReason, HostStep } from '../../model/host-plan.ts';
import type { ContainerId, ImageId } from '../../model/local-store.ts';
import type { HostContext } from './host-context.ts';
import { countLayers } from './layer-count.ts';

/** What is decided. */
export interface Decided {
  readonly containers: ReadonlyMap<ContainerId, readonly ContainerReason[]>;
  /** Names that go from images that stay. */
  readonly untag: ReadonlyMap<ImageId, ReadonlyMap<string, HostDropReason>>;
  /** Images that the rules take. */
  readonly images: ReadonlyMap<ImageId, readonly HostDropReason[]>;
  /** Images that go for the disk's sake, in their order. */
  readonly disk: ReadonlyMap<ImageId, readonly HostDropReason[]>;
  readonly buildCache: Extract<HostStep, { action: 'prune-build-cache' }> | undefined;
}

/** All steps. */
export function listSteps(decided: Decided, context: HostContext): readonly HostStep[] {
  const { view } = context;
  const containers = view.containers.flatMap(({ id, name }): HostStep[] => {
    const reasons = decided.containers.get(id);
    return reasons === undefined ? [] : [{ action: 'delete-container', id, name, reasons }];
  });
  const untags = view.images.flatMap(({ id }): HostStep[] => {
    const names = decided.untag.get(id);
    if (names === undefined) return [];
    return [{ action: 'untag-image', id, names: [...names.keys()], reasons: [...names.values()] }];
  });
  return [
    ...containers,
    ...untags,
    ...listImageSteps(decided, context),
    ...(decided.buildCache === undefined ? [] : [decided.buildCache]),
  ];
}

function listImageSteps({ images, disk }: Decided, { view }: HostContext): readonly HostStep[] {
  const layers = countLayers(view.images);
  const order = [...dependentsFirst(new Set(images.keys()), view), ...disk.keys()];
  return order.flatMap((id): HostStep[] => {
    const image = view.byId.get(id);
    const reasons = images.get(id) ?? disk.get(id);
    if (image === undefined || reasons === undefined) return [];
    const freesBytes = layers.take(image);
    const only = disk.has(id) ? { onlyFor: 'disk' as const } : {};
    return [{ action: 'delete-image', id, names: image.names, reasons, freesBytes, ...only }];
  });
}

/** Each image after everything that was made from it or lists it, else by id. Without recursion: a chain of stages can be long. */
function dependentsFirst(going: ReadonlySet<ImageId>, view: HostContext['view']): readonly ImageId[] {
  const begun = new Set<ImageId>();
  const done = new Set<ImageId>();
  const open = view.images.map(({ id }) => id).reverse();
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const first = view.dependentsOf(top).filter(({ id }) => !begun.has(id));
    begun.add(top);
    open.push(...first.map(({ id }) => id));
    if (first.length > 0) continue;
    open.pop();
    done.add(top);
  }
  return [...done].filter((id) => going.has(id));
}
