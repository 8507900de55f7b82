// A dry run changes nothing, on every adapter: the plan that deletes much sends no delete, and the same settings with `apply` do.

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { hashFolder } from '../builders/git-repository.ts';
import { addToLayout, makeLayout, pushImage } from '../builders/image.ts';
import { startFakeRegistry } from '../fakes/registry-server.ts';
import { IMAGES } from '../support/bad-input.ts';
import { requireProgram } from '../support/real-parts.ts';
import { startRegistry } from '../support/registry-server.ts';
import { runCli } from '../support/run-bundle.ts';
import { startWatchingProxy } from '../support/watching-proxy.ts';

const reportSchema = z.object({ totals: z.object({ deleted: z.number(), failed: z.number() }) });

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dry-run-'));
  await mkdir(join(folder, 'work'));
});

afterEach(() => rm(folder, { recursive: true }));

/** How many images one command says that it deletes. */
async function countDeleted(command: 'plan' | 'apply' | 'explain', repository: string): Promise<number> {
  const words = command === 'explain' ? ['old'] : [];
  const rules = ['--without-git', '--without-kube', '--max-delete-share', '1', '--allow-delete-all', '--untag'];
  const run = await runCli([command, ...words, '--repository', repository, ...rules, '--format', 'json'], {
    directory: join(folder, 'work'),
  });
  expect({ command, code: run.code, stderr: run.stderr.includes('error') }).toEqual({
    command,
    code: 0,
    stderr: false,
  });
  if (command === 'explain') return 0;
  const { totals } = reportSchema.parse(JSON.parse(run.stdout));
  expect(totals.failed).toBe(0);
  return totals.deleted;
}

const writes = (log: readonly string[]) => log.filter((line) => !/^(?:GET|HEAD) /.test(line));
const MANY = 6;

describe('plan and explain', () => {
  it('send a registry with a referrers API nothing but reads', async () => {
    const registry = await startFakeRegistry();
    onTestFinished(() => registry.stop());
    for (const [tag, manifest] of Object.entries(IMAGES))
      await pushImage(registry.origin, 'team/app', { manifest, tags: [tag] });
    const begin = registry.log.length;
    const since = () => registry.log.slice(begin);
    expect(await countDeleted('plan', `${registry.host}/team/app`)).toBe(MANY);
    await countDeleted('explain', `${registry.host}/team/app`);
    expect(since().length).toBeGreaterThan(MANY);
    expect(writes(since())).toEqual([]);
    expect(await countDeleted('apply', `${registry.host}/team/app`)).toBe(MANY);
    expect(writes(since())).toHaveLength(MANY);
  });

  it.runIf(requireProgram('docker-registry'))('send CNCF docker-registry nothing but reads', async () => {
    const registry = await startRegistry();
    onTestFinished(() => registry.stop());
    for (const [tag, manifest] of Object.entries(IMAGES))
      await pushImage(registry.origin, 'team/app', { manifest, tags: [tag] });
    const proxy = await startWatchingProxy(registry.host);
    onTestFinished(() => proxy.stop());
    const before = hashFolder(join(registry.rootDirectory, 'docker'));
    expect(await countDeleted('plan', `${proxy.host}/team/app`)).toBe(MANY);
    await countDeleted('explain', `${proxy.host}/team/app`);
    expect(proxy.log.length).toBeGreaterThan(MANY);
    expect(writes(proxy.log)).toEqual([]);
    expect(hashFolder(join(registry.rootDirectory, 'docker'))).toBe(before);
    expect(await countDeleted('apply', `${proxy.host}/team/app`)).toBe(MANY);
    expect(writes(proxy.log)).toHaveLength(MANY);
    expect(hashFolder(join(registry.rootDirectory, 'docker'))).not.toBe(before);
  });

  it('leave every file of an OCI layout as it is, its times too', async () => {
    const layout = join(folder, 'layout');
    await mkdir(layout);
    await makeLayout(layout);
    for (const [tag, manifest] of Object.entries(IMAGES)) await addToLayout(layout, manifest, [tag]);
    const repository = `oci-layout:${layout}=registry.example.com/team/app`;
    const before = hashFolder(layout);
    expect(await countDeleted('plan', repository)).toBe(MANY);
    await countDeleted('explain', repository);
    expect(hashFolder(layout)).toBe(before);
    expect(await countDeleted('apply', repository)).toBe(MANY);
    expect(hashFolder(layout)).not.toBe(before);
  });
});
