// The checklist goes on: Git, clusters, the final repository, and what is told of failures.

import { describe, expect, it, onTestFinished } from 'vitest';
import { buildStage, pushTagged } from '../../builders/werf-repository.ts';
import { requireProgram } from '../../support/real-parts.ts';
import { decisionsOf, type PlaceRun, told } from './place.ts';
import { startRefusingProxy } from './refusing-proxy.ts';
import { assertCode, fatesOf, SMALL_YAML, shareRegistry } from './small.ts';

const hasAll = (['docker-registry', 'git'] as const).every(requireProgram);
const { server, small } = shareRegistry(hasAll);

const rulesOf = (run: PlaceRun, tag: string, repository = 0): readonly string[] =>
  decisionsOf(run, repository)
    .get(tag)
    ?.reasons.map(({ rule }) => rule) ?? [];

describe.runIf(hasAll)('5. Git', () => {
  it('finds tags that no branch leads to, and that were pushed after the clone was made', async () => {
    const at = await small({
      name: 'git/tags',
      werfYaml: SMALL_YAML.replace('keepPolicies:\n', "keepPolicies:\n  - references: {tag: '/v0.*/'}\n"),
      add: (shelf, commit) => {
        shelf.stage('released');
        shelf.publish('backend', commit('release'), 'released');
      },
    });
    expect(at.history.sandbox.git(at.history.clone, 'tag', '--list', 'v0*')).toBe('');
    const run = await at.run('plan');
    assertCode(run, 0);
    expect(fatesOf(run, at)).toEqual({ new: 'keep', old: 'delete', released: 'keep' });
  });

  it('decides the same from a shallow clone', async () => {
    const at = await small({
      name: 'git/shallow',
      werfYaml: SMALL_YAML.replace('last: 1', 'last: 2'),
      add: (shelf, commit) => {
        shelf.stage('at third');
        shelf.publish('backend', commit('third'), 'at third');
      },
    });
    const shallow = at.history.sandbox.clone(at.history.origin, 'shallow', '--depth', '1');
    const run = await at.run('plan', '--git-dir', shallow);
    assertCode(run, 0);
    expect(fatesOf(run, at)).toEqual({ new: 'keep', old: 'delete', 'at third': 'keep' });
  });

  it('keeps what was just built from a commit that nobody knows yet, with its record', async () => {
    const at = await small({
      name: 'git/unpushed',
      add: (shelf) => {
        shelf.stage('unpushed', { days: 0.01 });
        shelf.publish('backend', '0123456789abcdef0123456789abcdef01234567', 'unpushed', 0.01);
      },
    });
    assertCode(await at.run('apply'), 0);
    const tags = (await at.tags()).filter((tag) => tag.includes(at.shelf.find('unpushed').id));
    expect(tags).toHaveLength(2);
  });

  it('keeps an old stage that was published again just now', async () => {
    const at = await small({
      name: 'git/reused',
      add: (shelf) => {
        shelf.stage('reused');
        shelf.publish('backend', '0123456789abcdef0123456789abcdef01234567', 'reused', 0.01);
      },
    });
    const run = await at.run('plan');
    expect(rulesOf(run, at.shelf.find('reused').id), told(run)).toContain('recent');
  });
});

describe.runIf(hasAll)('6. Kubernetes', () => {
  it.each<[how: string, name: string, image: (repository: string, id: string, digest: string) => string]>([
    ['a tag and a digest', 'both', (repository, id, digest) => `${repository}:${id}@${digest}`],
    ['a digest alone', 'digest', (repository, _id, digest) => `${repository}@${digest}`],
    [
      'the same path on another host, which passes it on',
      'host',
      (repository, id) => `${repository.replace(/^[^/]+/, 'mirror.example.com')}:${id}`,
    ],
  ])('understands %s', async (_how, name, image) => {
    const at = await small({ name: `kubernetes/${name}` });
    const { id, manifest } = at.shelf.find('old');
    await at.use(image(at.repository, id, manifest.digest));
    const run = await at.run('plan');
    assertCode(run, 0);
    expect(rulesOf(run, id)).toContain('kubernetes');
  });

  it('takes images in kinds that nobody has told it of', async () => {
    const at = await small({ name: 'kubernetes/custom' });
    const rollout = { apiVersion: 'example.com/v1', kind: 'Rollout', metadata: { name: 'web', namespace: 'shop' } };
    const spec = { stages: [{ container: { image: `${at.repository}:${at.shelf.find('old').id}` } }] };
    await at.write('clusters/rollout.json', JSON.stringify({ ...rollout, spec }));
    const run = await at.run('plan');
    expect(rulesOf(run, at.shelf.find('old').id), told(run)).toContain('kubernetes');
  });

  it('stops at a cluster that does not answer, before anything is deleted', async () => {
    const at = await small({ name: 'kubernetes/unreachable' });
    const cluster = { name: 'far', cluster: { server: 'http://127.0.0.1:9' } };
    const context = { name: 'far', context: { cluster: 'far', user: 'far' } };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [cluster],
      contexts: [context],
      'current-context': 'far',
    };
    await at.write('kubeconfig', JSON.stringify({ ...config, users: [{ name: 'far', user: {} }] }));
    const before = await at.tags();
    const run = await at.run('apply', '--kube-config', 'kubeconfig');
    assertCode(run, 5);
    expect(run.writes).toEqual([]);
    expect(await at.tags()).toEqual(before);
  });
});

