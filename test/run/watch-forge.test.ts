// A deployment while a long apply goes on: what it needs is not deleted any more.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Settings } from '../../src/config/settings.ts';
import { silentLog } from '../../src/log.ts';
import type { CommitId } from '../../src/model/history.ts';
import { parseRepository } from '../../src/model/reference.ts';
import { withPlan } from '../../src/run/make-plan.ts';
import { watchForge } from '../../src/run/watch-forge.ts';
import type { UsageObjection } from '../../src/run/watch-usage.ts';
import { createGitSandbox, type GitSandbox } from '../builders/git-repository.ts';
import { buildImage } from '../builders/image.ts';
import { ANY_AGE, NOW, policyOf } from '../builders/snapshot.ts';
import { type FakeGithub, startGithub } from '../fakes/github/github.ts';
import type { FakeRepository } from '../fakes/github/repositories.ts';
import { requireProgram } from '../support/real-parts.ts';

const DAY = '2026-01-01T00:00:00Z';
const WINDOW_MS = 1000;

describe.runIf(requireProgram('git'))('in a long apply', () => {
  let sandbox: GitSandbox;
  let fake: FakeGithub;
  let repository: FakeRepository;
  let first: CommitId;

  beforeEach(async () => {
    sandbox = createGitSandbox();
    for (const folder of ['tmp', 'elsewhere']) mkdirSync(join(sandbox.root, folder));
    fake = await startGithub();
    const origin = sandbox.bare('shop.git');
    const ids = sandbox.add(origin, {
      commits: [
        { name: 'a', date: DAY },
        { name: 'b', date: DAY, parents: ['a'] },
      ],
      branches: { main: 'b' },
    });
    first = ids.get('a')!;
    repository = fake.addRepository('acme/shop', { directory: origin });
    const app = fake.addPackage('acme/shop');
    app.add(image(), { tags: ['old'] });
    app.add(buildImage({ seed: 'kept' }), { tags: ['kept'] });
  });
  afterEach(async () => {
    await fake.close();
    sandbox.remove();
  });

  const image = () => buildImage({ seed: 'old', labels: { 'org.opencontainers.image.revision': first } });

  function settings(forge: boolean): Settings {
    const token = fake.addToken();
    const { apiUrl, serverUrl } = fake;
    return {
      command: 'apply',
      repositories: [
        { kind: 'registry', provider: 'github', repository: parseRepository(`${fake.registryHost}/acme/shop`) },
      ],
      policy: policyOf({
        ...ANY_AGE,
        pins: { tags: ['kept'], expressions: [], list: [] },
        forge: { pullRequests: { last: 2 }, releases: { last: 5 }, deployments: { environments: [], last: 2 } },
      }),
      registry: { plainHttp: false, github: { apiUrl, token, budgetShare: 0.8 } },
      git: { directory: join(sandbox.root, 'elsewhere'), isNamed: false, allowUnshallow: true, allowFetch: true },
      forge: forge ? { kind: 'github', apiUrl, serverUrl, owner: 'acme', name: 'shop', token } : 'off',
      kubernetes: 'off',
      missing: [],
      journal: join(sandbox.root, 'journal.jsonl'),
      format: 'text',
      logLevel: 'info',
    };
  }

  async function watch(
    clock: { ms: number; readingTakesMs?: number },
    use: (objectionTo: ReturnType<UsageObjection>) => Promise<void>,
  ) {
    const chosen = settings(true);
    const environment = { ...sandbox.environment, RUNNER_TEMP: join(sandbox.root, 'tmp') };
    const context = { log: silentLog, environment, now: () => NOW };
    await withPlan({ settings: chosen, context, previous: undefined, also: new Map() }, async (planned) => {
      const [plan] = planned.plan.repositories;
      expect(plan?.steps.map(({ digest }) => digest)).toEqual([image().digest]);
      const timed: typeof planned = {
        ...planned,
        // The last thing that a reading does.
        decideAgain: (known) => {
          clock.ms += clock.readingTakesMs ?? 0;
          return planned.decideAgain(known);
        },
      };
      const options = { settings: chosen, context, planned: timed, clockMs: () => clock.ms, windowMs: WINDOW_MS };
      await use(watchForge(options)(plan?.name ?? ''));
      expect(await watchForge({ ...options, settings: settings(false) })(plan?.name ?? '')(image().digest)).toBe(
        undefined,
      );
    });
  }

  it('an image that is deployed meanwhile is not deleted', async () => {
    const clock = { ms: 0 };
    await watch(clock, async (objectionTo) => {
      expect(await objectionTo(image().digest)).toBe(undefined);
      repository.addDeployment({ environment: 'production', commit: first, states: ['success'] });
      clock.ms = WINDOW_MS;
      fake.clearRequests();
      expect(await objectionTo(image().digest)).toBe(undefined);
      expect(fake.requests).toEqual([]);
      clock.ms += 1;
      const [why] = await Promise.all([objectionTo(image().digest), objectionTo(image().digest)]);
      expect(why).toMatch(/^it has come to be needed since the plan was made: .*production/);
      expect(fake.requestLog().filter((line) => line.includes('/branches'))).toHaveLength(1);
    });
  });

  it('a reading is as old as its beginning, however long it takes', async () => {
    const clock = { ms: 0, readingTakesMs: WINDOW_MS };
    await watch(clock, async (objectionTo) => {
      clock.ms = WINDOW_MS + 1;
      expect(await objectionTo(image().digest)).toBe(undefined);
      repository.addDeployment({ environment: 'production', commit: first, states: ['success'] });
      clock.ms += 1;
      expect(await objectionTo(image().digest)).toMatch(/come to be needed/);
    });
  });

  it('nothing more is deleted when the forge cannot be read any more', async () => {
    const clock = { ms: 0 };
    await watch(clock, async (objectionTo) => {
      clock.ms = WINDOW_MS + 1;
      fake.fault('GET /repos/acme/shop/branches', { status: 404, json: { message: 'Not Found' } });
      await expect(objectionTo(image().digest)).rejects.toMatchObject({ code: 'EVIDENCE_FORGE' });
      expect(await objectionTo(image().digest)).toBe(undefined);
    });
  });

  it('a limit leaves the rest to a later run', async () => {
    const clock = { ms: 0 };
    await watch(clock, async (objectionTo) => {
      clock.ms = WINDOW_MS + 1;
      const headers = { 'retry-after': '3600' };
      fake.fault('GET /repos/acme/shop/branches', { status: 429, headers, json: { message: 'Slow down' } });
      await expect(objectionTo(image().digest)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    });
  });
});
