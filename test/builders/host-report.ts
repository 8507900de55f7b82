// Reports of `host` for tests of what people read.

import type { HostOutcome, HostPlan, HostStep, ImageDecision } from '../../src/model/host-plan.ts';
import type { DiskSpace, LocalImage, LocalStore } from '../../src/model/local-store.ts';
import { hours, instantFromMs } from '../../src/model/time.ts';
import { buildHostReport, type HostReportInput } from '../../src/report/build-host-report.ts';
import type { HostReport } from '../../src/report/host-report.ts';
import { containerIdOf, createMemoryEngine, imageIdOf, localImage } from './memory-engine.ts';

const AT = instantFromMs(Date.UTC(2026, 10, 21, 20, 24));
const LOW = { kind: 'percent', percent: 80 } as const;
const GB = 1_000_000_000;

/** 88 % in use. */
export const FULL_DISK: DiskSpace = { path: '/var/lib/docker', capacityBytes: 100 * GB, availableBytes: 12.5 * GB };

const IMAGES: readonly LocalImage[] = [
  image('old', 'registry.example.com/team/app:v1', 4.2),
  image('stage', 'dimgstage-app:8f3c', 1.5),
  image('dangling', undefined, 0.3),
  image('two names', 'registry.example.com/team/app:a', 2),
  image('used', 'registry.example.com/team/app:v2', 4),
  image('tool', 'docker.io/library/alpine:3.22', 0.008),
];

function image(seed: string, name: string | undefined, gigabytes: number): LocalImage {
  const names = name === undefined ? [] : name.endsWith(':a') ? [name, name.replace(/a$/, 'b')] : [name];
  const digests = name === undefined ? [] : [`${name.slice(0, name.lastIndexOf(':'))}@${imageIdOf(`${seed} pushed`)}`];
  return localImage(seed, { names, digests, sizeBytes: gigabytes * GB });
}

/** Why each of the images goes or stays. */
function decide({ id, names }: LocalImage, at: number): ImageDecision {
  const reference = names[0] ?? '';
  switch (at) {
    case 0:
      return { decision: 'delete', id, names, reasons: [{ rule: 'absent-from-registry', reference }] };
    case 1:
      return { decision: 'delete', id, names, reasons: [{ rule: 'disk', since: AT }] };
    case 2:
      return { decision: 'delete', id, names, reasons: [{ rule: 'dangling' }] };
    case 3:
      return {
        decision: 'untag',
        id,
        names,
        remove: [reference],
        reasons: [{ rule: 'absent-from-registry', reference }],
        keptFor: [{ rule: 'in-registry', reference: names[1] ?? '' }],
      };
    case 4:
      return { decision: 'keep', id, names, reasons: [{ rule: 'container', container: 'ci-42', state: 'running' }] };
    default:
      return { decision: 'keep', id, names, reasons: [{ rule: 'not-asked' }] };
  }
}

/** The steps of the decisions above, with a container, the build cache and a folder. */
export const STEPS: readonly HostStep[] = [
  {
    action: 'delete-container',
    id: containerIdOf('build'),
    name: 'dapp.build.7',
    reasons: [{ rule: 'max-per-pod-container', unit: 'app', limit: 1 }],
  },
  ...IMAGES.flatMap((one, at) => stepOf(decide(one, at), one)),
  { action: 'prune-build-cache', olderThan: hours(168), entries: 12, freesBytes: 1.1 * GB },
  {
    action: 'delete-folder',
    path: '/home/me/.cache/registry-cleanup/git/shop.git',
    unusedFor: hours(720),
    freesBytes: 4e6,
  },
];

function stepOf(decision: ImageDecision, { sizeBytes }: LocalImage): readonly HostStep[] {
  const { id } = decision;
  if (decision.decision === 'keep') return [];
  if (decision.decision === 'untag')
    return [{ action: 'untag-image', id, names: decision.remove, reasons: decision.reasons }];
  const isForDisk = decision.reasons.some(({ rule }) => rule === 'disk');
  const step = { action: 'delete-image', id, names: decision.names, reasons: decision.reasons } as const;
  return [{ ...step, freesBytes: sizeBytes, ...(isForDisk ? { onlyFor: 'disk' } : {}) }];
}

/** A store with all of that, and its disk. */
export async function makeStore(images: readonly LocalImage[] = IMAGES): Promise<LocalStore> {
  const engine = createMemoryEngine(images);
  engine.disk = FULL_DISK;
  return await engine.gateway.readStore();
}

/** The plan of it, at 88 % where 80 are wanted. */
export function makePlan({ engine }: LocalStore, more: Partial<HostPlan> = {}): HostPlan {
  return {
    createdAt: AT,
    engine,
    images: IMAGES.map(decide),
    containersKept: 3,
    steps: STEPS,
    disk: { before: FULL_DISK, usedPercent: 88, wantedBytes: 7.5 * GB, eligibleBytes: 7.1 * GB },
    findings: [],
    remarks: ['2 images have no label of the project: they stay'],
    ...more,
  };
}

/** What became of the steps: all done, but for two. */
export function outcomesOf(steps: readonly HostStep[] = STEPS): readonly HostOutcome[] {
  return steps.map((step, at) => {
    if (at === 1) return { step, outcome: 'failed', text: 'image has dependent child images' };
    if (at === 2) return { step, outcome: 'skipped', text: 'the container ci-43 (running) uses it now' };
    return { step, outcome: 'deleted' };
  });
}

/** A report; by default a dry run of the plan. */
export async function makeHostReport(more: Partial<HostReportInput> = {}): Promise<HostReport> {
  const store = await makeStore();
  return buildHostReport({
    tool: 'registry-cleanup 0.1.0',
    startedAt: AT,
    finishedAt: AT,
    result: { kind: 'planned' },
    isConfirmed: false,
    engine: store.engine,
    store,
    plan: makePlan(store),
    outcomes: [],
    low: LOW,
    notes: [],
    ...more,
  });
}
