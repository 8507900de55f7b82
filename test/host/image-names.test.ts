import { describe, expect, it } from 'vitest';
import { imageIdOf, inPath, realNames, repositoryOf } from '../../src/host/image-names.ts';

const HEX = 'a'.repeat(64);

describe('names of images', () => {
  it('are sorted, and each comes once', () => {
    expect(realNames(['b.example/x:1', 'a.example/x:1', 'b.example/x:1'])).toEqual(['a.example/x:1', 'b.example/x:1']);
  });

  it.each(['<none>:<none>', '<none>@<none>', '<none>', 'a.example/app:<none>', ''])(
    'do not count %j as one',
    (none) => {
      expect(realNames([none])).toEqual([]);
    },
  );

  it.each([
    ['nginx:1', 'docker.io/library/nginx:1'],
    ['team/app:1', 'docker.io/team/app:1'],
    ['localhost/app:1', 'localhost/app:1'],
    ['host:5000/app:1', 'host:5000/app:1'],
    ['a.example/app@sha256:1', 'a.example/app@sha256:1'],
  ])('are told in full: %s is %s', (short, full) => {
    expect(realNames([short])).toEqual([full]);
  });
});

describe('ids of images', () => {
  it('have their algorithm, also where podman leaves it out', () => {
    expect([imageIdOf(HEX), imageIdOf(`sha256:${HEX}`)]).toEqual([`sha256:${HEX}`, `sha256:${HEX}`]);
  });

  it.each([[''], [null], [undefined]])('are none for %j', (text) => {
    expect(imageIdOf(text)).toBeUndefined();
  });
});

describe('the repository of a name', () => {
  it.each([
    ['host:5000/app:1', 'host:5000/app'],
    ['host:5000/app', 'host:5000/app'],
    [`a.example/b/c@sha256:${HEX}`, 'a.example/b/c'],
    [`a.example/b/c:1@sha256:${HEX}`, 'a.example/b/c'],
  ])('of %s is %s', (name, repository) => {
    expect(repositoryOf(name)).toBe(repository);
  });
});

describe('a name in a path', () => {
  it('keeps its slashes and colons, and nothing else that means something there', () => {
    expect(inPath('host:5000/a/b:1')).toBe('host:5000/a/b:1');
    expect(inPath('x?force=true#y')).toBe('x%3Fforce%3Dtrue%23y');
    expect(inPath('a/../../containers/x')).not.toContain('..');
  });
});
