// Points, places and budget against the stateful fake, which counts by itself what GitHub would count.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Github } from '../../src/github/github.ts';
import { buildImage } from '../builders/image.ts';
import { type FakeGithub, startGithub } from '../fakes/github/github.ts';
import { createSkippingClock, openTestGithub, type SkippingClock } from './try-github.ts';

let clock: SkippingClock;
let fake: FakeGithub;
let github: Github | undefined;

beforeEach(async () => {
  // The server's own Date headers are those of the machine.
  clock = createSkippingClock(Date.now());
  fake = await startGithub({ now: () => clock.now() });
});
afterEach(async () => {
  await github?.close();
  await fake.close();
});

async function open(token: string, options: Parameters<typeof openTestGithub>[1] = {}): Promise<Github> {
  github = await openTestGithub(fake.apiUrl, { token, clock, ...options });
  return github;
}

interface Listed {
  readonly id: number;
}

const ROUTE = '/orgs/{org}/packages/{package_type}/{package_name}/versions';
const PARAMETERS = { org: 'team', package_type: 'container', package_name: 'app' };

async function listVersions(from: Github): Promise<readonly Listed[]> {
  const items = await from.list({
    route: ROUTE,
    parameters: PARAMETERS,
    newItems: 'start',
    purpose: 'list',
    permission: 'packages: read',
  });
  return items as readonly Listed[];
}

async function deleteVersion(from: Github, id: number): Promise<void> {
  await from.request({
    method: 'DELETE',
    route: `${ROUTE}/{package_version_id}`,
    parameters: { ...PARAMETERS, package_version_id: id },
    expect: [204],
    purpose: `delete the version ${id}`,
    permission: 'packages: write',
  });
}

function fill(count: number): void {
  const app = fake.addPackage('team/app');
  for (let index = 0; index < count; index += 1) app.add(buildImage({ seed: `${index}` }));
}

describe('deleting much', () => {
  it('keeps to GitHub’s points a minute, whoever counts', async () => {
    fill(401);
    const from = await open(fake.addToken({ kind: 'classic' }));
    const versions = await listVersions(from);
    const begin = clock.now();
    await Promise.all(versions.slice(1).map(({ id }) => deleteVersion(from, id)));
    expect(fake.package('team/app').digests()).toHaveLength(1);
    expect(fake.violations).toEqual([]);
    expect(fake.peakInFlight()).toBeLessThanOrEqual(32);
    // About 180 a minute: the time of this test also passes while answers are under way.
    expect((clock.now() - begin) / 60_000).toBeGreaterThan(2);
    expect((clock.now() - begin) / 60_000).toBeLessThan(3);
  });

  it('stops at the budget, to the request, and reads go on', async () => {
    fill(60);
    const token = fake.addToken({ kind: 'workflow', limit: 100 });
    const from = await open(token, { budgetShare: 0.5 });
    const versions = await listVersions(from);
    const results = await Promise.allSettled(versions.map(({ id }) => deleteVersion(from, id)));
    expect(fake.quota(token).used).toBe(50);
    const refused = results.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBe(60 - 49);
    for (const result of refused)
      expect(result).toMatchObject({
        reason: { name: 'RegistryError', code: 'QUOTA', details: { limit: 100, remaining: 50 } },
      });
    expect(await listVersions(from)).toHaveLength(11);
    expect(from.quota()).toMatchObject({ limit: 100, remaining: 49 });
  });

  it('goes on with the next hour', async () => {
    fill(2);
    const token = fake.addToken({ kind: 'workflow', limit: 100 });
    fake.quota(token).used = 98;
    const from = await open(token);
    const [first] = await listVersions(from);
    await expect(deleteVersion(from, first!.id)).rejects.toMatchObject({ code: 'QUOTA' });
    await clock.sleep(3_601_000, new AbortController().signal);
    await deleteVersion(from, first!.id);
  });

  it('ends with the time of the reset when the quota is gone', async () => {
    fill(1);
    const token = fake.addToken({ kind: 'workflow', limit: 10 });
    fake.quota(token).used = 10;
    const from = await open(token);
    await expect(listVersions(from)).rejects.toMatchObject({ code: 'RATE_LIMITED', temporary: true });
    expect(fake.requests).toHaveLength(1);
  });
});
