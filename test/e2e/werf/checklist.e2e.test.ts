// What a tool must do to clean repositories of werf's, point by point, on a real registry: tags, settings, records of the repository itself,
// broken stages. `checklist-sources.e2e.test.ts` goes on.

import { describe, expect, it, onTestFinished } from 'vitest';
import { buildImage } from '../../builders/image.ts';
import { rejectedRecord, serviceRecords } from '../../builders/werf-repository.ts';
import { stageDigest } from '../../builders/werf-words.ts';
import { requireProgram } from '../../support/real-parts.ts';
import { decisionsOf, type PlaceRun, told } from './place.ts';
import { readCleanupTime } from './read-cleanup-time.ts';
import { startRefusingProxy } from './refusing-proxy.ts';
import { assertCode, fatesOf, SMALL_YAML, type Small, type SmallOptions, shareRegistry } from './small.ts';

const hasAll = (['docker-registry', 'git'] as const).every(requireProgram);
const { server, small } = shareRegistry(hasAll);

async function plan(options: SmallOptions): Promise<PlaceRun & { readonly at: Small }> {
  const at = await small(options);
  const run = await at.run('plan');
  assertCode(run, 0);
  expect(run.writes).toEqual([]);
  return { ...run, at };
}

const rulesOf = (run: PlaceRun, tag: string): readonly string[] =>
  decisionsOf(run)
    .get(tag)
    ?.reasons.map(({ rule }) => rule) ?? [];

const yamlOf = (...policies: readonly string[]): string =>
  SMALL_YAML.replace(/ {2}- references[\s\S]*?last: 1}\n/, policies.map((policy) => `  - ${policy}\n`).join(''));

const plain = (tag: string) => ({ tag, manifest: buildImage({ seed: tag, created: '2025-01-01T00:00:00Z' }) });

describe.runIf(hasAll)('1. tags', () => {
  it.each(['1.2', '2', '3'] as const)('recognises stages, indexes and records of werf %s', async (version) => {
    const run = await plan({
      name: `tags/v${version.replace('.', '-')}`,
      version,
      add: (shelf, commit) => {
        shelf.platforms('multi');
        shelf.publish('worker', commit('head'), 'multi');
        shelf.platforms('multi before');
        shelf.publish('worker', commit('second'), 'multi before');
      },
    });
    const [keep, gone] = ['keep', 'delete'];
    expect(fatesOf(run, run.at)).toEqual({
      new: keep,
      old: gone,
      multi: keep,
      'multi amd64': keep,
      'multi arm64': keep,
      'multi before': gone,
      'multi before amd64': gone,
      'multi before arm64': gone,
    });
    const records = [...decisionsOf(run)].filter(([tag]) => tag.startsWith('meta-'));
    expect(records.map(([, { isRecord }]) => isRecord)).toEqual([true, true, true, true]);
    expect(run.report?.plan?.repositories[0]?.totals.records).toEqual({ kept: 2, deleted: 2 });
    expect(run.report?.totals).toMatchObject({ kept: 4, deleted: 4 });
  });

  it('takes nothing for a stage by its shape alone', async () => {
    const hex = stageDigest('of somebody else');
    const run = await plan({
      name: 'tags/shapes',
      add: (shelf) => shelf.put(plain(hex), plain(`${hex}-1234567890123`), plain(`${hex.toUpperCase()}-1234567890123`)),
    });
    for (const tag of [hex, `${hex}-1234567890123`, `${hex.toUpperCase()}-1234567890123`])
      expect(rulesOf(run, tag)).toContain('foreign');
  });

  it('leaves foreign tags alone, unless asked not to', async () => {
    const at = await small({ name: 'tags/foreign', add: (shelf) => shelf.put(plain('latest')) });
    const kept = await at.run('plan');
    expect(rulesOf(kept, 'latest')).toEqual(['foreign']);
    await at.write('.registry-cleanup.yml', 'werf: {foreign: decide}\nimages: {unlinked: delete}\n');
    const decided = await at.run('plan');
    expect(decisionsOf(decided).get('latest')?.decision, told(decided)).toBe('delete');
    expect(fatesOf(decided, at)).toEqual({ new: 'keep', old: 'delete' });
  });
});

