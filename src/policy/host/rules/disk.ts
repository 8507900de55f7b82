// The disk's rule: at or above `high` images go that nobody uses, in kubelet's order, until `low` is reached.
// https://github.com/kubernetes/kubernetes/blob/v1.34.0/pkg/kubelet/images/image_gc_manager.go

import { bytesAbove, isAtOrAbove, usedPercentOf } from '../../../model/disk-usage.ts';
import type { DiskGoal, HostDropReason } from '../../../model/host-plan.ts';
import type { ImageId, LocalImage } from '../../../model/local-store.ts';
import { compareText } from '../../../util/compare-text.ts';
import { ageAt, type HostContext } from '../host-context.ts';
import { type KnownUse, useOf } from '../image-use.ts';
import { countLayers } from '../layer-count.ts';
import { asIntermediate, type Settled } from '../settle-images.ts';

/** What goes for the disk's sake, first things first, and what it is for. */
export interface DiskVerdict {
  readonly going: ReadonlyMap<ImageId, readonly HostDropReason[]>;
  readonly goal?: DiskGoal;
}

/** An image that may go, with the intermediate ones that nothing needs after it. */
interface Unit {
  readonly images: readonly (readonly [LocalImage, HostDropReason])[];
  readonly freesBytes: number;
}

/** What the rule needs besides the matter itself. */
export interface DiskInput {
  readonly settled: Settled;
  /** What comes free before it: by other rules, and of the engine's build cache. */
  readonly freedBefore: number;
}

/** Decides what goes for the disk's sake. Nothing where no thresholds are given or the disk cannot be measured. */
export function decideDisk({ settled, freedBefore }: DiskInput, context: HostContext): DiskVerdict {
  const { disk } = context.evidence.store;
  const thresholds = context.policy.disk;
  if (disk === undefined || thresholds === undefined || disk.capacityBytes <= 0) return { going: new Map() };
  const units = walk(settled, context);
  const wantedBytes = isAtOrAbove(disk, thresholds.high) ? bytesAbove(disk, thresholds.low) : 0;
  const chosen = choose(units, wantedBytes - freedBefore);
  const goal: DiskGoal = {
    before: disk,
    usedPercent: usedPercentOf(disk),
    wantedBytes,
    eligibleBytes: freedBefore + sumOf(units),
  };
  return { going: withoutNeedless(chosen, settled, context), goal };
}

/** Everything that may go, in the order in which it goes: what others that stay were made from waits for those. */
function walk(settled: Settled, context: HostContext): readonly Unit[] {
  const { view } = context;
  const gone = new Set<ImageId>(settled.going.keys());
  const layers = countLayers(view.images.filter(({ id }) => !gone.has(id)));
  const isFree = ({ id }: LocalImage): boolean => view.dependentsOf(id).every((dependent) => gone.has(dependent.id));
  const waiting = listCandidates(settled, context);
  const units: Unit[] = [];
  for (;;) {
    const at = waiting.findIndex(({ image }) => isFree(image));
    const [next] = at === -1 ? [] : waiting.splice(at, 1);
    if (next === undefined) return units;
    if (gone.has(next.image.id)) continue;
    const images: [LocalImage, HostDropReason][] = [[next.image, { rule: 'disk', ...next.use }]];
    gone.add(next.image.id);
    for (let below = parentOf(next.image); below !== undefined; below = parentOf(below)) {
      const [reason] = asIntermediate(below, view);
      if (reason === undefined || gone.has(below.id) || isFirm(below.id, settled) || !isFree(below)) break;
      gone.add(below.id);
      images.push([below, reason]);
    }
    units.push({ images, freesBytes: images.reduce((sum, [image]) => sum + layers.take(image), 0) });
  }

  function parentOf({ parent }: LocalImage): LocalImage | undefined {
    return parent === undefined ? undefined : view.byId.get(parent);
  }
}

interface Candidate {
  readonly image: LocalImage;
  readonly use: KnownUse;
}

/** In kubelet's order: never used first, then the least recently used, then what was here first. Those younger than the minimum age are left out. */
function listCandidates(settled: Settled, context: HostContext): Candidate[] {
  const { policy, now, view } = context;
  return view.images
    .filter(({ id }) => !settled.going.has(id) && !isFirm(id, settled))
    .map((image) => ({ image, use: useOf(image, context) }))
    .filter(({ use }) => ageAt(use.since, now) >= policy.minAge)
    .sort(
      (a, b) =>
        (a.use.lastUsed ?? -1) - (b.use.lastUsed ?? -1) ||
        a.use.since - b.use.since ||
        compareText(a.image.id, b.image.id),
    );
}

/** Whether more holds an image than others that were made from it. */
function isFirm(id: ImageId, { held }: Settled): boolean {
  return (held.get(id) ?? []).some(({ rule }) => rule !== 'needed-by');
}

function choose(units: readonly Unit[], wantedBytes: number): readonly Unit[] {
  let freed = 0;
  const chosen: Unit[] = [];
  for (const unit of units) {
    if (freed >= wantedBytes) break;
    chosen.push(unit);
    freed += unit.freesBytes;
  }
  return chosen;
}

/** What was chosen, but for what frees nothing even together with the rest: each of its layers is one of an image that stays. */
function withoutNeedless(chosen: readonly Unit[], settled: Settled, { view }: HostContext): DiskVerdict['going'] {
  const going = new Map(chosen.flatMap(({ images }) => images.map(([{ id }, reason]) => [id, [reason]] as const)));
  const staying = countLayers(view.images.filter(({ id }) => !settled.going.has(id) && !going.has(id)));
  for (const { images } of chosen) for (const [image] of images) if (staying.hasAllOf(image)) going.delete(image.id);
  for (let before = -1; before !== going.size; ) {
    before = going.size;
    for (const id of going.keys())
      if (view.dependentsOf(id).some((other) => !going.has(other.id) && !settled.going.has(other.id))) going.delete(id);
  }
  return going;
}

function sumOf(units: readonly Unit[]): number {
  return units.reduce((sum, { freesBytes }) => sum + freesBytes, 0);
}
