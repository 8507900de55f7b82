import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatRepository } from '../../src/model/reference.ts';
import type { RawOptions } from '../../src/options.ts';
import { JOB, LAPTOP, makeSettingsFolder, type SettingsFolder } from './try-settings.ts';

let folder: SettingsFolder;
beforeAll(async () => {
  folder = await makeSettingsFolder();
});
afterAll(() => folder.remove());

const REPOSITORY = 'registry.example.com/shop/app';
const WORDS: RawOptions = { command: 'plan', repository: [REPOSITORY], 'without-git': true, 'without-kube': true };

const targetsOf = async (raw: RawOptions, source = LAPTOP) => {
  const { settings } = await folder.decide({ ...WORDS, ...raw }, source);
  return settings.repositories.map(({ repository, role }) => [formatRepository(repository), role?.kind, role?.of]);
};

describe('the other repositories of a project of werf', () => {
  it('stand after the one that is cleaned, records last, and belong to it', async () => {
    const raw: RawOptions = {
      'meta-repo': 'registry.example.com/shop/meta',
      'cache-repo': ['registry.example.com/shop/cache', 'localhost:5000/cache'],
      'final-repo': 'registry.example.com/shop/final',
    };
    expect(await targetsOf(raw)).toEqual([
      [REPOSITORY, undefined, undefined],
      ['registry.example.com/shop/final', 'final', REPOSITORY],
      ['registry.example.com/shop/cache', 'cache', REPOSITORY],
      ['localhost:5000/cache', 'cache', REPOSITORY],
      ['registry.example.com/shop/meta', 'meta', REPOSITORY],
    ]);
  });

  it('are read as any repository: lower case on GitHub, known providers, layouts', async () => {
    const raw: RawOptions = {
      repository: ['ghcr.io/shop/app'],
      'final-repo': 'ghcr.io/Shop/Final',
      'meta-repo': 'oci-layout:./meta=example.com/meta',
      username: 'someone',
      password: 'ghp_0123456789012345678901234567890123456',
    };
    const { settings, notes } = await folder.decide({ ...WORDS, ...raw }, LAPTOP);
    expect(settings.repositories[1]).toMatchObject({ kind: 'registry', provider: 'github', role: { kind: 'final' } });
    expect(formatRepository(settings.repositories[1]?.repository ?? never())).toBe('ghcr.io/shop/final');
    expect(settings.repositories[2]).toMatchObject({ kind: 'oci-layout', role: { kind: 'meta' } });
    expect(notes.join()).toContain('ghcr.io/Shop/Final is taken as ghcr.io/shop/final');
  });

  it('belong to the repository of the job where none is named', async () => {
    const raw: RawOptions = { 'final-repo': 'registry.example.com:5050/team/sub/final' };
    const { repository: _none, ...words } = WORDS;
    const { settings } = await folder.decide({ ...words, ...raw, 'without-forge': true }, JOB);
    expect(settings.repositories.map(({ role }) => role?.of)).toEqual([
      undefined,
      'registry.example.com:5050/team/sub/app',
    ]);
  });

  it.each<[what: string, raw: RawOptions, told: string]>([
    [
      'the cleaned one again',
      { 'final-repo': REPOSITORY },
      `--final-repo: ${REPOSITORY} is named twice: a repository has one role`,
    ],
    [
      'the cleaned one by another spelling of its host',
      { repository: ['docker.io/shop/app'], 'meta-repo': 'index.docker.io/shop/app' },
      '--meta-repo: docker.io/shop/app is named twice: a repository has one role',
    ],
    [
      'one repository with two roles',
      { 'final-repo': 'example.com/other', 'meta-repo': 'example.com/other' },
      '--meta-repo: example.com/other is named twice: a repository has one role',
    ],
    [
      'one cache twice',
      { 'cache-repo': ['example.com/cache', 'example.com/cache'] },
      '--cache-repo: example.com/cache is named twice: a repository has one role',
    ],
    [
      'one folder under two names',
      { repository: ['oci-layout:./same=example.com/a'], 'final-repo': 'oci-layout:./same=example.com/b' },
      '--final-repo: example.com/b is named twice: a repository has one role',
    ],
    [
      'a role beside several repositories',
      { repository: [REPOSITORY, 'example.com/other'], 'meta-repo': 'example.com/meta' },
      '--meta-repo: only with one repository, and there are 2: clean each by itself',
    ],
    [
      'an image instead of a repository',
      { 'final-repo': 'example.com/final:latest' },
      '--final-repo: got "example.com/final:latest", expected a repository such as ghcr.io/team/app, in lower case, without https://, tag and digest',
    ],
    ['an empty name', { 'meta-repo': '' }, '--meta-repo: got an empty value, expected a value'],
  ])('are no %s', async (_what, raw, told) => {
    expect(await folder.listMistakes({ ...WORDS, ...raw }, LAPTOP)).toEqual([told]);
  });
});

function never(): never {
  throw new Error('it is there');
}
