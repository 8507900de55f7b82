// Plan and apply of a project of werf's with all its repositories, in a real registry.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runApply, runPlan } from '../../src/cleanup.ts';
import type { RepositoryRole, Settings } from '../../src/config/settings.ts';
import { silentLog } from '../../src/log.ts';
import { formatRepository, parseRepository } from '../../src/model/reference.ts';
import { hours } from '../../src/model/time.ts';
import { exitCodeOf } from '../../src/report/exit-code-of.ts';
import { buildImage } from '../builders/image.ts';
import { kubernetesSettings } from '../builders/kubernetes-settings.ts';
import { NOW } from '../builders/snapshot.ts';
import {
  buildStage,
  imageRecord,
  managedRecord,
  pushTagged,
  serviceRecords,
  type WerfMaker,
} from '../builders/werf-repository.ts';
import { deployment } from '../real/real-world.ts';
import { requireProgram } from '../support/real-parts.ts';
import { type RegistryServer, startRegistry } from '../support/registry-server.ts';
import { BARE, daysAgo } from './werf-scene.ts';

const hasRegistry = requireProgram('docker-registry');
const MAKER: WerfMaker = { project: 'shop', version: '3' };
const COMMIT = 'c'.repeat(40);
const used = buildStage(MAKER, { seed: 'used', at: daysAgo(30) });
const idle = buildStage(MAKER, { seed: 'idle', at: daysAgo(30) });
const foreign = { tag: 'latest', manifest: buildImage({ seed: 'latest', created: '2025-01-01T00:00:00Z' }) };
const record = (stage: typeof used) => imageRecord(MAKER, { name: 'backend', commit: COMMIT, stage, at: daysAgo(30) });

let server: RegistryServer;
let folder: string;
let count = 0;
beforeAll(async () => {
  if (hasRegistry) server = await startRegistry();
});
afterAll(async () => {
  if (hasRegistry) await server.stop();
});
beforeEach(async () => {
  count += 1;
  folder = await mkdtemp(join(tmpdir(), 'werf-apply-'));
  await mkdir(join(folder, 'clusters'));
  return () => rm(folder, { recursive: true });
});

const nameOf = (kind: RepositoryRole['kind'] | 'app'): string => `shop-${count}/${kind}`;
const target = (kind: RepositoryRole['kind'] | 'app') =>
  ({ kind: 'registry', provider: 'oci', repository: parseRepository(`${server.host}/${nameOf(kind)}`) }) as const;

/** Two stages with their copies and records; clusters run the first one from the final repository. */
async function fill(): Promise<void> {
  const meta = `${server.host}/${nameOf('meta')}`;
  const [, ...marks] = serviceRecords(MAKER, daysAgo(20), meta);
  await pushTagged(server.origin, nameOf('app'), [used, idle, foreign, ...marks]);
  await pushTagged(server.origin, nameOf('final'), [used, idle]);
  await pushTagged(server.origin, nameOf('cache'), [used, idle]);
  await pushTagged(server.origin, nameOf('meta'), [
    managedRecord(MAKER, 'backend', daysAgo(60)),
    record(used),
    record(idle),
  ]);
  await use(`${server.host}/${nameOf('final')}:${used.tag}`);
}

async function use(image: string, file = 'web.yaml'): Promise<void> {
  await writeFile(join(folder, 'clusters', file), deployment(file.replace('.yaml', ''), image));
}

function settings(command: 'plan' | 'apply', more: Partial<Settings> = {}): Settings {
  const of = formatRepository(target('app').repository);
  const others = (['final', 'cache', 'meta'] as const).map((kind) => ({ ...target(kind), role: { kind, of } }));
  return {
    command,
    repositories: [target('app'), ...others],
    policy: { ...BARE, recent: { within: hours(0) } },
    registry: { plainHttp: false },
    git: 'off',
    forge: 'off',
    kubernetes: kubernetesSettings({ manifests: [join(folder, 'clusters')] }),
    missing: [],
    journal: join(folder, 'journal.jsonl'),
    format: 'text',
    logLevel: 'info',
    ...more,
  };
}

const context = { log: silentLog, environment: {}, now: () => NOW };

