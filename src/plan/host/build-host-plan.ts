// The plan of a `host`: the decisions, our own folders after them, and the guards that speak against it.

import type { HostDecisions, HostFinding, HostPlan, HostStep } from '../../model/host-plan.ts';
import type { Engine } from '../../model/local-store.ts';
import type { Instant } from '../../model/time.ts';

/** What a plan is built from. */
export interface HostPlanInput {
  readonly engine: Engine;
  readonly decisions: HostDecisions;
  /** Folders of our own that nobody used for long; they go last. */
  readonly folders: readonly Extract<HostStep, { action: 'delete-folder' }>[];
  /** 0 to 1: more of the images that a registry was asked for never go at once because it has them no more. */
  readonly maxDeleteShare: number;
  readonly now: Instant;
}

/** The whole plan, with every finding that refuses it. */
export function buildHostPlan({ engine, decisions, folders, maxDeleteShare, now }: HostPlanInput): HostPlan {
  const { images, containersKept, steps, disk, findings, remarks } = decisions;
  return {
    createdAt: now,
    engine,
    images,
    containersKept,
    steps: [...steps, ...folders],
    ...(disk === undefined ? {} : { disk }),
    findings: [...findings, ...guardShare(decisions, maxDeleteShare)],
    remarks,
  };
}

/** By repository: a small one with the wrong name would not show beside a large one. */
function guardShare({ absent }: HostDecisions, maxDeleteShare: number): readonly HostFinding[] {
  return absent
    .filter(({ gone, asked }) => asked > 0 && gone / asked > maxDeleteShare)
    .map(({ repository, gone, asked }) => ({
      guard: 'max-delete-share',
      text: `${gone} of ${asked} local images of ${repository} are not in the registry any more (${percent(gone / asked)}); at most ${percent(maxDeleteShare)} may go in one run`,
      hint: 'Is it the right registry? If this is meant, raise --max-delete-share for this run.',
    }));
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}
