// In a merge request pipeline of GitLab: the plan as a note that is written once and then updated, and what such a pipeline may not know.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildImage } from '../../builders/image.ts';
import { requireDistribution } from '../../support/real-parts.ts';
import { golden, hasPrograms, openScene, type Scene } from './scene.ts';

describe.runIf(requireDistribution() !== undefined && hasPrograms)('a merge request pipeline', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await openScene();
    scene.build('d');
    scene.build('e');
    const [head = '', foreign = ''] = scene.chain('head', 'foreign');
    scene.project.addMergeRequest({ iid: 7, head });
    scene.project.addMergeRequest({ iid: 8, head: foreign, fork: 'ann/app' });
  });
  afterEach(async () => {
    expect(scene.deletes()).toEqual([]);
    expect(scene.gitlab.violations).toEqual([]);
    await scene.close();
  });

  const pipeline = { kind: 'merge_request_event', iid: 7 } as const;
  const notes = () => scene.project.notes.map(({ body }) => body);

  it('writes its note once, leaves it when nothing is new, and updates it when something is', async () => {
    const token = scene.gitlab.addToken({ kind: 'private', scopes: ['api'], level: 'developer', user: 'bot' });
    scene.project.addNote({ iid: 7, author: 'ann', body: 'a note of somebody' });
    const run = () => scene.run(['plan', '--merge-request-note'], { pipeline, variables: { GITLAB_TOKEN: token } });
    const told: string[] = [];
    for (const [title, act] of [
      ['first', () => undefined],
      ['again', () => undefined],
      ['with another image', () => void scene.push('c', buildImage({ seed: 'c' }), { tags: ['branch-gone'] })],
    ] as const) {
      act();
      const done = await run();
      expect({ code: done.code, stderr: done.stderr }).toMatchObject({ code: 0 });
      told.push(title, ...scene.sent('POST /api/'), ...scene.sent('PUT /api/'));
      expect(done.stdout + done.stderr + notes().join('\n')).not.toContain(token);
      scene.gitlab.clearRequests();
    }
    expect(notes()).toEqual(['a note of somebody', expect.stringContaining('branch-gone') as string]);
    await expect(`${told.join('\n')}\n`).toMatchFileSnapshot(golden('note'));
  });

  it('has one note for each project and job, and none of another user is touched', async () => {
    const [one, other] = ['bot', 'other'].map((user) =>
      scene.gitlab.addToken({ kind: 'private', scopes: ['api'], level: 'developer', user }),
    );
    await scene.run(['plan', '--merge-request-note'], { pipeline, variables: { GITLAB_TOKEN: one ?? '' } });
    await scene.run(['plan', '--merge-request-note'], { pipeline, variables: { GITLAB_TOKEN: other ?? '' } });
    expect(scene.project.notes.map(({ author }) => author)).toEqual(['bot', 'other']);
  });

  it('says that there is no note with the token of the job alone, and is none the worse for it', async () => {
    const run = await scene.run(['plan', '--merge-request-note'], { pipeline });
    expect(run.code).toBe(0);
    expect(run.stderr).toContain('no note is written, for want of a token');
    expect(notes()).toEqual([]);
    expect(scene.sent('POST /api/')).toEqual([]);
  });

  it('is told what is missing where a token could be had', async () => {
    const run = await scene.run(['plan', '--merge-request-note'], {
      pipeline,
      variables: { CI_COMMIT_REF_PROTECTED: 'true' },
    });
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('GITLAB_TOKEN');
    expect(run.stderr).toContain('scope api');
  });

  it.each([
    ['of an unprotected branch', 7, 'unprotected branches'],
    ['of a fork', 8, 'pipelines of forks'],
  ] as const)('%s has no clusters: its plan says so on top, and is never applied', async (_title, iid, words) => {
    const more = { pipeline: { ...pipeline, iid }, withoutKube: false } as const;
    const plan = await scene.run(
      ['plan', '--kube-config', '', '--plan-file', 'plan.json', '--markdown-file', 'plan.md'],
      more,
    );
    expect({ code: plan.code, stderr: plan.stderr }).toMatchObject({ code: 0 });
    for (const text of [plan.stdout, await plan.read('plan.md')]) {
      const top = text.slice(0, 1200);
      expect(top).toContain(words);
      expect(top).toMatch(/without (?:the )?clusters|Kubernetes/);
    }
    const apply = await scene.run(['apply', '--kube-config', ''], more);
    expect(apply.code).toBe(2);
    expect(scene.left()).toHaveLength(2);
  });
});