/** What the registry was asked to change meanwhile: method, repository, and the tag where there is one. */
async function writesOf(work: () => Promise<unknown>): Promise<readonly string[]> {
  const before = (await server.accessLog()).length;
  await work();
  const asked = (await server.accessLog()).slice(before);
  return asked
    .filter((line) => /^(?:PUT|POST|PATCH|DELETE) /.test(line))
    .map((line) => line.replace(/^(\w+) \/v2\/shop-\d+\/(\w+)\/(?:manifests|blobs)\/(\S*) .*$/, '$1 $2 $3'));
}

async function tagsOf(kind: RepositoryRole['kind'] | 'app'): Promise<readonly string[]> {
  const { tags } = (await (await fetch(`${server.origin}/v2/${nameOf(kind)}/tags/list`)).json()) as {
    tags: readonly string[] | null;
  };
  return [...(tags ?? [])].sort();
}

describe.runIf(hasRegistry)('a project of werf with all its repositories', () => {
  it('is read without a single write by a plan, also by that of a purge', async () => {
    await fill();
    const purge = { policy: { ...BARE, purge: true } };
    for (const more of [{}, purge]) {
      const writes = await writesOf(async () => {
        const report = await runPlan(settings('plan', more), context);
        expect(report.result).toEqual({ kind: 'planned' });
      });
      expect(writes).toEqual([]);
    }
  });

  it('loses stages first, then copies, then records, and the last write says when', async () => {
    await fill();
    const writes = await writesOf(async () => {
      const report = await runApply(settings('apply'), context);
      expect([report.result.kind, exitCodeOf(report)]).toEqual(['applied', 0]);
    });
    const deletes = writes.filter((line) => line.startsWith('DELETE')).map((line) => line.split(' ')[1]);
    expect(deletes).toEqual(['app', 'final', 'cache', 'meta']);
    expect(writes.at(-1)).toBe('PUT meta cleanup');
    expect(await tagsOf('app')).toEqual([used.tag, 'latest', 'werf-meta-repo-marker-shop'].sort());
    expect(await tagsOf('final')).toEqual([used.tag]);
    expect(await tagsOf('cache')).toEqual([used.tag]);
    expect(await tagsOf('meta')).toEqual(['cleanup', 'managed-image-backend', record(used).tag].sort());
    const again = await runPlan(settings('plan'), context);
    expect(again.plan?.repositories.map(({ steps }) => steps.length)).toEqual([0, 0, 0, 0]);
  });

  it('keeps copies and records of a stage whose deletion is not in the reviewed plan', async () => {
    await fill();
    const planFile = join(folder, 'plan.json');
    await use(`${server.host}/${nameOf('app')}:${idle.tag}`, 'other.yaml');
    await runPlan(settings('plan', { planFile }), context);
    await rm(join(folder, 'clusters', 'other.yaml'));
    const report = await runApply(settings('apply', { planFile }), context);
    expect(report.result.kind).toBe('applied');
    expect(await tagsOf('final')).toContain(idle.tag);
    expect(await tagsOf('meta')).toContain(record(idle).tag);
  });

  it('stops before any other repository is read when the mark names another one for the records', async () => {
    await fill();
    const all = settings('apply');
    const report = await runApply({ ...all, repositories: all.repositories.slice(0, 3) }, context);
    expect(report.result).toMatchObject({ kind: 'stopped', error: { code: 'EVIDENCE_RECORDS', exitCode: 5 } });
    expect(await tagsOf('app')).toContain(idle.tag);
  });

  it('is purged save what runs with its record, service records and what others made; nobody is told of a cleanup', async () => {
    await fill();
    const report = await runApply(settings('apply', { policy: { ...BARE, purge: true } }), context);
    expect([report.result.kind, report.isPurge]).toEqual(['applied', true]);
    expect(await tagsOf('app')).toEqual([used.tag, 'latest', 'werf-meta-repo-marker-shop'].sort());
    expect(await tagsOf('final')).toEqual([used.tag]);
    expect(await tagsOf('cache')).toEqual([]);
    expect(await tagsOf('meta')).toEqual([record(used).tag]);
  });
});
