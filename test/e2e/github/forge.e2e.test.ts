// What GitHub knows beside Git protects images: pull requests, releases, deployments; and where it cannot be asked, nothing is deleted.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildImage } from '../../builders/image.ts';
import { requireProgram } from '../../support/real-parts.ts';
import { golden, openScene, type Scene } from './scene.ts';

/** Only the newest of main, so that everything else stays by what GitHub knows. */
const POLICY = `cleanup:
  keepPolicies:
    - references: {branch: main}
      imagesPerReference: {last: 1}
images:
  tagPatterns: ['pr-{number}']
  unlinked: delete
guards: {maxDeleteShare: 1}
`;

describe.runIf(requireProgram('git'))('what GitHub knows', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await openScene({ policy: POLICY });
  });
  afterEach(async () => {
    expect(scene.github.violations).toEqual([]);
    await scene.close();
  });

  /** An image of a commit, by its labels. */
  function image(name: string, commit: string, tags: readonly string[] = [name]): void {
    const labels = {
      'org.opencontainers.image.revision': commit,
      'org.opencontainers.image.source': `${scene.github.serverUrl}/team/app`,
    };
    scene.add(name, buildImage({ seed: name, labels }), { tags });
  }

  /** A chain of commits on top of `a` that no branch leads to. */
  function chain(...names: readonly string[]): readonly string[] {
    let parent: string = scene.commit('a');
    return names.map((name, at) => {
      const date = `2026-03-0${at + 1}T12:00:00Z`;
      parent = scene.sandbox.gitAt(date, scene.origin, 'commit-tree', '-m', name, '-p', parent, `${parent}^{tree}`);
      scene.nameCommit(name, parent);
      return parent;
    });
  }

  it('keeps the images of the two newest commits of each open pull request, built on heads or test merges', async () => {
    const [p1 = '', p2 = '', p3 = ''] = chain('p1', 'p2', 'p3');
    scene.repository.addPullRequest({ number: 7, head: p1 });
    const merges = [scene.repository.pullRequests.get(7)?.mergeCommit ?? ''];
    for (const head of [p2, p3]) merges.push(scene.repository.updatePullRequest(7, { head }).mergeCommit ?? '');
    scene.repository.addPullRequest({ number: 6, head: p1, state: 'closed' });
    ['p1', 'p2', 'p3'].forEach((name, at) => {
      image(`head ${name}`, [p1, p2, p3][at] ?? '', [`head-${name}`]);
      image(`merge ${name}`, merges[at] ?? '', [`merge-${name}`]);
    });
    scene.add('open', buildImage({ seed: 'open' }), { tags: ['pr-7'] });
    scene.add('closed', buildImage({ seed: 'closed' }), { tags: ['pr-6'] });
    image('e', scene.commit('e'));
    const run = await scene.run('apply');
    expect(run.code).toBe(0);
    await expect(scene.tell('apply', run)).toMatchFileSnapshot(golden('pull-requests'));
    expect(scene.left()).toEqual([
      'e: e',
      'head p2: head-p2',
      'head p3: head-p3',
      'merge p2: merge-p2',
      'merge p3: merge-p3',
      'open: pr-7',
    ]);
  });

  it('keeps releases, and what is or was lately active in each environment', async () => {
    const [preview = ''] = chain('preview');
    for (const name of ['a', 'b', 'c', 'd', 'e']) image(name, scene.commit(name));
    image('preview', preview);
    scene.repository.addRelease({ tag: 'v1' });
    scene.repository.addDeployment({
      environment: 'production',
      commit: scene.commit('b'),
      states: ['success', 'inactive'],
    });
    scene.repository.addDeployment({
      environment: 'production',
      commit: scene.commit('c'),
      states: ['in_progress', 'failure'],
    });
    scene.repository.addDeployment({ environment: 'production', commit: scene.commit('e') });
    scene.repository.addDeployment({ environment: 'preview/7', commit: preview });
    const run = await scene.run('apply');
    expect(run.code).toBe(0);
    for (const word of ['v1', 'production', 'preview/7']) expect(run.summary).toContain(word);
    await expect(scene.tell('apply', run)).toMatchFileSnapshot(golden('releases-and-deployments'));
    expect(scene.left()).toEqual(['a: a', 'b: b', 'e: e', 'preview: preview']);
  });

  it.each([
    ['deployments', 'deployments: read', 'deployments'],
    ['pull-requests', 'pull-requests: read', 'pullRequests'],
    ['contents', 'contents: read', undefined],
  ] as const)(
    'and may not tell without the permission %s stops the run, and says what to do',
    async (permission, words, key) => {
      for (const name of ['d', 'e']) image(name, scene.commit(name));
      const before = scene.left();
      const token = scene.github.addToken({ kind: 'workflow', permissions: { [permission]: 'none' } });
      const run = await scene.run('apply', { token });
      expect(run.code).toBe(5);
      expect(scene.deletes()).toEqual([]);
      expect(scene.left()).toEqual(before);
      expect(run.stdout).toContain(words);
      expect(run.summary).toContain(words);
      if (key !== undefined) expect(run.summary).toMatch(new RegExp(`${key}: false`));
      await expect(scene.tell('apply', run)).toMatchFileSnapshot(golden(`without-${permission}`));
    },
  );

  it.each([[true], [false]])(
    'and Git does not is fetched again once, and stops the run when it stays so: %s',
    async (isPassing) => {
      for (const name of ['d', 'e']) image(name, scene.commit(name));
      scene.repository.refsInApiOnly.set('refs/heads/lost', '1'.repeat(40));
      let lists = 0;
      scene.github.onRequest = (request) => {
        lists += request.path.startsWith('/repos/team/app/branches') ? 1 : 0;
        if (isPassing && lists > 1) scene.repository.refsInApiOnly.delete('refs/heads/lost');
        return undefined;
      };
      const run = await scene.run('apply');
      expect(run.code).toBe(isPassing ? 0 : 5);
      expect(scene.deletes()).toEqual(isPassing ? ['d'] : []);
      expect(lists).toBe(2);
      await expect(scene.tell('apply', run)).toMatchFileSnapshot(
        golden(isPassing ? 'branch-found-again' : 'branch-lost'),
      );
    },
  );
});
