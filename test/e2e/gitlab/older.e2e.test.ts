// GitLabs of every age: without the metadata database, with the old route for deleting tags, with none. The plan is the same, and so is
// what is left; no manifest is deleted for the sake of a tag.

import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { GitlabOptions } from '../../fakes/gitlab/gitlab.ts';
import { requireDistribution } from '../../support/real-parts.ts';
import { buildApp, buildOld, golden, hasPrograms, openScene, type Scene } from './scene.ts';

const GITLABS: Readonly<Record<string, GitlabOptions>> = {
  'of today': {},
  'with paths as links': { links: 'path' },
  'without the metadata database': { metadataDatabase: false },
  'with the old route': { tagRoute: 'reference', withoutTagRoute: 'unsupported' },
  'with the old route and without the database': { tagRoute: 'reference', metadataDatabase: false },
  'without any route (400)': { tagRoute: 'none', withoutTagRoute: 'digest-invalid', metadataDatabase: false },
  'without any route (405)': { tagRoute: 'none', withoutTagRoute: 'unsupported', metadataDatabase: false },
  'without any route (404)': { tagRoute: 'none', withoutTagRoute: 'unknown', metadataDatabase: false },
};

const LEFT = ['e: main-{e}', 'shared: keeper_1', 'single: keeper_2'];

const planSchema = z.object({
  repositories: z.array(
    z.object({
      steps: z.array(z.object({ action: z.string(), digest: z.string(), precondition: z.looseObject({}) })),
      decisions: z.array(z.object({ digest: z.string(), tags: z.array(z.string()), decision: z.string() })),
    }),
  ),
});

describe.runIf(requireDistribution() !== undefined && hasPrograms)('a GitLab', () => {
  let scene: Scene;
  afterEach(async () => {
    expect(await scene.broken()).toEqual([]);
    expect(scene.gitlab.violations).toEqual([]);
    await scene.close();
  });

  async function open(gitlab: GitlabOptions): Promise<void> {
    scene = await openScene({ gitlab });
    scene.push('shared', buildApp('shared'), { tags: ['keeper_1'] });
    scene.push('single', buildOld('single'), { tags: ['keeper_2'] });
    scene.push('parent', buildApp('parent'), { tags: ['branch-parent', 'branch-mother'] });
    scene.push('old', buildOld('old'), { tags: ['branch-old'] });
    scene.build('d');
    scene.build('e');
  }

  let expected: unknown;
  it.each(Object.entries(GITLABS))('%s is planned for and cleaned like any other', async (title, gitlab) => {
    await open(gitlab);
    const plan = await scene.run(['plan', '--plan-file', 'plan.json']);
    expect({ code: plan.code, stderr: plan.stderr }).toMatchObject({ code: 0 });
    const { repositories } = planSchema.parse(JSON.parse(await plan.read('plan.json')));
    expected ??= repositories;
    expect(repositories).toEqual(expected);
    const planned = scene.tell('plan', plan);
    const apply = await scene.run('apply');
    expect({ code: apply.code, stderr: apply.stderr }).toMatchObject({ code: 0 });
    expect(scene.left()).toEqual(LEFT);
    expect(scene.sent('DELETE /v2/group/app/manifests/{')).toEqual([]);
    const file = golden(`age-${title.replaceAll(/[ ()]+/g, '-').replace(/-$/, '')}`);
    await expect(planned + scene.tell('apply', apply)).toMatchFileSnapshot(file);
    scene.images.collectGarbage();
    const again = await scene.run('plan');
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('nothing to delete');
  });

  it('of a Developer with a token of his own is cleaned through the interface alone', async () => {
    await open({});
    const variables = { GITLAB_TOKEN: scene.gitlab.addToken({ kind: 'private', scopes: ['api'], level: 'developer' }) };
    const apply = await scene.run('apply', { variables });
    expect({ code: apply.code, stderr: apply.stderr }).toMatchObject({ code: 0 });
    expect(scene.left()).toEqual(LEFT);
    expect(new Set(scene.sent('DELETE /api/').map((line) => line.split(' ')[2]))).toEqual(new Set(['200']));
    await expect(scene.tell('apply', apply)).toMatchFileSnapshot(golden('age-developer'));
  });
});
