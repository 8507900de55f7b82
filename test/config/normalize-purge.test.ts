import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { normalizePurge } from '../../src/config/normalize-purge.ts';
import type { RawOptions } from '../../src/options.ts';
import { LAPTOP } from './try-settings.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purge-settings-'));
});
afterEach(() => rm(folder, { recursive: true }));

const decide = async (raw: RawOptions = {}) =>
  (
    await normalizePurge(
      { command: 'purge', repository: ['registry.example.com/shop/app'], 'without-kube': true, ...raw },
      { ...LAPTOP, workingDirectory: folder },
    )
  ).settings;

describe('the settings of a purge', () => {
  it('are those of a plan until it is confirmed, by a policy of its own and without Git', async () => {
    expect(await decide()).toMatchObject({
      command: 'plan',
      git: 'off',
      forge: 'off',
      kubernetes: 'off',
      policy: {
        purge: true,
        git: { enabled: false },
        guards: { maxDeleteShare: 1, allowDeleteAll: true },
        untag: false,
      },
    });
    expect(await decide({ confirm: true })).toMatchObject({ command: 'apply', policy: { purge: true } });
  });

  it('take pins, guards of evidence and mirrors from the policy file, and nothing from cleanup', async () => {
    const text = `
cleanup:
  disable: true
  disableKubernetesBasedPolicy: true
pins: {tags: [keep-me]}
kubernetes: {mirrors: {mirror.example.com: registry.example.com}}
guards: {maxDeleteShare: 0.1}
`;
    await writeFile(join(folder, '.registry-cleanup.yml'), text);
    await writeFile(join(folder, 'pods.yaml'), '');
    const settings = await decide({ 'without-kube': false, 'kube-manifests': ['.'] });
    expect(settings.kubernetes).not.toBe('off');
    expect(settings.policy).toMatchObject({
      kubernetes: { enabled: true, mirrors: new Map([['mirror.example.com', 'registry.example.com']]) },
      pins: { tags: ['keep-me'] },
      guards: { maxDeleteShare: 1 },
      werf: { disabled: 'no' },
    });
  });

  it.each<[what: string, raw: RawOptions, told: string]>([
    ['an option about what Git keeps', { 'without-git': true }, '--without-git: only for plan'],
    ['a share that does not count', { 'max-delete-share': '0.5' }, '--max-delete-share: only for plan'],
    ['no cluster named in CI', { 'without-kube': false }, 'kube'],
    ['metrics of what is only shown', { metrics: 'm.prom' }, '--metrics: only with confirm'],
    ['metrics without a cluster', { metrics: 'm.prom', confirm: true }, 'no cluster is asked'],
  ])('are wrong with %s', async (_what, raw, told) => {
    const source = { ...LAPTOP, environment: { CI: 'true' }, workingDirectory: folder };
    const words = { command: 'purge', repository: ['example.com/app'], 'without-kube': true, ...raw };
    await expect(normalizePurge(words, source)).rejects.toThrow(told);
  });
});
