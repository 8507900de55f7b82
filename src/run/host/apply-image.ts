// One step on an image or a container: looked at again first, and never forced. What the engine refuses while something uses it is skipped.

import { CleanupError } from '../../errors.ts';
import type { EngineGateway, EngineOutcome, ImageState } from '../../host/port.ts';
import type { HostOutcome, HostStep, ImageDecision } from '../../model/host-plan.ts';
import type { ContainerState, ImageId } from '../../model/local-store.ts';

/** What became of a step. */
export type Result = Omit<HostOutcome, 'step'>;

type Gateway = Pick<EngineGateway, 'readImage' | 'readContainer' | 'deleteName' | 'deleteImage' | 'deleteContainer'>;
type StepOf<Action extends HostStep['action']> = Extract<HostStep, { readonly action: Action }>;

/** The only states in which a container does nothing. */
const ENDED: ReadonlySet<ContainerState> = new Set(['created', 'exited', 'dead']);

/** Deletes a container that still does nothing. */
export async function deleteContainer({ id }: StepOf<'delete-container'>, gateway: Gateway): Promise<Result> {
  const state = await gateway.readContainer(id);
  if (state === undefined) return { outcome: 'already-gone' };
  if (!ENDED.has(state)) return { outcome: 'skipped', text: `it is ${state} now` };
  const outcome = await gateway.deleteContainer(id);
  if (outcome.kind !== 'refused') return resultOf(outcome);
  const after = await gateway.readContainer(id);
  if (after !== undefined && !ENDED.has(after)) return { outcome: 'skipped', text: `it is ${after} now` };
  return { outcome: 'failed', text: outcome.why };
}

/**
 * Takes names off an image that keeps at least one other. Before each it is looked at again: all the names that the plan saw must be there,
 * and no other, but for those that this step has taken off itself.
 */
export async function untagImage(
  { id, names }: StepOf<'untag-image'>,
  { gateway, images }: { readonly gateway: Gateway; readonly images: readonly ImageDecision[] },
): Promise<Result> {
  const planned = images.find((image) => image.id === id)?.names ?? [];
  if (!planned.some((name) => !names.includes(name)))
    return { outcome: 'failed', text: 'no name of it would be left, and then the image goes' };
  const off: string[] = [];
  return await unlessLost(off, () => takeOff({ id, names, planned, mayBeUsed: true, off }, gateway));
}

/**
 * Deletes an image that no container uses: all its names but the last one by one, then the image itself by its id. So nothing but this image
 * ever goes, whatever its last name has come to stand for meanwhile.
 */
export async function deleteImage(step: StepOf<'delete-image'>, gateway: Gateway): Promise<Result> {
  const off: string[] = [];
  return await unlessLost(off, () => deleteWhole(step, off, gateway));
}

async function deleteWhole({ id, names }: StepOf<'delete-image'>, off: string[], gateway: Gateway): Promise<Result> {
  const rest = names.slice(1);
  const taken = await takeOff({ id, names: rest, planned: names, mayBeUsed: false, off }, gateway);
  if (taken.outcome !== 'deleted') return taken;
  const left: Expected = { id, names: names.slice(0, 1), mayBeUsed: false };
  const found = await look(left, gateway);
  if (found !== undefined) return after(rest, found);
  const outcome = await gateway.deleteImage(id);
  if (outcome.kind !== 'refused') return after(rest, resultOf(outcome));
  return after(rest, (await look(left, gateway)) ?? { outcome: 'failed', text: outcome.why });
}

interface TakeOff {
  readonly id: ImageId;
  readonly names: readonly string[];
  /** All that it had when the plan was made. */
  readonly planned: readonly string[];
  readonly mayBeUsed: boolean;
  /** Grows by each name that was taken off. */
  readonly off: string[];
}

/** An engine that is lost half way does not make what was done untold. */
async function unlessLost(off: readonly string[], act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    if (off.length === 0 || !(error instanceof CleanupError)) throw error;
    return after(off, { outcome: 'failed', text: error.message.replace(/\.$/, '') });
  }
}

async function takeOff({ id, names, planned, mayBeUsed, off }: TakeOff, gateway: Gateway): Promise<Result> {
  for (const name of names) {
    const expected: Expected = { id, names: planned.filter((one) => !off.includes(one)), mayBeUsed };
    const found = await look(expected, gateway);
    if (found !== undefined) return after(off, found);
    const outcome = await gateway.deleteName(name);
    if (outcome.kind === 'refused')
      return after(off, (await look(expected, gateway)) ?? { outcome: 'failed', text: outcome.why });
    if (outcome.kind === 'failed') return after(off, resultOf(outcome));
    off.push(name);
  }
  return { outcome: 'deleted' };
}

interface Expected {
  readonly id: ImageId;
  readonly names: readonly string[];
  readonly mayBeUsed: boolean;
}

/** Why nothing is done to the image now; undefined when it is as it was. */
async function look({ id, names, mayBeUsed }: Expected, gateway: Gateway): Promise<Result | undefined> {
  const state = await gateway.readImage(id);
  if (state === undefined) return { outcome: 'already-gone' };
  if (!isSame(state.names, names)) return { outcome: 'skipped', text: describeNames(state, names) };
  const [user] = state.users;
  if (mayBeUsed || user === undefined) return undefined;
  return { outcome: 'skipped', text: `the container ${user.name} (${user.state}) uses it now` };
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}

function describeNames(state: ImageState, names: readonly string[]): string {
  const added = state.names.filter((name) => !names.includes(name));
  const lost = names.filter((name) => !state.names.includes(name));
  return [
    ...(added.length === 0 ? [] : [`it has a name now that it had not: ${added.join(', ')}`]),
    ...(lost.length === 0 ? [] : [`a name of it is gone: ${lost.join(', ')}`]),
  ].join('; ');
}

/** What was done before a step stopped is told. */
function after(off: readonly string[], result: Result): Result {
  if (off.length === 0 || result.outcome === 'deleted') return result;
  const taken = `its names ${off.join(', ')} had been taken off`;
  return { ...result, text: result.text === undefined ? taken : `${result.text}; ${taken}` };
}

function resultOf(outcome: EngineOutcome): Result {
  if (outcome.kind === 'deleted' || outcome.kind === 'already-gone') return { outcome: outcome.kind };
  return { outcome: 'failed', text: outcome.why };
}
