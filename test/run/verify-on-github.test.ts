// verify, and the look after an apply, on GitHub's registry: what this run has read, or has in its cache, proves nothing.

import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runApply, runRestore, runVerify } from '../../src/cleanup.ts';
import type { Settings } from '../../src/config/settings.ts';
import { silentLog } from '../../src/log.ts';
import { parseRepository } from '../../src/model/reference.ts';
import { exitCodeOf } from '../../src/report/exit-code-of.ts';
import { buildImage, buildIndex } from '../builders/image.ts';
import { kubernetesSettings } from '../builders/kubernetes-settings.ts';
import { ANY_AGE, NOW, policyOf } from '../builders/snapshot.ts';
import { type FakeGithub, startGithub } from '../fakes/github/github.ts';
import type { FakePackage } from '../fakes/github/packages.ts';

const used = buildImage({ seed: 'used' });
const part = buildImage({ seed: 'part' });
const index = buildIndex([{ manifest: part }]);
const context = { log: silentLog, environment: {}, now: () => NOW };

let folder: string;
let github: FakeGithub;
let app: FakePackage;
let repository: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verify-on-github-'));
  github = await startGithub();
  app = github.addPackage('team/app');
  app.add(used, { tags: ['used'] });
  app.add(index, { tags: ['index'] });
  app.add(buildImage({ seed: 'old' }), { tags: ['old'] });
  app.add(buildImage({ seed: 'older' }), { tags: ['older'] });
  repository = `${github.registryHost}/team/app`;
  deploy(`${repository}:used`, `${repository}:index`);
});
afterEach(async () => {
  await github.close();
  await rm(folder, { recursive: true, force: true });
});

function deploy(...images: readonly string[]): void {
  const containers = images.map((image, at) => ({ name: `app-${at}`, image }));
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers } };
  writeFileSync(join(folder, 'pod.json'), JSON.stringify(pod));
}

function common() {
  return {
    registry: { plainHttp: false, github: { apiUrl: github.apiUrl, token: github.addToken(), budgetShare: 0.8 } },
    kubernetes: kubernetesSettings({ manifests: [join(folder, 'pod.json')] }),
    cacheDirectory: join(folder, 'cache'),
    format: 'text',
    logLevel: 'info',
  } as const;
}

function settings(): Settings {
  return {
    ...common(),
    command: 'apply',
    repositories: [{ kind: 'registry', repository: parseRepository(repository), provider: 'github' }],
    policy: policyOf({
      ...ANY_AGE,
      git: { enabled: false, keepPolicies: [] },
      kubernetes: { enabled: true, mirrors: new Map() },
      pins: { tags: [], expressions: [], list: [] },
    }),
    git: 'off',
    forge: 'off',
    missing: [],
    journal: join(folder, 'journal.jsonl'),
  };
}

const verify = () =>
  runVerify(
    {
      ...common(),
      repositories: [],
      registries: [{ prefix: github.registryHost, provider: 'github' }],
      mirrors: new Map(),
    },
    context,
  );

/** Once the first deletion is done, something else goes. */
function afterFirstDelete(meddle: () => void): void {
  let isDone = false;
  github.onRequest = () => {
    if (isDone || app.versions('deleted').length === 0) return undefined;
    isDone = true;
    meddle();
    return undefined;
  };
}

describe('on GitHub', () => {
  it('verify asks the registry for the images in use and nothing else: no list, no point of the hourly quota', async () => {
    expect((await verify()).totals).toMatchObject({ available: 2, absent: 0 });
    expect(github.requestLog().filter((line) => !line.includes('/v2/') && !line.includes('/token'))).toEqual([]);
    expect(github.requestLog().some((line) => line.includes('tags/list'))).toBe(false);
  });

  it('verify believes no cache: what was there an hour ago may have gone', async () => {
    await verify();
    app.remove(app.version('used').id);
    app.remove(app.version(part.digest).id);
    expect((await verify()).totals).toMatchObject({ available: 0, absent: 1, incomplete: 1 });
  });

  it('an apply that deletes two images finds the rest there', async () => {
    const report = await runApply(settings(), context);
    expect(report).toMatchObject({ result: { kind: 'applied' }, totals: { deleted: 2 } });
    expect(report.verification).toMatchObject({ images: 2, lost: [] });
  });

  it.each([
    ['an image', () => app.version('used').id, 'used', 'absent'],
    ['a part of one', () => app.version(part.digest).id, 'index', 'incomplete'],
  ] as const)(
    '%s that somebody deletes meanwhile raises the alarm, though this run has it in its cache',
    async (_name, id, tag, kind) => {
      afterFirstDelete(() => app.remove(id()));
      const report = await runApply(settings(), context);
      expect(exitCodeOf(report)).toBe(7);
      expect(report.verification?.lost).toMatchObject([
        { image: `${repository}:${tag}`, availability: { kind }, byThisRun: false, undo: 'restore' },
      ]);
    },
  );

  it('what this run deleted and somebody deployed meanwhile comes back with the command that the alarm names', async () => {
    const log = {
      ...silentLog,
      // The last reading of the clusters comes after the last step.
      progress: (step: string, done: number, total: number) => {
        if (step === `apply ${repository}` && done === total) deploy(`${repository}:old`);
      },
    };
    const report = await runApply(settings(), { ...context, log });
    expect(report.result).toMatchObject({
      kind: 'alarm',
      error: { hint: expect.stringMatching(/registry-cleanup restore --journal .*journal\.jsonl$/) as string },
    });
    const { journal } = settings();
    await runRestore({ ...common(), journal, repositories: [], githubHosts: 'any' }, context);
    expect((await verify()).totals).toMatchObject({ available: 1, absent: 0 });
  });
});
