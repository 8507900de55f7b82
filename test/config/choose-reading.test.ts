import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesSettings } from '../../src/config/settings.ts';
import { hours, parseDuration } from '../../src/model/time.ts';
import type { RawOptions } from '../../src/options.ts';
import { LAPTOP, makeSettingsFolder, type SettingsFolder } from './try-settings.ts';

const BASE = { repository: ['registry.example.com/team/app'], 'without-git': true, 'kube-manifests': ['.'] } as const;

let folder: SettingsFolder;
beforeAll(async () => {
  folder = await makeSettingsFolder();
});
afterAll(() => folder.remove());

async function decide(raw: RawOptions, policy = '') {
  await folder.write('.registry-cleanup.yml', policy);
  const { settings } = await folder.decide({ ...BASE, ...raw }, LAPTOP);
  return settings;
}

async function reading(raw: RawOptions, policy = ''): Promise<KubernetesSettings> {
  const { kubernetes } = await decide(raw, policy);
  if (kubernetes === 'off') throw new Error('Kubernetes is off');
  return kubernetes;
}

async function mistakes(raw: RawOptions, policy = ''): Promise<readonly string[]> {
  await folder.write('.registry-cleanup.yml', policy);
  return folder.listMistakes({ ...BASE, ...raw }, LAPTOP);
}

describe('how clusters are read', () => {
  it('has defaults: an hour, three entries of a stream, ten revisions, nothing ignored', async () => {
    expect(await reading({})).toMatchObject({
      keepYoungerThan: hours(1),
      keepTagRevisions: 3,
      helmHistory: 10,
      ignoreInvalidRefs: false,
      resources: [],
      exclude: [],
    });
  });

  it('is said by the policy file', async () => {
    const policy = `
keepYoungerThan: 96h
keepTagRevisions: 5
kubernetes:
  helmHistory: all
  ignoreInvalidRefs: true
  exclude: [workflows.argoproj.io]
  resources:
    - {group: example.com, version: v1beta1, kind: Widget, paths: ['$.spec.runner', '$..sidecar'], optional: true}
    - {kind: Thing}
`;
    expect(await reading({}, policy)).toMatchObject({
      keepYoungerThan: parseDuration('96h'),
      keepTagRevisions: 5,
      helmHistory: 'all',
      ignoreInvalidRefs: true,
      exclude: ['workflows.argoproj.io'],
      resources: [
        {
          group: 'example.com',
          version: 'v1beta1',
          kind: 'Widget',
          paths: ['$.spec.runner', '$..sidecar'],
          isOptional: true,
        },
        { group: '', kind: 'Thing', paths: [], isOptional: false },
      ],
    });
  });

  it('is said by options, which outrank the file', async () => {
    const policy = 'keepYoungerThan: 96h\nkeepTagRevisions: 5\nkubernetes: {helmHistory: 7, ignoreInvalidRefs: true}';
    const options = {
      'keep-younger-than': '2d',
      'keep-tag-revisions': '1',
      'helm-history': '0',
      'ignore-invalid-refs': 'false',
    };
    expect(await reading(options, policy)).toMatchObject({
      keepYoungerThan: hours(48),
      keepTagRevisions: 1,
      helmHistory: 0,
      ignoreInvalidRefs: false,
    });
    expect(await reading({ 'helm-history': 'all' }, policy)).toMatchObject({ helmHistory: 'all' });
  });

  it('keeps images as young as the user says, and only when he does', async () => {
    expect((await decide({})).policy.recent.within).toBe(hours(2));
    expect((await decide({ 'keep-younger-than': '96h' })).policy.recent.within).toBe(hours(96));
    expect((await decide({ 'keep-younger-than': '30m' })).policy.recent.within).toBe(hours(2));
    const off = 'cleanup: {disableBuiltWithinLastNHoursPolicy: true}';
    expect((await decide({}, off)).policy.recent.within).toBe(0);
    expect((await decide({ 'keep-younger-than': '30m' }, off)).policy.recent.within).toBe(parseDuration('30m'));
  });

  it.each<[string, RawOptions, string]>([
    ['a word for a duration', { 'keep-younger-than': 'soon' }, '--keep-younger-than: got "soon"'],
    ['a negative duration', { 'keep-younger-than': '-1h' }, '--keep-younger-than: got "-1h"'],
    ['no entry of a stream', { 'keep-tag-revisions': '0' }, '--keep-tag-revisions: got "0"'],
    ['half a revision', { 'helm-history': '1.5' }, '--helm-history: got "1.5"'],
    ['less than no revision', { 'helm-history': '-1' }, '--helm-history: got "-1"'],
    ['a flag that is none', { 'ignore-invalid-refs': 'maybe' }, '--ignore-invalid-refs: got "maybe"'],
  ])('refuses %s', async (_name, raw, expected) => {
    expect(await mistakes(raw)).toEqual([expect.stringContaining(expected)]);
  });

  it('refuses all that is wrong in the file at once, with its place', async () => {
    const policy = `
keepTagRevisions: 0
kubernetes:
  helmHistory: some
  exclude: [Secrets!]
  resources:
    - {group: Example, kind: widget, paths: ['$.spec.runner']}
`;
    expect(await mistakes({}, policy)).toEqual([
      '.registry-cleanup.yml:2:19: got 0, expected a whole number, 1 or more',
      '.registry-cleanup.yml:4:16: got "some", expected a whole number, 0 or more, or all',
      '.registry-cleanup.yml:5:13: got "Secrets!", expected a kind as kubectl names it: workflows.argoproj.io',
      '.registry-cleanup.yml:7:15: got "Example", expected an API group: apps.example.com',
      '.registry-cleanup.yml:7:30: got "widget", expected a kind: Widget',
    ]);
  });

  it('refuses a path that is no JSONPath, with the reason', async () => {
    const told = await mistakes({}, "kubernetes: {resources: [{kind: Widget, paths: ['spec.image', '$.spec[']}]}");
    expect(told).toHaveLength(2);
    expect(told[0]).toContain('kubernetes.resources[0].paths[0]');
    expect(told[1]).toContain('kubernetes.resources[0].paths[1]');
  });
});
