// An apply and a restore as a run does them, on a GitHub that remembers: the first delete, the quota, and the way back.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runApply, runPlan, runRestore } from '../../src/cleanup.ts';
import type { RestoreSettings, Settings } from '../../src/config/settings.ts';
import { silentLog } from '../../src/log.ts';
import { type Digest, parseRepository } from '../../src/model/reference.ts';
import { describeRecovery } from '../../src/report/describe-recovery.ts';
import { exitCodeOf } from '../../src/report/exit-code-of.ts';
import { buildAttested, buildImage, buildMultiArch } from '../builders/image.ts';
import { ANY_AGE, NOW, policyOf } from '../builders/snapshot.ts';
import type { FakeToken } from '../fakes/github/access.ts';
import { type FakeGithub, startGithub } from '../fakes/github/github.ts';
import type { FakePackage } from '../fakes/github/packages.ts';

let folder: string;
let github: FakeGithub;
let app: FakePackage;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'apply-on-github-'));
  github = await startGithub({ latencyMs: 20 });
  app = github.addPackage('team/app');
  app.add(buildMultiArch('one'), { tags: ['v1', 'old'] });
  app.add(buildAttested('two').index, { tags: ['v2'] });
  for (let at = 0; at < 8; at += 1) app.add(buildImage({ seed: `image ${at}` }), { tags: [`t${at}`] });
  app.add(buildMultiArch('kept'), { tags: ['kept'] });
});
afterEach(async () => {
  await github.close();
  await rm(folder, { recursive: true, force: true });
});

const context = { log: silentLog, environment: {}, now: () => NOW };
const registryFor = (token: string) => ({
  plainHttp: false,
  github: { apiUrl: github.apiUrl, token, budgetShare: 0.8 },
});
const repository = () => parseRepository(`${github.registryHost}/team/app`);

function settingsFor(token: string, extra: Partial<Settings> = {}): Settings {
  return {
    command: 'apply',
    repositories: [{ kind: 'registry', repository: repository(), provider: 'github' }],
    policy: policyOf({
      ...ANY_AGE,
      git: { enabled: false, keepPolicies: [] },
      kubernetes: { enabled: false, mirrors: new Map() },
      pins: { tags: ['kept'], expressions: [], list: [] },
    }),
    registry: registryFor(token),
    git: 'off',
    forge: 'off',
    kubernetes: 'off',
    missing: [],
    journal: join(folder, 'journal.jsonl'),
    format: 'text',
    logLevel: 'info',
    ...extra,
  };
}

function restoreFor(token: string): RestoreSettings {
  const { host } = repository();
  const journal = join(folder, 'journal.jsonl');
  return {
    journal,
    repositories: [],
    githubHosts: [host],
    registry: registryFor(token),
    format: 'text',
    logLevel: 'info',
  };
}

const deletes = (): readonly string[] => github.requestLog().filter((line) => line.startsWith('DELETE '));
/** An index, two platforms. */
const KEPT = 3;

describe('an apply on GitHub', () => {
  it('deletes all that nobody needs, several at once, and a restore brings back every one with its tags', async () => {
    const before = { digests: app.digests().toSorted(), tags: new Map(app.tags()) };
    const token = github.addToken();
    const report = await runApply(settingsFor(token), context);
    expect(report.totals).toMatchObject({ kept: KEPT, deleted: 14, failed: 0, skipped: 0, left: 0 });
    expect(app.digests()).toHaveLength(KEPT);
    expect(github.peakInFlight()).toBeGreaterThan(1);
    expect(github.violations).toEqual([]);
    expect(describeRecovery(report)).toContain('registry-cleanup restore --journal');
    const restored = await runRestore(restoreFor(token), context);
    expect(restored).toMatchObject({ result: { kind: 'finished' }, totals: { restored: 14, refused: 0, tagsLost: 0 } });
    expect(app.digests().toSorted()).toEqual(before.digests);
    expect(new Map(app.tags())).toEqual(before.tags);
    const sent = github.requests.length;
    expect((await runRestore(restoreFor(token), context)).restoredBefore).toBe(14);
    expect(github.requests.length).toBe(sent);
  });

  it('sends one delete and no more with a token that may not delete', async () => {
    const report = await runApply(settingsFor(github.addToken(MAY_NOT_DELETE)), context);
    expect(deletes()).toHaveLength(1);
    expect(report.totals).toMatchObject({ deleted: 0, failed: 1, skipped: 13 });
    expect(exitCodeOf(report)).toBe(1);
    expect(app.digests()).toHaveLength(14 + KEPT);
  });

  it('stops at its share of the quota with what is left, and the next run goes on', async () => {
    const token = github.addToken();
    const quota = github.quota(token);
    await runPlan(settingsFor(token, { command: 'plan' }), context);
    quota.used = Math.floor(quota.limit * 0.8) - 12;
    const first = await runApply(settingsFor(token), context);
    expect(first.totals.deleted).toBeGreaterThan(0);
    expect(first.totals.left).toBeGreaterThan(0);
    expect(first.totals).toMatchObject({ deleted: 14 - first.totals.left, failed: 0, skipped: 0 });
    expect(exitCodeOf(first)).toBe(0);
    expect(deletes().every((line) => line.endsWith(' 204'))).toBe(true);
    for (const digest of app.tags().values()) expect(app.find(digest)).toBeDefined();
    quota.used = 0;
    const second = await runApply(settingsFor(token), context);
    expect(second.totals).toMatchObject({ deleted: first.totals.left, left: 0, failed: 0, skipped: 0 });
    expect(app.digests()).toHaveLength(KEPT);
  });

  it.each([4, 7, 10, 13, 16])(
    'parts no image where its share of the quota ends, %i requests from now',
    async (left) => {
      const parts = Array.from({ length: 6 }, (_, at) => buildAttested(`attested ${at}`));
      parts.forEach(({ index }, at) => {
        app.add(index, { tags: [`a${at}`] });
      });
      const token = github.addToken();
      const quota = github.quota(token);
      await runPlan(settingsFor(token, { command: 'plan' }), context);
      quota.used = Math.floor(quota.limit * 0.8) - left;
      const first = await runApply(settingsFor(token), context);
      expect(first.totals.left).toBeGreaterThan(0);
      const isThere = ({ digest }: { readonly digest: Digest }) => app.find(digest) !== undefined;
      for (const { index, image, attestation } of parts)
        expect([isThere(image), isThere(attestation)]).toEqual([isThere(index), isThere(index)]);
    },
  );

  it('goes on with the same plan file after the quota', async () => {
    const token = github.addToken();
    const planFile = join(folder, 'plan.json');
    await runPlan(settingsFor(token, { command: 'plan', planFile }), context);
    const quota = github.quota(token);
    quota.used = Math.floor(quota.limit * 0.8) - 12;
    const first = await runApply(settingsFor(token, { planFile }), context);
    expect(first.totals.left).toBeGreaterThan(0);
    quota.used = 0;
    app.add(buildImage({ seed: 'nobody reviewed it' }), { tags: ['late'] });
    const second = await runApply(settingsFor(token, { planFile }), context);
    expect(second.totals).toMatchObject({ deleted: first.totals.left, left: 0, failed: 0 });
    expect(app.digests()).toHaveLength(KEPT + 1);
  });
});

const MAY_NOT_DELETE: FakeToken = { kind: 'workflow', mayDelete: false };
