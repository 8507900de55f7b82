// What went wrong with werf once and cost somebody images, and does not happen here; on a real registry. What is not here is in the other
// files of this folder: the final repository, init containers, tags off branches, digests of platforms, what a dry run writes.

import { describe, expect, it } from 'vitest';
import { importRecord, managedRecord, pushTagged, rejectedRecord } from '../../builders/werf-repository.ts';
import { requireProgram } from '../../support/real-parts.ts';
import { decisionsOf, told } from './place.ts';
import { assertCode, fatesOf, SMALL_YAML, shareRegistry } from './small.ts';

const hasAll = (['docker-registry', 'git'] as const).every(requireProgram);
const { server, small } = shareRegistry(hasAll);
const UNKNOWN_COMMIT = '0123456789abcdef0123456789abcdef01234567';
/** A quarter of an hour. */
const JUST_NOW = 0.01;

describe.runIf(hasAll)('what was built within the last hours', () => {
  it('keeps its ancestors, its base image, and what its files came from (werf 6438, 7cffc4b86)', async () => {
    const at = await small({
      name: 'bugs/recent',
      add: (shelf) => {
        const imported = shelf.stage('imported');
        shelf.stage('fresh', {
          days: JUST_NOW,
          parent: shelf.stage('parent', { parent: shelf.stage('grandparent') }),
          baseImage: shelf.stage('base'),
          sources: { a1: shelf.stage('source') },
          checksums: { b2: 'sum' },
          dependencies: [shelf.stage('dependency')],
        });
        shelf.put(importRecord(shelf.maker, { source: imported, checksum: 'sum', at: shelf.daysAgo(60) }));
        shelf.stage('nobody’s');
      },
    });
    const fates = fatesOf(await at.run('plan'), at);
    const relatives = ['imported', 'parent', 'grandparent', 'base', 'source', 'dependency'];
    for (const name of ['fresh', ...relatives]) expect({ name, fate: fates[name] }).toEqual({ name, fate: 'keep' });
    expect(fates).toMatchObject({ old: 'delete', 'nobody’s': 'delete' });
  });

  it('keeps all platforms of an index, and an index for the sake of one (werf 6913)', async () => {
    const at = await small({
      name: 'bugs/platforms',
      add: (shelf, commit) => {
        shelf.platforms('fresh', JUST_NOW);
        shelf.platforms('before');
        shelf.publish('worker', commit('gone'), 'before');
      },
    });
    const fates = fatesOf(await at.run('plan'), at);
    for (const part of ['', ' amd64', ' arm64'])
      expect([fates[`fresh${part}`], fates[`before${part}`]]).toEqual(['keep', 'delete']);
  });

  it('is nothing at all where werf.yaml says zero hours', async () => {
    const at = await small({
      name: 'bugs/zero',
      werfYaml: SMALL_YAML.replace('cleanup:\n', 'cleanup:\n  keepImagesBuiltWithinLastNHours: 0\n'),
      add: (shelf) => {
        shelf.stage('fresh', { days: JUST_NOW });
        shelf.publish('backend', UNKNOWN_COMMIT, 'fresh', JUST_NOW);
      },
    });
    expect(fatesOf(await at.run('plan'), at)).toEqual({ new: 'keep', old: 'delete', fresh: 'delete' });
  });
});

describe.runIf(hasAll)('records that are missing', () => {
  it('delete nothing when there are none at all, as when the meta repository was forgotten (werf 7739)', async () => {
    const at = await small({ name: 'bugs/forgotten', meta: 'bugs/forgotten-meta', version: '3' });
    const run = await at.run('plan');
    expect(fatesOf(run, at), told(run)).toEqual({ new: 'keep', old: 'keep' });
    expect(run.report?.plan?.repositories[0]?.remarks.map(({ code }) => code)).toContain('no-records');
  });

  it('are not missed where Git is not asked: the other rules decide, and records stay with their image', async () => {
    const at = await small({
      name: 'bugs/without-git',
      add: (shelf) => void shelf.stage('fresh', { days: JUST_NOW }),
      werfYaml: SMALL_YAML.replace('cleanup:\n', 'cleanup:\n  disableGitHistoryBasedPolicy: true\n'),
    });
    await at.write('keep-list', `${at.shelf.find('old').id}\n`);
    // Not at.run: a clone that is named is asked, whatever werf.yaml says.
    const words = ['--repository', at.repository, '--kube-manifests', 'clusters', '--max-delete-share', '1'];
    const run = await at.runAlone('apply', ...words, '--keep-list', 'keep-list', '--report-file', 'report.json');
    assertCode(run, 0);
    expect(fatesOf(run, at)).toEqual({ new: 'delete', old: 'keep', fresh: 'keep' });
    const records = (await at.tags()).filter((tag) => tag.startsWith('meta-'));
    expect(records).toHaveLength(1);
    expect(records[0]).toContain(at.shelf.find('old').id);
  });

  it('of an image that only other branches know keep it, as long as it is managed (werf 1643)', async () => {
    const at = await small({
      name: 'bugs/managed',
      add: (shelf, commit) => {
        for (const name of ['only/elsewhere', 'nowhere']) {
          shelf.stage(name);
          shelf.publish(name, commit('head'), name);
        }
        shelf.put(managedRecord(shelf.maker, 'only/elsewhere', shelf.daysAgo(60)));
      },
    });
    const fates = fatesOf(await at.run('plan'), at);
    expect(fates).toMatchObject({ 'only/elsewhere': 'keep', nowhere: 'delete' });
  });
});

describe.runIf(hasAll)('custom tags and markers', () => {
  it('a custom tag that moved to another stage stays with that one (werf 5185)', async () => {
    const at = await small({ name: 'bugs/moved', add: (shelf) => void shelf.label('production', 'old') });
    await pushTagged(server().origin, at.name, [{ tag: 'production', manifest: at.shelf.find('new').manifest }]);
    assertCode(await at.run('apply'), 0);
    const tags = await at.tags();
    expect(tags).toEqual(expect.arrayContaining(['production', at.shelf.find('new').id]));
    expect(tags).not.toContain(at.shelf.find('old').id);
  });

  it('a marker of a broken stage that is gone goes, when it is old (werf 3218)', async () => {
    const at = await small({ name: 'bugs/marker' });
    const { maker } = at.shelf;
    const broken = at.shelf.stage('never pushed');
    await pushTagged(server().origin, at.name, [rejectedRecord(maker, broken, at.shelf.daysAgo(30))]);
    assertCode(await at.run('apply'), 0);
    expect(await at.tags()).not.toContain(`${broken.id}-rejected`);
  });

  it('an image that a cluster runs takes its place among the newest, and its own records say so (werf 3400)', async () => {
    const at = await small({ name: 'bugs/slots' });
    await at.use(`${at.repository}:${at.shelf.find('new').id}`);
    const run = await at.run('plan');
    expect(fatesOf(run, at)).toEqual({ new: 'keep', old: 'delete' });
    const rules = decisionsOf(run)
      .get(at.shelf.find('new').id)
      ?.reasons.map(({ rule }) => rule);
    expect(rules).toEqual(expect.arrayContaining(['kubernetes', 'git']));
  });
});
