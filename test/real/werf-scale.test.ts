// What a plan of a repository with many records costs: requests when nothing is known, and when an earlier run has read all of it.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createGitSandbox, type GitSandbox } from '../builders/git-repository.ts';
import { runProcess } from '../cli/run-process.ts';
import { largeContent, largeHistory } from '../e2e/werf/large.ts';
import { requireProgram } from '../support/real-parts.ts';
import { type RegistryServer, startRegistry } from '../support/registry-server.ts';
import { openStorage, storeTagged } from '../support/registry-storage.ts';

const hasAll = (['docker-registry', 'git'] as const).every(requireProgram);

const START = fileURLToPath(new URL('../cli/start-cli.ts', import.meta.url));
const SIZE = { commits: 300, images: 5, stages: 250 };
const POLICY = `cleanup:\n  keepPolicies:\n  - references: {branch: main}\n    imagesPerReference: {last: 20}\n`;

const reportSchema = z.object({
  plan: z.object({
    repositories: z.array(
      z.object({
        totals: z.object({
          kept: z.number(),
          deleted: z.number(),
          tags: z.number(),
          records: z.object({ kept: z.number(), deleted: z.number() }),
        }),
      }),
    ),
  }),
});

describe.runIf(hasAll)('a repository with many records', () => {
  let server: RegistryServer;
  let sandbox: GitSandbox;
  let folder: string;
  let tags: number;
  beforeAll(async () => {
    const now = Date.now();
    folder = await mkdtemp(join(tmpdir(), 'werf-scale-'));
    sandbox = createGitSandbox();
    server = await startRegistry();
    const origin = sandbox.bare('origin');
    const last = `c${SIZE.commits - 1}`;
    const ids = sandbox.add(origin, { commits: largeHistory(SIZE, now), branches: { main: last } });
    sandbox.clone(origin, 'clone');
    const content = largeContent(SIZE, now, (commit) => ids.get(`c${commit}`) ?? '');
    storeTagged(openStorage(server.rootDirectory, 'shop/app'), content);
    tags = content.length;
    await writeFile(join(folder, '.registry-cleanup.yml'), POLICY);
  });
  afterAll(async () => {
    sandbox.remove();
    await server.stop();
    await rm(folder, { recursive: true });
  });

  async function plan(provider: string): Promise<{ readonly totals: object; readonly requests: number }> {
    const seen = (await server.accessLog()).length;
    const words = ['plan', '--repository', `${server.host}/shop/app`, '--git-dir', join(sandbox.root, 'clone')];
    const run = await runProcess({
      file: START,
      words: [
        ...words,
        '--without-kube',
        '--without-forge',
        '--cache-dir',
        'cache',
        '--provider',
        provider,
        '--format',
        'json',
      ],
      directory: folder,
    });
    expect(run.code, run.stderr).toBe(0);
    const { totals } = reportSchema.parse(JSON.parse(run.stdout)).plan.repositories[0] ?? {};
    return { totals: totals ?? {}, requests: (await server.accessLog()).length - seen };
  }

  it.each([
    // Content that never changes is asked for once: all but what the tag leads to.
    { provider: 'gitlab', later: 1 },
    { provider: 'oci', later: 1 },
  ])(
    'costs two requests a tag at first, and $later when an earlier run has read them ($provider)',
    async ({ provider, later }) => {
      const first = await plan(provider);
      // Six commits have one stage: of each image those of the newest 20 stay, with the records of a week; and five names are managed.
      expect(first.totals).toEqual({ kept: 100, deleted: 150, tags: 250, records: { kept: 605, deleted: 900 } });
      expect(first.requests).toBeLessThan(2 * tags + 20);
      const second = await plan(provider);
      expect(second.totals).toEqual(first.totals);
      expect(second.requests).toBeLessThan(later * tags + 20);
    },
  );
});
