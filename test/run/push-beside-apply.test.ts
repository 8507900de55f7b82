// A build pushes to GitHub while an apply is at work: what it needs is there at the end, whatever GitHub's list shows meanwhile.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runApply, runRestore } from '../../src/cleanup.ts';
import type { Settings } from '../../src/config/settings.ts';
import { silentLog } from '../../src/log.ts';
import { parseRepository } from '../../src/model/reference.ts';
import { hours } from '../../src/model/time.ts';
import { exitCodeOf } from '../../src/report/exit-code-of.ts';
import { buildImage, buildIndex } from '../builders/image.ts';
import { ANY_AGE, NOW, policyOf } from '../builders/snapshot.ts';
import { type FakeGithub, startGithub } from '../fakes/github/github.ts';
import type { FakePackage } from '../fakes/github/packages.ts';

const child = buildImage({ seed: 'child' });
const fresh = buildImage({ seed: 'fresh' });
const others = Array.from({ length: 3 }, (_, at) => buildImage({ seed: `other ${at}` }));
const index = buildIndex([{ manifest: child }, { manifest: fresh }]);

let folder: string;
let github: FakeGithub;
let app: FakePackage;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'push-beside-apply-'));
  github = await startGithub();
  app = github.addPackage('team/app');
  app.add(buildImage({ seed: 'kept' }), { tags: ['kept'] });
  for (const [at, image] of others.entries()) app.add(image, { tags: [`old-${at}`] });
  app.add(child);
});
afterEach(async () => {
  await github.close();
  await rm(folder, { recursive: true, force: true });
});

const context = { log: silentLog, environment: {}, now: () => NOW };

function settings(): Settings {
  const repository = parseRepository(`${github.registryHost}/team/app`);
  return {
    command: 'apply',
    repositories: [{ kind: 'registry', repository, provider: 'github' }],
    policy: policyOf({
      ...ANY_AGE,
      git: { enabled: false, keepPolicies: [] },
      kubernetes: { enabled: false, mirrors: new Map() },
      pins: { tags: ['kept', 'latest'], expressions: [], list: [] },
    }),
    registry: {
      plainHttp: false,
      github: { apiUrl: github.apiUrl, token: github.addToken(), budgetShare: 0.8 },
    },
    git: 'off',
    forge: 'off',
    kubernetes: 'off',
    missing: [],
    journal: join(folder, 'journal.jsonl'),
    format: 'text',
    logLevel: 'info',
  };
}

/** The end of a push: the child was found there, the fresh one was pushed, the index comes under a tag. */
function push(tag: string): void {
  for (const blob of fresh.blobs) app.blobs.set(blob.digest, blob.bytes);
  app.put(fresh, undefined);
  app.put(index, tag);
}

describe('a push beside an apply', () => {
  it('that ended right before the plan, and of which GitHub lists nothing yet, loses nothing', async () => {
    app.lag = 'until-told';
    push('kept');
    const report = await runApply(settings(), context);
    expect(app.find(child.digest)).toBeDefined();
    expect(report.totals).toMatchObject({ deleted: 3, failed: 0, skipped: 1 });
    expect(github.requestLog().some((line) => line.startsWith('POST ') && line.includes('/restore'))).toBe(false);
  });

  it.each([
    { lag: 0, tag: 'latest' },
    { lag: 'until-told', tag: 'latest' },
    // Another place of a tag that everybody knows: GitHub's list shows it where it was.
    { lag: 'until-told', tag: 'kept' },
  ] as const)(
    'that ends after its child went gets it back, and the run says so (lag $lag, tag $tag)',
    async ({ lag, tag }) => {
      app.lag = lag;
      const { id } = app.version(child.digest);
      github.onRequest = () => {
        // The next request after the delete of the child.
        if (app.find(child.digest) === undefined && app.find(index.digest) === undefined) push(tag);
        return undefined;
      };
      const report = await runApply(settings(), context);
      expect(app.version(child.digest).id).toBe(id);
      expect(report.totals).toMatchObject({ deleted: 3, failed: 1 });
      expect(exitCodeOf(report)).toBe(1);
      const failed = report.applied?.[0]?.outcomes.find(({ outcome }) => outcome === 'failed');
      expect(failed?.why).toContain(
        `${index.digest} came while this run was deleting, and needs it. It was brought back.`,
      );
      const { registry, journal } = settings();
      const again = await runRestore(
        {
          journal,
          repositories: [],
          githubHosts: [github.registryHost as never],
          registry,
          format: 'text',
          logLevel: 'info',
        },
        context,
      );
      expect(again.restoredBefore).toBe(1);
      expect(again.totals).toMatchObject({ restored: 3, refused: 0 });
    },
  );

  it('leaves no success behind where the last look fails: what was deleted is told, and that nobody can vouch for it', async () => {
    let broken = 0;
    github.onRequest = ({ path }) => {
      if (app.find(child.digest) !== undefined || !path.includes('/versions?')) return undefined;
      broken += 1;
      return { status: 200, json: {} };
    };
    const report = await runApply(settings(), context);
    expect(broken).toBeGreaterThan(0);
    expect(report.totals.deleted).toBe(1 + others.length);
    expect(report.result).toMatchObject({ kind: 'stopped', error: { code: 'REGISTRY_REFUSED', exitCode: 4 } });
    expect(report.result.kind === 'stopped' ? report.result.error.message : '').toContain('needs what was deleted');
    expect(report.journal).toBe(join(folder, 'journal.jsonl'));
  });

  it('gets it back beyond the share of the quota', async () => {
    const chosen = settings();
    const token = chosen.registry.github?.token ?? '';
    github.onRequest = () => {
      if (app.find(child.digest) === undefined && app.find(index.digest) === undefined) {
        push('latest');
        github.quota(token).used = Math.floor(github.quota(token).limit * 0.9);
      }
      return undefined;
    };
    const report = await runApply(chosen, context);
    expect(app.find(child.digest)).toBeDefined();
    expect(exitCodeOf(report)).toBe(1);
  });

  it.each([
    ['a new image of a reproducible build', true],
    ['a tag of an old image', false],
  ])('that GitHub does not list yet is no old image: %s', async (_, isNew) => {
    const built = buildImage({ seed: 'reproducible', created: '2026-01-01T00:00:00Z' });
    if (!isNew) app.add(built);
    for (const blob of built.blobs) app.blobs.set(blob.digest, blob.bytes);
    app.lag = 'until-told';
    app.put(built, 'fresh');
    // Between the plan and its step the list catches up.
    github.onRequest = ({ path }) => {
      if (/\/versions\/\d+$/.test(path)) app.catchUp();
      return undefined;
    };
    const chosen = settings();
    const report = await runApply({ ...chosen, policy: { ...chosen.policy, recent: { within: hours(2) } } }, context);
    expect(report.totals).toMatchObject({ deleted: 4, failed: 0 });
    expect(app.find('fresh')).toBeDefined();
  });
});
