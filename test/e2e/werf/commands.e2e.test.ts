// The commands that only repositories of werf's have, and `cleanup.disable`; on a real registry.

import { describe, expect, it } from 'vitest';
import { buildImage } from '../../builders/image.ts';
import { managedRecord, rejectedRecord, serviceRecords } from '../../builders/werf-repository.ts';
import { requireProgram } from '../../support/real-parts.ts';
import { told } from './place.ts';
import { assertCode, fatesOf, SMALL_YAML, type Small, shareRegistry } from './small.ts';

const hasAll = (['docker-registry', 'git'] as const).every(requireProgram);
const { small } = shareRegistry(hasAll);

describe.runIf(hasAll)('purge', () => {
  const full = (name: string): Promise<Small> =>
    small({
      name,
      add: (shelf) => {
        const { maker } = shelf;
        shelf.platforms('multi');
        shelf.stage('used', { parent: shelf.stage('parent') });
        shelf.label('v1', 'new');
        shelf.put(
          rejectedRecord(maker, shelf.stage('broken'), shelf.daysAgo(30)),
          managedRecord(maker, 'backend', shelf.daysAgo(60)),
          ...serviceRecords(maker, shelf.daysAgo(20)),
          { tag: 'latest', manifest: buildImage({ seed: 'latest', created: '2025-01-01T00:00:00Z' }) },
        );
      },
    });
  const words = (at: Small): readonly string[] => [
    'purge',
    '--repository',
    at.repository,
    '--kube-manifests',
    'clusters',
  ];

  it('only shows what would go, until it is confirmed', async () => {
    const at = await full('purge/shown');
    const before = await at.tags();
    const run = await at.runAlone(...words(at));
    assertCode(run, 0);
    expect(run.writes).toEqual([]);
    expect(run.stdout).toContain('--confirm');
    expect(await at.tags()).toEqual(before);
  });

  it('takes everything that werf made, save what clusters run, and leaves what others made', async () => {
    const at = await full('purge/done');
    await at.use(`${at.repository}:${at.shelf.find('used').id}`);
    const run = await at.runAlone(...words(at), '--confirm');
    assertCode(run, 0);
    const left = (await at.tags()).filter((tag) => !/^(?:cleanup|client-id-.*|sync-server)$/.test(tag));
    expect(left).toEqual([at.shelf.find('parent').id, at.shelf.find('used').id, 'latest'].toSorted());
    expect(await at.tags()).toEqual(expect.arrayContaining(['cleanup', 'sync-server']));
  });
});

describe.runIf(hasAll)('managed-images', () => {
  it('lists, adds and removes names; what is not managed any more loses its images', async () => {
    const at = await small({
      name: 'managed/names',
      add: (shelf, commit) => {
        shelf.stage('tool');
        shelf.publish('tools/lint', commit('head'), 'tool');
        shelf.put(managedRecord(shelf.maker, 'tools/lint', shelf.daysAgo(60)));
      },
    });
    const managed = (...words: readonly string[]) =>
      at.runAlone('managed-images', ...words, '--repository', at.repository);
    expect((await managed('ls')).stdout).toBe('tools/lint\n');
    assertCode(await managed('add', '~'), 0);
    const again = await managed('add', '~');
    assertCode(again, 0);
    expect(again.writes).toEqual([]);
    expect((await managed('ls')).stdout.split('\n').toSorted()).toEqual(['', 'tools/lint', '~']);
    expect(await at.tags()).toContain('managed-image-__nameless__');
    expect(fatesOf(await at.run('plan'), at)).toMatchObject({ tool: 'keep' });
    assertCode(await managed('rm', 'tools/lint'), 0);
    expect((await managed('ls')).stdout).toBe('~\n');
    const run = await at.run('plan');
    expect(fatesOf(run, at), told(run)).toMatchObject({ tool: 'delete', new: 'keep' });
  });
});

describe.runIf(hasAll)('cleanup.disable', () => {
  const werfYaml = SMALL_YAML.replace('cleanup:\n', 'cleanup:\n  disable: true\n');
  it('deletes nothing, and says nothing of a cleanup', async () => {
    const at = await small({ name: 'disabled/kept', werfYaml });
    const before = await at.tags();
    const run = await at.run('apply');
    assertCode(run, 0);
    expect(run.writes.filter((line) => line.startsWith('DELETE '))).toEqual([]);
    expect(await at.tags()).toEqual(before);
  });

  it('takes records away, as werf does, only where the policy file says so', async () => {
    const at = await small({
      name: 'disabled/records',
      werfYaml,
      add: (shelf) => shelf.put(managedRecord(shelf.maker, 'backend', shelf.daysAgo(60))),
    });
    await at.write('.registry-cleanup.yml', 'werf: {disabledRecords: delete}\n');
    assertCode(await at.run('apply'), 0);
    const stages = ['new', 'old'].map((name) => at.shelf.find(name).id);
    expect((await at.tags()).filter((tag) => tag !== 'cleanup')).toEqual(stages.toSorted());
  });
});
