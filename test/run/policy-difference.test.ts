// What a change of the policy does, told from one reading of the registry: the difference in the report of a real plan.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runPlan } from '../../src/cleanup.ts';
import type { ComparedPolicy, Settings } from '../../src/config/settings.ts';
import { silentLog } from '../../src/log.ts';
import type { Policy } from '../../src/model/policy.ts';
import { parseRepository } from '../../src/model/reference.ts';
import type { DifferingImages } from '../../src/plan/plan-difference.ts';
import { renderComment } from '../../src/report/render-comment.ts';
import type { Report } from '../../src/report/report.ts';
import { type BuiltManifest, buildImage, buildIndex, pushImage } from '../builders/image.ts';
import { kubernetesSettings } from '../builders/kubernetes-settings.ts';
import { NOW, policyOf } from '../builders/snapshot.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry-server.ts';

const BASE = 'main at 1a2b3c4d5e';
const OLD = '2026-01-01T00:00:00Z';

let registry: FakeRegistry;
let folder: string;

beforeAll(async () => {
  registry = await startFakeRegistry();
  folder = await mkdtemp(join(tmpdir(), 'registry-cleanup-difference-'));
  const oldImage = (seed: string) => buildImage({ seed, created: OLD });
  const push = (manifest: BuiltManifest, tag: string) =>
    pushImage(registry.origin, 'shop/app', { manifest, tags: [tag] });
  for (const seed of ['in-use', 'old-1', 'old-2', 'lts-1', 'lts-2']) await push(oldImage(seed), seed);
  const parts = ['amd64', 'arm64'].map((architecture) => ({
    manifest: oldImage(architecture),
    platform: { os: 'linux', architecture },
  }));
  await push(buildIndex(parts), 'lts-multi');
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: { containers: [{ name: 'app', image: `${registry.host}/shop/app:in-use` }] },
  };
  await writeFile(join(folder, 'pod.json'), JSON.stringify(pod));
});

afterAll(async () => {
  await registry.stop();
  await rm(folder, { recursive: true, force: true });
});

const pinning = (...tags: readonly string[]): Policy => policyOf({ pins: { tags, expressions: [], list: [] } });

async function plan(policy: Policy, compareWith?: ComparedPolicy): Promise<Report> {
  const repository = parseRepository(`${registry.host}/shop/app`);
  const settings: Settings = {
    command: 'plan',
    repositories: [{ kind: 'registry', repository, provider: 'oci' }],
    policy,
    registry: { plainHttp: true },
    git: 'off',
    kubernetes: kubernetesSettings({ manifests: [join(folder, 'pod.json')] }),
    forge: 'off',
    missing: [],
    journal: join(folder, 'journal.jsonl'),
    format: 'text',
    logLevel: 'info',
    ...(compareWith === undefined ? {} : { compareWith }),
  };
  const report = await runPlan(settings, { log: silentLog, environment: {}, now: () => NOW });
  expect(report.result).toEqual({ kind: 'planned' });
  return report;
}

const against = (policy: Policy): ComparedPolicy => ({ kind: 'policy', base: BASE, policy });

function tagsOf({ decisions }: DifferingImages): readonly string[] {
  return decisions.flatMap(({ tags }) => tags);
}

function partOf({ difference }: Report) {
  if (difference?.kind !== 'told') throw new Error('no difference is told');
  expect(difference.repositories).toHaveLength(1);
  return difference.repositories[0]!;
}

describe('the difference that a change of the policy makes', () => {
  it('names what it would delete and what it would keep, and counts parts of images too', async () => {
    const { moreDeleted, moreKept } = partOf(await plan(pinning('old-*'), against(pinning('lts-*'))));
    expect(tagsOf(moreDeleted).toSorted()).toEqual(['lts-1', 'lts-2', 'lts-multi']);
    expect(moreDeleted.count).toBe(moreDeleted.decisions.length);
    expect(moreDeleted.count).toBeGreaterThan(3);
    expect(tagsOf(moreKept).toSorted()).toEqual(['old-1', 'old-2']);
    expect(moreDeleted.decisions.every(({ decision }) => decision === 'delete')).toBe(true);
    expect(moreKept.decisions.every(({ decision }) => decision === 'keep')).toBe(true);
  });

  it('frees what the two plans free, each for itself', async () => {
    const report = await plan(pinning(), against(pinning('lts-*')));
    const before = await plan(pinning('lts-*'));
    const { moreDeleted } = partOf(report);
    expect(moreDeleted.bytes).toBe(report.totals.reclaimableBytes - before.totals.reclaimableBytes);
    expect(moreDeleted.bytes).toBeGreaterThan(0);
  });

  it('never holds what a cluster uses', async () => {
    const { moreDeleted } = partOf(await plan(pinning(), against(pinning('*'))));
    expect(tagsOf(moreDeleted)).not.toContain('in-use');
  });

  it('is empty for the same policy, and the comment says so', async () => {
    const report = await plan(pinning('lts-*'), against(pinning('lts-*')));
    expect(partOf(report)).toMatchObject({ moreDeleted: { count: 0, bytes: 0 }, moreKept: { count: 0, bytes: 0 } });
    expect(renderComment(report, { key: 'k' })).toContain('## This change of the policy decides the same as before');
  });

  it('is what the comment begins with', async () => {
    const report = await plan(pinning('old-*'), against(pinning('lts-*')));
    const { moreDeleted } = partOf(report);
    const [, , heading] = renderComment(report, { key: 'k' }).split('\n');
    expect(heading).toMatch(
      new RegExp(`^## ⚠️ This change would delete ${moreDeleted.count} more images \\(.*\\) and keep 2 more$`),
    );
  });

  it('cannot be told where the other policy cannot be read, and says why', async () => {
    const report = await plan(pinning('lts-*'), { kind: 'broken', base: BASE, why: 'x.yml:1:1: no policy' });
    expect(report.difference).toEqual({ kind: 'untold', base: BASE, why: 'x.yml:1:1: no policy' });
  });

  it('changes nothing in the plan, and asks the registry nothing more', async () => {
    const start = registry.log.length;
    const alone = await plan(pinning('old-*'));
    const middle = registry.log.length;
    const compared = await plan(pinning('old-*'), against(pinning('lts-*')));
    expect(compared.plan).toEqual(alone.plan);
    expect(alone.difference).toBeUndefined();
    expect(registry.log.slice(middle).toSorted()).toEqual(registry.log.slice(start, middle).toSorted());
    expect(middle).toBeGreaterThan(start);
  });
});