describe.runIf(hasAll)('7. the final repository', () => {
  it('keeps the copies of what stays and of what runs from it, deletes those of what goes and what nobody knows', async () => {
    const final = 'final/copies';
    const at = await small({
      name: 'final/primary',
      add: (shelf, commit) => {
        for (const stage of ['used copy', 'used copy by custom tag']) {
          shelf.stage(stage);
          shelf.publish('backend', commit('gone'), stage);
        }
      },
    });
    const orphan = buildStage(at.shelf.maker, { seed: 'orphan', at: at.shelf.daysAgo(60) });
    const young = buildStage(at.shelf.maker, { seed: 'young orphan', at: at.shelf.daysAgo(1) });
    const names = ['new', 'old', 'used copy', 'used copy by custom tag'];
    const custom = at.shelf.find('used copy by custom tag');
    await pushTagged(server().origin, final, [...names.map(at.shelf.find), orphan, young]);
    await pushTagged(server().origin, final, [{ tag: 'in-production', manifest: custom.manifest }]);
    // As a build does: the tag is in the final repository, and its record in the primary one.
    const [, record] = at.shelf.label('in-production', 'used copy by custom tag');
    await pushTagged(server().origin, at.name, [record]);
    const address = `${server().host}/${final}`;
    await at.use(`${address}:${at.shelf.find('used copy').id}`, `${address}:in-production`);

    const run = await at.run('apply', '--final-repo', address);
    assertCode(run, 0);
    const kept = ['new', 'used copy', 'used copy by custom tag'].map((name) => at.shelf.find(name).id);
    expect(await at.tags(final)).toEqual([...kept, young.id, 'in-production'].toSorted());
    expect((await at.tags()).filter((tag) => /^[0-9a-f]{56}-\d{13}$/.test(tag))).toEqual(kept.toSorted());
    expect(rulesOf(run, kept[0] ?? '', 1)).toContain('counterpart');
    expect(rulesOf(run, at.shelf.find('old').id, 1)).toContain('counterpart-goes');
    const again = await at.run('plan', '--final-repo', address);
    expect(again.report?.totals, told(again)).toMatchObject({ deleted: 0 });
  });

  it('takes copies of what goes out of cache repositories, and leaves what stays', async () => {
    const cache = 'final/cache';
    const at = await small({ name: 'final/cached' });
    await pushTagged(server().origin, cache, ['new', 'old'].map(at.shelf.find));
    assertCode(await at.run('apply', '--cache-repo', `${server().host}/${cache}`), 0);
    expect(await at.tags(cache)).toEqual([at.shelf.find('new').id]);
  });
});

describe.runIf(hasAll)('8. failures', () => {
  it('ends in 1 when some deletions failed, and says which, why each image goes, and what it frees', async () => {
    const proxy = await startRefusingProxy(server().host);
    onTestFinished(() => proxy.stop());
    const at = await small({
      name: 'failures/some',
      host: proxy.host,
      add: (shelf, commit) => {
        shelf.stage('older');
        shelf.publish('backend', commit('first'), 'older');
      },
    });
    const { digest } = at.shelf.find('old').manifest;
    proxy.refuses = (line) => line === `DELETE /v2/failures/some/manifests/${digest}`;
    const run = await at.run('apply');
    assertCode(run, 1);
    expect(fatesOf(run, at)).toEqual({ new: 'keep', old: 'delete', older: 'delete' });
    expect(run.report?.totals).toMatchObject({ deleted: 1, failed: 1 });
    expect(run.report?.totals.reclaimableBytes).toBeGreaterThan(0);
    expect(run.stdout).toContain(at.shelf.find('old').id.slice(0, 20));
    for (const { reasons } of decisionsOf(run).values()) expect(reasons[0]?.text).toMatch(/\w/);
    const tags = await at.tags();
    expect(tags).toContain(at.shelf.find('old').id);
    expect(tags.filter((tag) => tag.includes(at.shelf.find('old').id))).toHaveLength(2);
    expect(tags).not.toContain(at.shelf.find('older').id);
  });
});