describe.runIf(hasAll)('2. settings', () => {
  it('reads the policies of the first document though templates stand elsewhere', async () => {
    const werfYaml = `${SMALL_YAML}---\n{{- range $name := list "a" "b" }}\nimage: {{ $name }}\n{{ end }}\n`;
    const run = await plan({ name: 'settings/templates', werfYaml });
    expect(fatesOf(run, run.at)).toEqual({ new: 'keep', old: 'delete' });
  });

  it('says to render policies that are templates themselves, and where', async () => {
    const werfYaml = SMALL_YAML.replace('last: 1', 'last: {{ .Values.last }}');
    const run = await (await small({ name: 'settings/templated', werfYaml })).run('plan');
    assertCode(run, 2);
    expect(run.stderr).toMatch(/werf\.yaml.*:6/);
    expect(run.stderr).toContain('render');
    expect(run.requests).toBe(0);
  });

  const one = 'imagesPerReference: {last: 1}';
  it.each<[what: string, name: string, policies: readonly string[], fates: Readonly<Record<string, string>>]>([
    [
      'anchors /a|b/ as "begins with a, or ends with b"',
      'anchors',
      [`references: {branch: '/main|topic/'}\n    ${one}`],
      { new: 'keep', old: 'delete', topic: 'keep' },
    ],
    [
      'goes by the last policy that selects a branch',
      'last-wins',
      ['references: {branch: main}\n    imagesPerReference: {last: 5}', `references: {branch: '/m.*/'}\n    ${one}`],
      { new: 'keep', old: 'delete', topic: 'delete' },
    ],
    [
      'goes by the last policy also where that is the wider one',
      'last-wins-wide',
      [`references: {branch: '/m.*/'}\n    ${one}`, 'references: {branch: main}\n    imagesPerReference: {last: 5}'],
      { new: 'keep', old: 'keep', topic: 'delete' },
    ],
    [
      'keeps nothing for a reference that is to have no image',
      'zero',
      [
        'references: {branch: main}\n    imagesPerReference: {last: 0}',
        `references: {branch: feature/topic}\n    ${one}`,
      ],
      { new: 'delete', old: 'delete', topic: 'keep' },
    ],
    [
      'takes a missing limit of two with Or for all references',
      'or',
      [`references: {branch: '/.*/', limit: {in: 96h, operator: Or}}\n    ${one}`],
      { new: 'keep', old: 'keep', topic: 'keep' },
    ],
    [
      'takes a missing limit of two with And for no limit',
      'and',
      [`references: {branch: '/.*/', limit: {in: 96h, operator: And}}\n    ${one}`],
      { new: 'delete', old: 'delete', topic: 'keep' },
    ],
    ['keeps ten of main when there is no policy', 'default', [], { new: 'keep', old: 'keep', topic: 'keep' }],
  ])('%s', async (_what, name, policies, fates) => {
    const run = await plan({
      name: `settings/${name}`,
      werfYaml: policies.length === 0 ? yamlOf().replace('cleanup:\n  keepPolicies:\n', '') : yamlOf(...policies),
      add: (shelf, commit) => {
        shelf.stage('topic');
        shelf.publish('backend', commit('topic'), 'topic');
      },
    });
    expect(fatesOf(run, run.at)).toEqual(fates);
  });
});

