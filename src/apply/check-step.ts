// Whether a step's precondition holds just before it. Decides nothing about what should go.

import type { Digest, Tag } from '../model/reference.ts';
import type { Step } from '../plan/plan.ts';
import type { ApplyOptions } from './apply-options.ts';
import type { TagWatch } from './tag-watch.ts';

/** What becomes of a step that must not be done. */
export type Objection = { readonly outcome: 'skipped'; readonly why: string } | { readonly outcome: 'already-gone' };

/** What a check goes by. */
export interface StepCheck {
  readonly options: Pick<ApplyOptions, 'registry' | 'snapshot' | 'objectionTo'>;
  readonly watch: TagWatch;
  /** Digests whose steps were not done: no answer of the registry makes them gone for what they own. */
  readonly notDone: ReadonlySet<Digest>;
}

/**
 * Why the step must not be done, or undefined when its precondition holds now. `already-gone`: the registry collects what is untagged, and
 * somebody else has taken all the tags.
 * @throws what the registry or the clusters throw
 */
export async function objectionTo(step: Step, check: StepCheck): Promise<Objection | undefined> {
  const { watch, options, notDone } = check;
  await watch.refresh();
  const use = await options.objectionTo?.(step.digest);
  if (use !== undefined) return skipped(use);
  // Every one, every time: a delete may be accepted and not done, and what we deleted may have been pushed again.
  for (const owner of step.precondition.owners) {
    const there = await describePresence(owner, check);
    if (there !== undefined) return skipped(`${owner}, which it belongs to, ${there}`);
  }
  const left = step.precondition.owners.find((owner) => notDone.has(owner));
  if (left !== undefined) return skipped(`${left}, which it belongs to, was not deleted`);
  const news = objectionToNews(step, watch);
  if (news !== undefined) return skipped(news);
  if (await isUntaggedMeanwhile(step, check)) return { outcome: 'already-gone' };
  const referrer = step.action === 'delete' ? await findNewReferrer(step.digest, check) : undefined;
  if (referrer !== undefined) return skipped(`${referrer} has come since the plan was made and refers to it`);
  // Once more at the end, without a pause before the step: what the steps beside it have found meanwhile counts too.
  const why = (await objectionToTags(step, check)) ?? objectionToNews(step, watch);
  return why === undefined ? undefined : skipped(why);
}

/** What refers to the digest without a tag, which no look at tags shows: a signature, a record of what it was built for. */
async function findNewReferrer(digest: Digest, { options }: StepCheck): Promise<Digest | undefined> {
  const { registry, snapshot } = options;
  const referrers = (await registry.listReferrers?.(digest)) ?? [];
  return referrers.find((referrer) => !snapshot.nodes.has(referrer) && !snapshot.absent.has(referrer));
}

function skipped(why: string): Objection {
  return { outcome: 'skipped', why };
}

/** What is still there of an owner; undefined when it is gone, or has no tag where the registry collects what has none. */
async function describePresence(owner: Digest, { options, watch }: StepCheck): Promise<string | undefined> {
  const { registry } = options;
  if (!registry.capabilities.collectsUntagged)
    return (await registry.readEdges(owner)) === 'absent' ? undefined : 'is still there';
  const told = await registry.listTagsOf(owner);
  const tags = told === 'unsupported' ? watch.tagsOf(owner) : told;
  return tags === 'absent' || tags.length === 0 ? undefined : `still has the tag ${tags[0]}`;
}

/** Asked of a tag only as long as each is gone: as a rule one request, which the step needs anyway. */
async function isUntaggedMeanwhile(step: Step, { options, watch }: StepCheck): Promise<boolean> {
  const { registry } = options;
  if (step.action !== 'delete' || !registry.capabilities.collectsUntagged) return false;
  if (watch.tagsOf(step.digest).length > 0) return false;
  for (const tag of step.precondition.tags) if ((await registry.resolveTag(tag)) !== 'absent') return false;
  return true;
}

function objectionToNews(step: Step, watch: TagWatch): string | undefined {
  const newOwner = watch.newOwnerOf(step.digest);
  if (newOwner !== undefined) return `${newOwner} has come since the plan was made and needs it`;
  if (watch.doubt !== undefined && step.precondition.tags.length === 0)
    return `${watch.doubt} has come since the plan was made, cannot be understood, and might list it`;
  return undefined;
}

async function objectionToTags(step: Step, { options, watch }: StepCheck): Promise<string | undefined> {
  const expected = step.precondition.tags;
  const exact = await options.registry.listTagsOf(step.digest);
  if (exact === 'absent') {
    // Somebody else has deleted it, unless its bytes can still be had: then nobody knows what leads to them.
    const isGone = (await options.registry.readManifest(step.digest)) === 'absent';
    return isGone ? undefined : 'the registry does not list it any more, though it is there: its tags cannot be told';
  }
  const isExact = exact !== 'unsupported';
  const seen = isExact ? exact : watch.tagsOf(step.digest);
  const added = seen.find((tag) => !expected.includes(tag));
  if (added !== undefined) return `tag ${added} has been put on it since the plan was made`;
  for (const tag of expected) {
    if (isExact && seen.includes(tag)) continue;
    const target = await options.registry.resolveTag(tag);
    if (target !== step.digest) return describeMove(tag, target);
    if (isExact) return `the registry contradicts itself about tag ${tag}`;
  }
  return undefined;
}

function describeMove(tag: Tag, target: Digest | 'absent'): string {
  return target === 'absent'
    ? `tag ${tag} has gone since the plan was made`
    : `tag ${tag} has moved to ${target} since the plan was made`;
}
