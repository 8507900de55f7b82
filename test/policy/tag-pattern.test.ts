import { describe, expect, it } from 'vitest';
import { compileTagPattern, matchTagPattern } from '../../src/policy/tag-pattern.ts';

describe('a tag pattern', () => {
  it.each<[string, string, readonly string[] | undefined]>([
    ['{branch}', 'feature-x', ['branch feature-x']],
    ['v{tag}', 'v1.2.3', ['tag 1.2.3']],
    ['v{tag}', '1.2.3', undefined],
    ['{commit}', 'abcdef0', ['commit abcdef0']],
    ['{commit}', 'abcdef', undefined],
    ['{commit}', 'ABCDEF0', undefined],
    ['{commit}', 'a'.repeat(40), [`commit ${'a'.repeat(40)}`]],
    ['{commit}', 'a'.repeat(65), undefined],
    ['pr-{number}', 'pr-12', ['number 12']],
    ['pr-{number}', 'pr-12a', undefined],
    ['{branch}-{commit}', 'feature-x-abcdef0', ['branch feature-x', 'commit abcdef0']],
    ['{branch}.{commit}', 'main-abcdef0', undefined],
    ['{branch}.{commit}', 'main.abcdef0', ['branch main', 'commit abcdef0']],
    ['release-{tag}-linux', 'release-1.0-linux', ['tag 1.0']],
    ['release-{tag}-linux', 'release-1.0-linux2', undefined],
    ['{branch}-x', '-x', undefined],
  ])('%s reads %s', (source, tag, expected) => {
    const match = matchTagPattern(compileTagPattern(source, true), tag);
    expect(match?.parts.map(({ name, text }) => `${name} ${text}`)).toEqual(expected);
  });

  it.each<[string, RegExp]>([
    ['latest', /it has no placeholder/],
    ['', /it has no placeholder/],
    ['{brunch}', /\{brunch\} is not one of/],
    ['{}', /\{\} is not one of/],
    ['{toString}', /\{toString\} is not one of/],
    ['{branch}{commit}', /need a literal between them/],
    ['{branch}/{commit}', /has a character that no tag can have/],
    ['{branch', /it has no placeholder/],
    ['{tag}+', /has a character that no tag can have/],
  ])('%s is refused', (source, message) => {
    expect(() => compileTagPattern(source, true)).toThrow(message);
  });

  it('offers every text that a placeholder could stand for', () => {
    const match = matchTagPattern(compileTagPattern('{tag}-{branch}', true), '1.0-fix-x');
    expect(match?.readings.map(({ name, text }) => `${name} ${text}`).sort()).toEqual([
      'branch fix-x',
      'branch x',
      'tag 1.0',
      'tag 1.0-fix',
    ]);
  });

  it('offers no text that leaves the rest of the tag unread', () => {
    const match = matchTagPattern(compileTagPattern('{branch}-{commit}', true), 'a-b-abcdef0');
    expect(match?.readings.map(({ name, text }) => `${name} ${text}`)).toEqual(['branch a-b', 'commit abcdef0']);
  });

  it('reads a long tag of many dashes in no time', () => {
    const match = matchTagPattern(compileTagPattern('{branch}-{tag}-{branch}', true), `${'a-'.repeat(63)}a`);
    expect(match?.readings.length).toBeGreaterThan(100);
  });
});
