// What goes from the local store of a build machine: evidence, policy and now in, a decision for every image and the steps out. Knows no
// engine, no clock and no network.

import type { HostDecisions, HostStep } from '../../model/host-plan.ts';
import type { HostPolicy } from '../../model/host-policy.ts';
import type { ImageId } from '../../model/local-store.ts';
import type { Instant } from '../../model/time.ts';
import { describeDecisions, selectUntags } from './describe-decisions.ts';
import type { HostContext } from './host-context.ts';
import type { HostEvidence } from './host-evidence.ts';
import { judgeImages } from './judge-images.ts';
import { countLayers } from './layer-count.ts';
import { listRemarks } from './list-remarks.ts';
import { listSteps } from './list-steps.ts';
import { countAbsent, findEmptyRepositories } from './rules/absent-from-registry.ts';
import { selectBuildCache } from './rules/build-cache.ts';
import { dropByLimits } from './rules/containers.ts';
import { decideDisk } from './rules/disk.ts';
import { judgeStages } from './rules/improper-repo-cache.ts';
import { type Settled, settleImages } from './settle-images.ts';
import { viewStore } from './store-view.ts';

/** Decides about everything in the store. Whatever is unknown stays. */
export function decideHost(evidence: HostEvidence, policy: HostPolicy, now: Instant): HostDecisions {
  const context: HostContext = { evidence, policy, now, view: viewStore(evidence.store) };
  const limits = dropByLimits(context);
  // Stages follow the images that stay, so these are settled first.
  const first = settleImages({ judgements: judgeImages(context, new Map()), limits }, context);
  const stages = judgeStages((id) => !first.going.has(id), context);
  const judgements = judgeImages(context, stages.drops);
  const settled = settleImages({ judgements, limits }, context);
  const buildCache = selectBuildCache(context);
  const freedBefore = freedBy(settled, context) + (buildCache?.freesBytes ?? 0);
  const disk = decideDisk({ settled, freedBefore }, context);
  const going = new Map([...settled.going, ...disk.going]);
  const untag = selectUntags(judgements, { going, held: settled.held });
  const steps = listSteps(
    { containers: settled.containers, untag, images: settled.going, disk: disk.going, buildCache },
    context,
  );
  return {
    images: describeDecisions({ judgements, going, untag, held: settled.held, stages: stages.keeps }, context),
    containersKept: context.view.containers.length - settled.containers.size,
    steps,
    ...(disk.goal === undefined ? {} : { disk: disk.goal }),
    absent: countAbsentGoing(steps, context),
    findings: findEmptyRepositories(context),
    remarks: listRemarks(context),
  };
}

function freedBy({ going }: Settled, { view }: HostContext): number {
  const layers = countLayers(view.images);
  return view.images
    .filter(({ id }: { readonly id: ImageId }) => going.has(id))
    .reduce((sum, image) => sum + layers.take(image), 0);
}

/** What is absent counts whether or not something else holds it, but only when something goes because of it. */
function countAbsentGoing(steps: readonly HostStep[], context: HostContext): HostDecisions['absent'] {
  const isTaken = steps.some(
    (step) =>
      (step.action === 'untag-image' || step.action === 'delete-image') &&
      step.reasons.some(({ rule }) => rule === 'absent-from-registry') &&
      !step.reasons.some(({ rule }) => rule === 'flush' || rule === 'mrproper'),
  );
  const counted = countAbsent(context);
  return isTaken ? counted : counted.map((repository) => ({ ...repository, gone: 0 }));
}
