// The same work under every form of names and addresses that GitHub has: users, nested packages, capitals, an Enterprise Server.

import { afterEach, describe, expect, it } from 'vitest';
import { requireProgram } from '../../support/real-parts.ts';
import { golden, openScene, type Scene, type SceneOptions, type SceneRun } from './scene.ts';

describe.runIf(requireProgram('git'))('an apply', () => {
  let scene: Scene;
  afterEach(async () => {
    expect(scene.github.violations).toEqual([]);
    await scene.close();
  });

  const cases: readonly (readonly [string, string, SceneOptions, SceneRun])[] = [
    ["of a user's package", 'user', { owner: 'User' }, {}],
    ['of a package with slashes in its name', 'nested-package', { package: 'team/app/base' }, {}],
    ["of a user's package with slashes in its name", 'nested-user', { package: 'team/app/base/x', owner: 'User' }, {}],
    ['at an Enterprise Server', 'enterprise', { github: { quotas: false } }, { isEnterprise: true }],
  ];

  it.each(cases)('%s deletes what nobody needs', async (_title, file, options, more) => {
    scene = await openScene(options);
    scene.build('d');
    scene.build('e');
    const run = await scene.run('apply', more);
    expect({ code: run.code, deleted: run.outputs['deleted-count'] }).toEqual({ code: 0, deleted: '3' });
    expect(scene.deletes()[0]).toBe('d');
    await expect(scene.tell('apply', run)).toMatchFileSnapshot(golden(`names-${file}`));
  });

  it('takes the name of the repository as GitHub spells it, capitals and all', async () => {
    scene = await openScene({ repository: 'Team/App', package: 'team/app' });
    scene.build('d');
    scene.build('e');
    const repository = `${scene.github.registryHost}/Team/App`;
    const run = await scene.run('apply', { inputs: { repository } });
    expect({ code: run.code, deleted: run.outputs['deleted-count'] }).toEqual({ code: 0, deleted: '3' });
    await expect(scene.tell('apply', run)).toMatchFileSnapshot(golden('names-capitals'));
  });
});
