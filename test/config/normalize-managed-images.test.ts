import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { normalizeManagedImages } from '../../src/config/normalize-managed-images.ts';
import { parseImageName } from '../../src/config/parse-image-name.ts';
import { UsageError } from '../../src/errors.ts';
import { formatRepository } from '../../src/model/reference.ts';
import type { RawOptions } from '../../src/options.ts';
import { LAPTOP, makeSettingsFolder, type SettingsFolder } from './try-settings.ts';

let folder: SettingsFolder;
beforeAll(async () => {
  folder = await makeSettingsFolder();
});
afterAll(() => folder.remove());

const REPOSITORY = ['registry.example.com/shop/app'];

const decide = async (words: readonly string[], raw: RawOptions = { repository: REPOSITORY }) =>
  (
    await normalizeManagedImages(
      { command: 'managed-images', words, ...raw },
      { ...LAPTOP, workingDirectory: folder.path },
    )
  ).settings;

describe('the settings of managed-images', () => {
  it.each<[what: string, words: readonly string[], wish: object]>([
    ['lists', ['ls'], { action: 'ls' }],
    ['adds', ['add', 'backend'], { action: 'add', name: 'backend' }],
    ['adds the image without a name, as YAML has it', ['add', '~'], { action: 'add', name: '' }],
    ['removes the image without a name, as werf writes it', ['rm', '__nameless__'], { action: 'rm', name: '' }],
    ['adds a name that a tag cannot hold', ['add', 'app/web and more+'], { action: 'add', name: 'app/web and more+' }],
  ])('%s', async (_what, words, wish) => {
    expect((await decide(words)).wish).toEqual(wish);
  });

  it('names the repository with the records beside the other, or alone', async () => {
    const both = await decide(['ls'], { repository: REPOSITORY, 'meta-repo': 'registry.example.com/shop/meta' });
    expect(formatRepository(both.metaRepository?.repository ?? never())).toBe('registry.example.com/shop/meta');
    const alone = await decide(['ls'], { 'meta-repo': 'registry.example.com/shop/meta' });
    expect(alone).toMatchObject({ metaRepository: { kind: 'registry' } });
    expect(alone).not.toHaveProperty('repository');
  });

  it.each<[what: string, words: readonly string[], raw: RawOptions | undefined, told: string]>([
    ['nothing to do', [], undefined, 'managed-images: got nothing, expected ls, add NAME or rm NAME'],
    ['a word like one', ['lst'], undefined, 'expected ls, add NAME or rm NAME; did you mean "ls"?'],
    ['a name for ls', ['ls', 'backend'], undefined, 'managed-images ls: "backend" is too much: ls takes no name'],
    ['two names', ['add', 'a', 'b'], undefined, 'managed-images add: "b" is too much: one name at a time'],
    ['no name', ['rm'], undefined, 'managed-images rm: got nothing, expected the name of an image in werf.yaml'],
    ['no repository', ['ls'], {}, '--repository: got none, expected the repository that werf made'],
    ['two repositories', ['ls'], { repository: ['example.com/a', 'example.com/b'] }, 'one at a time'],
    ['no repository at all', ['ls'], { repository: ['not a name'] }, '--repository: got "not a name", expected a repo'],
    ['the same repository twice', ['ls'], { repository: REPOSITORY, 'meta-repo': REPOSITORY[0] ?? '' }, 'named twice'],
    ['Markdown', ['ls'], { repository: REPOSITORY, format: 'markdown' }, '--format: got "markdown"'],
    ['an option of others', ['ls'], { repository: REPOSITORY, 'without-git': true }, '--without-git: only for plan'],
  ])('are wrong with %s', async (_what, words, raw, told) => {
    const error = await decide(words, raw).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toContain(told);
  });
});

describe('the name of an image', () => {
  it.each<[what: string, text: string]>([
    ['with blanks at its ends', ' backend'],
    ['with a line break', 'back\nend'],
    ['of nothing but a blank', ' '],
    ['that werf would read as another one', 'app__slash__web'],
    ['whose letters werf writes in its own way', 'каталог'],
    ['without an end', 'x'.repeat(1001)],
  ])('cannot be one %s', (_what, text) => {
    expect(parseImageName(text)).toHaveProperty('expected');
  });

  it('says what werf would read', () => {
    expect(parseImageName('app__slash__web')).toEqual({
      expected: '"app/web", which is what werf reads in such a record',
    });
  });
});

function never(): never {
  throw new Error('it is there');
}