describe.runIf(hasAll)('3. what is about the repository itself', () => {
  it.each<[what: string, name: string, words: (host: string) => readonly string[], code: number]>([
    ['stops without the meta repository that the marker names', 'without', () => [], 5],
    ['stops with another one', 'other', (host) => ['--meta-repo', `${host}/somewhere/else`], 5],
    ['goes on with the right one', 'right', (host) => ['--meta-repo', `${host}/meta/right-meta`], 0],
  ])('%s', async (_what, name, words, code) => {
    const address = `${server().host}/meta/${name}-meta`;
    const at = await small({
      name: `meta/${name}`,
      meta: `meta/${name}-meta`,
      version: '3',
      add: (shelf) => shelf.put(...serviceRecords(shelf.maker, shelf.daysAgo(20), address)),
    });
    const run = await at.run('plan', ...words(server().host));
    assertCode(run, code);
    expect(run.writes).toEqual([]);
    if (code === 0) expect(fatesOf(run, at)).toEqual({ new: 'keep', old: 'delete' });
    else expect(run.stderr).toContain(address);
  });

  it('deletes records in the meta repository, leaves the marker, and says there when it cleaned', async () => {
    const meta = 'meta/applied-meta';
    const address = `${server().host}/${meta}`;
    const at = await small({
      name: 'meta/applied',
      meta,
      version: '3',
      add: (shelf) => shelf.put(...serviceRecords(shelf.maker, shelf.daysAgo(20), address)),
    });
    const [before, run] = [Date.now(), await at.run('apply', '--meta-repo', address)];
    assertCode(run, 0);
    expect(await at.tags()).toEqual([at.shelf.find('new').id, 'werf-meta-repo-marker-shop'].toSorted());
    const left = (await at.tags(meta)).filter((tag) => tag !== 'cleanup');
    expect(left).toHaveLength(1);
    expect(left[0]).toContain(at.shelf.find('new').id);
    expect(await readCleanupTime(at, meta)).toBeGreaterThanOrEqual(before);
  });

  it('says when it cleaned after an apply, and neither after a plan nor when a guard refused', async () => {
    const at = await small({ name: 'service/time' });
    assertCode(await at.run('plan'), 0);
    assertCode(await at.run('apply', '--max-delete-share', '0.01'), 6);
    expect(await readCleanupTime(at)).toBeUndefined();
    const before = Date.now();
    assertCode(await at.run('apply'), 0);
    expect(await readCleanupTime(at)).toBeGreaterThanOrEqual(before);
  });
});

describe.runIf(hasAll)('4. broken stages, and digests with several tags', () => {
  it('keeps the marker of a broken stage until the stage is gone', async () => {
    const proxy = await startRefusingProxy(server().host);
    onTestFinished(() => proxy.stop());
    const at = await small({
      name: 'broken/marker',
      host: proxy.host,
      add: (shelf, commit) => {
        const stage = shelf.stage('broken');
        shelf.publish('backend', commit('head'), 'broken');
        shelf.label('alias', 'broken');
        shelf.put(rejectedRecord(shelf.maker, stage, shelf.daysAgo(3)));
      },
    });
    const { id, manifest } = at.shelf.find('broken');
    proxy.refuses = (line) => line === `DELETE /v2/broken/marker/manifests/${manifest.digest}`;
    assertCode(await at.run('apply'), 1);
    expect(await at.tags()).toEqual(expect.arrayContaining([id, 'alias', `${id}-rejected`]));
    proxy.refuses = () => false;
    assertCode(await at.run('apply'), 0);
    const tags = await at.tags();
    for (const tag of [id, 'alias', `${id}-rejected`]) expect(tags).not.toContain(tag);
  });

  it('keeps a manifest with two stages’ tags when one of them is needed, and both tags', async () => {
    const at = await small({
      name: 'broken/shared',
      add: (shelf, commit) => {
        shelf.stage('twin', { sameAs: shelf.find('new') });
        shelf.publish('backend', commit('second'), 'twin');
      },
    });
    assertCode(await at.run('apply'), 0);
    expect(await at.tags()).toEqual(expect.arrayContaining([at.shelf.find('new').id, at.shelf.find('twin').id]));
  });
});
