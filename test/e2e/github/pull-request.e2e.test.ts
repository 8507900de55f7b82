// A workflow on a pull request: one comment that shows what the change would do, and the truth about what could not be looked at.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requireProgram } from '../../support/real-parts.ts';
import { golden, KEEP_LAST, openScene, type Scene, type SceneRun } from './scene.ts';

const FILE = '.registry-cleanup.yml';
const COMMENTS = 'GET /repos/team/app/issues/7/comments';

describe.runIf(requireProgram('git'))('a workflow on a pull request', () => {
  let scene: Scene;
  let checkout: string;
  beforeEach(async () => {
    scene = await openScene();
    checkout = scene.sandbox.clone(scene.origin, 'checkout');
    await commitPolicy('main', KEEP_LAST.replace('last: 1', 'last: 2'));
    scene.sandbox.git(checkout, 'remote', 'set-url', 'origin', `${scene.github.serverUrl}/team/app`);
    for (const commit of ['b', 'c', 'd', 'e']) scene.build(commit);
  });
  afterEach(async () => {
    expect(scene.github.violations).toEqual([]);
    await scene.close();
  });

  /** Commits the policy file on a branch of the origin, and leaves it in the checkout. */
  async function commitPolicy(branch: string, text: string): Promise<string> {
    await writeFile(join(checkout, FILE), text);
    scene.sandbox.git(checkout, 'add', FILE);
    scene.sandbox.gitAt('2026-04-01T12:00:00Z', checkout, 'commit', '--quiet', '--message', `policy of ${branch}`);
    scene.sandbox.git(checkout, 'push', '--quiet', scene.origin, `HEAD:refs/heads/${branch}`);
    const id = scene.sandbox.git(checkout, 'rev-parse', 'HEAD');
    scene.nameCommit(`policy of ${branch}`, id);
    return id;
  }

  const plan = (more: SceneRun = {}) =>
    scene.run('plan', {
      event: { kind: 'pull_request', number: 7 },
      ...more,
      inputs: { config: join(checkout, FILE), 'pull-request-comment': 'true', ...more.inputs },
    });
  const comments = () => scene.repository.comments.map(({ body }) => body);

  it('writes one comment that says what a changed policy does, and updates it in the next run', async () => {
    scene.repository.addPullRequest({ number: 7, head: await commitPolicy('change', KEEP_LAST) });
    const first = await plan();
    expect(first.code).toBe(0);
    expect(comments()).toHaveLength(1);
    const [created = ''] = comments();
    expect(created).toMatch(/would delete 3 more/i);
    expect(created.length).toBeLessThan(65_536);
    const told = scene.tell('first run', first);
    scene.build('a');
    const second = await plan();
    expect(comments()).toHaveLength(1);
    const [updated = ''] = comments();
    expect(updated).not.toBe(created);
    expect(updated.split('\n')[0]).toBe(created.split('\n')[0]);
    expect(scene.sent('PATCH ')).toHaveLength(1);
    expect(scene.sent(COMMENTS).length).toBeGreaterThan(0);
    await expect(told + scene.tell('second run', second)).toMatchFileSnapshot(golden('comment'));
  });

  it('shows the plan and no difference when the policy is the same', async () => {
    scene.repository.addPullRequest({ number: 7, head: scene.commit('e') });
    const run = await plan();
    expect(run.code).toBe(0);
    expect(comments()).toHaveLength(1);
    expect(comments()[0]).not.toMatch(/ more image/i);
    await expect(scene.tell('plan', run)).toMatchFileSnapshot(golden('comment-same-policy'));
  });

  it('of a fork says in the summary what was not looked at, comments nothing, and does not fail', async () => {
    const head = await commitPolicy('change', KEEP_LAST);
    scene.sandbox.git(scene.origin, 'update-ref', '-d', 'refs/heads/change');
    scene.repository.addPullRequest({ number: 7, head, fork: 'ann/app' });
    const read = 'read' as const;
    const permissions = { contents: read, packages: read, issues: read, 'pull-requests': read, deployments: read };
    const token = scene.github.addToken({ kind: 'workflow', permissions });
    const run = await plan({ token, inputs: { 'without-kube': 'false', 'kube-config-base64': '' } });
    expect(run.code).toBe(0);
    expect(run.stdout).not.toContain('::error');
    expect(comments()).toEqual([]);
    expect(run.summary).toContain('Kubernetes was not looked at');
    expect(run.summary).toMatch(/may not comment/);
    expect(run.summary).toMatch(/would delete at most 3 more/i);
    await expect(scene.tell('plan', run)).toMatchFileSnapshot(golden('fork'));
    const apply = await scene.run('apply', {
      token,
      event: { kind: 'pull_request', number: 7 },
      inputs: { config: join(checkout, FILE), 'without-kube': 'false' },
    });
    expect(apply.code).not.toBe(0);
    expect(scene.deletes()).toEqual([]);
  });

  it('shows the mistakes of a broken policy file in the summary and in the comment, until they are mended', async () => {
    const broken = 'cleanup:\n  keepPolicies: 3\nreleaes: {last: 1}\n';
    scene.repository.addPullRequest({ number: 7, head: await commitPolicy('change', broken) });
    const run = await plan();
    expect(run.code).toBe(2);
    expect(comments()).toHaveLength(1);
    for (const text of [run.summary, comments()[0]]) {
      expect(text).toContain('expected a list of policies');
      expect(text).toContain('releaes');
    }
    const told = scene.tell('broken', run);
    await commitPolicy('change', KEEP_LAST);
    const fixed = await plan();
    expect(fixed.code).toBe(0);
    expect(comments()).toHaveLength(1);
    expect(comments()[0]).not.toContain('releaes');
    await expect(told + scene.tell('mended', fixed)).toMatchFileSnapshot(golden('broken-policy'));
  });
});
