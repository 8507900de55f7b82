// What a token may not do at GitLab: told before anything is deleted where it can be known, and what to do about it.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { buildImage } from '../../builders/image.ts';
import { FORBIDDEN } from '../../fakes/gitlab/access.ts';
import { requireDistribution } from '../../support/real-parts.ts';
import { golden, hasPrograms, openScene, outcomesOf, registryFault, type Scene } from './scene.ts';

const claims = z.object({ sub: z.string() });

describe.runIf(requireDistribution() !== undefined && hasPrograms)('a token at GitLab', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await openScene();
    scene.build('c');
    scene.build('d');
    scene.build('e');
  });
  afterEach(async () => {
    scene.gitlab.onRequest = () => undefined;
    expect(await scene.broken()).toEqual([]);
    expect(scene.gitlab.violations).toEqual([]);
    await scene.close();
  });

  it.each([
    ['merge requests', /^GET \/api\/v4\/projects\/[^/]+\/merge_requests/, /merge.?requests/i],
    ['deployments', /^GET \/api\/v4\/projects\/[^/]+\/(?:deployments|environments)/, /deployments/i],
    ['branches', /^GET \/api\/v4\/projects\/[^/]+\/repository\/branches/, /branches/i],
  ] as const)('that may not read %s stops the run, and the error says what to do', async (title, match, words) => {
    scene.gitlab.fault(match, FORBIDDEN, 99);
    const before = scene.left();
    const run = await scene.run('apply');
    expect(run.code).toBe(5);
    expect(run.stderr).toMatch(words);
    expect(run.stderr).toContain('CI_JOB_TOKEN');
    expect(run.stderr).toContain('gitlab-token');
    expect(scene.deletes()).toEqual([]);
    expect(scene.left()).toEqual(before);
    await expect(scene.tell('apply', run)).toMatchFileSnapshot(golden(`may-not-read-${title.replaceAll(' ', '-')}`));
  });

  it.each([
    ['a Reporter', { kind: 'private', scopes: ['api'], level: 'reporter' }],
    [
      'a Maintainer without the scope api',
      { kind: 'private', scopes: ['read_api', 'read_registry'], level: 'maintainer' },
    ],
  ] as const)('of %s deletes nothing, and what it takes is told', async (_title, token) => {
    const variables = { GITLAB_TOKEN: scene.gitlab.addToken(token) };
    const before = scene.left();
    const plan = await scene.run('plan', { variables });
    expect({ code: plan.code, stderr: plan.stderr }).toMatchObject({ code: 0 });
    scene.gitlab.clearRequests();
    const apply = await scene.run('apply', { variables });
    expect(plan.stdout).toContain('the right to delete is not proved');
    expect(apply.code).toBe(1);
    expect(scene.left()).toEqual(before);
    expect(new Set(scene.deletes())).toEqual(new Set(['main-{c}']));
    expect(apply.stdout).toContain('scope api and the role Maintainer');
  });

  it('of the registry alone is told to lack the right by the plan, and an apply refuses before the first delete', async () => {
    const deploy = scene.gitlab.addToken({ kind: 'deploy' });
    const login = { variables: { CI_REGISTRY_USER: 'gitlab+deploy-token-1', CI_REGISTRY_PASSWORD: deploy } };
    const plan = await scene.run('plan', login);
    expect({ code: plan.code, stderr: plan.stderr }).toMatchObject({ code: 0 });
    expect(plan.stdout).toContain('the token may not delete');
    const apply = await scene.run('apply', login);
    expect(apply.code).toBe(6);
    expect(apply.stdout).toContain('CI_JOB_TOKEN of a job of the same project');
    expect(scene.deletes()).toEqual([]);
    expect(scene.sent('GET /jwt/auth').length).toBeGreaterThan(0);
  });

  it('for deleting deletes, and is sent for nothing else', async () => {
    const cleaner = scene.gitlab.addToken({ kind: 'private', scopes: ['api'], level: 'maintainer', user: 'cleaner' });
    const run = await scene.run('apply', { variables: { REGISTRY_CLEANUP_DELETE_TOKEN: cleaner } });
    expect({ code: run.code, stderr: run.stderr }).toMatchObject({ code: 0 });
    expect(scene.left()).toHaveLength(1);
    const { requests } = scene.gitlab;
    const bearers = requests.filter(({ channel, token }) => channel === 'registry' && token !== undefined);
    const users = bearers.map(({ method, token = '' }) => {
      const { sub } = claims.parse(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')));
      return [method, sub];
    });
    expect(users.filter(([, user]) => user === 'cleaner').map(([method]) => method)).toEqual(['DELETE', 'DELETE']);
    expect(users.filter(([method]) => method === 'DELETE').map(([, user]) => user)).toEqual(['cleaner', 'cleaner']);
    const carried = requests.filter(({ headers, token }) => [token, headers['private-token']].includes(cleaner));
    expect(new Set(carried.map(({ method, path }) => `${method} ${decodeURIComponent(path)}`))).toEqual(
      new Set(
        ['delete,pull', 'delete'].map(
          (actions) => `GET /jwt/auth?service=container_registry&scope=repository:group/app:${actions}`,
        ),
      ),
    );
    expect(run.stdout + run.stderr).not.toContain(cleaner);
    await expect(scene.tell('apply', run)).toMatchFileSnapshot(golden('delete-token'));
  });

  it('for deleting has no part in a plan', async () => {
    const cleaner = scene.gitlab.addToken({ kind: 'private', scopes: ['api'], level: 'maintainer', user: 'cleaner' });
    const run = await scene.run('plan', { variables: { REGISTRY_CLEANUP_DELETE_TOKEN: cleaner } });
    expect(run.code).toBe(0);
    const { requests } = scene.gitlab;
    expect(requests.filter(({ headers, token }) => [token, headers['private-token']].includes(cleaner))).toEqual([]);
  });

  it('that was revoked ends the run, and so does a job that is over', async () => {
    const token = scene.gitlab.addToken({ kind: 'private', state: 'revoked' });
    const revoked = await scene.run('apply', { variables: { GITLAB_TOKEN: token } });
    expect(revoked.code).toBe(3);
    scene.gitlab.changeToken(scene.jobToken, { state: 'revoked' });
    const over = await scene.run('apply');
    expect(over.code).toBe(3);
    expect(scene.deletes()).toEqual([]);
    for (const { stderr } of [revoked, over]) {
      expect(stderr).toMatch(/revoked|401|Access denied/);
      expect(stderr).not.toContain(token);
      expect(stderr).not.toContain(scene.jobToken);
    }
  });

  it('that does not see the project is told so, in words that help', async () => {
    const elsewhere = await scene.run(['plan', '--gitlab-project', 'group/renamed']);
    expect(elsewhere.code).toBe(5);
    expect(elsewhere.stderr).toContain('group/renamed');
    expect(elsewhere.stderr).toContain('404');
    const host = scene.gitlab.registryHost;
    const hidden = await scene.run(['plan', '--repository', `${host}/group/hidden`]);
    expect(hidden.code).toBe(3);
    expect(hidden.stderr).toContain("the project's path in lower case");
  });

  it('that loses the right in the middle stops the run, and the report says what was not done', async () => {
    for (let at = 0; at < 12; at += 1)
      scene.push(`x${at}`, buildImage({ seed: `x${at}` }), { tags: [`branch-x${at}`] });
    let deletes = 0;
    scene.gitlab.onRequest = ({ method }) => {
      deletes += method === 'DELETE' ? 1 : 0;
      return method === 'DELETE' && deletes > 4 ? registryFault(403, 'DENIED') : undefined;
    };
    const run = await scene.run(['apply', '--report-file', 'report.json']);
    expect(run.code).toBe(1);
    expect(scene.left()).toHaveLength(12);
    expect(deletes).toBeLessThan(20);
    expect(run.stdout).toMatch(/not tried: the registry does not allow it/);
    const outcomes = outcomesOf(await run.read('report.json'));
    expect(outcomes.filter((one) => one === 'deleted')).toHaveLength(3);
    expect(outcomes.filter((one) => one.startsWith('failed: ')).length).toBeGreaterThan(0);
    expect(outcomes).toHaveLength(14);
  });
});
