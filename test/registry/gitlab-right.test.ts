// What the registry's token tells before the first delete: the right, and which tags a rule keeps.

import { describe, expect, it } from 'vitest';
import { AuthError, NetworkError } from '../../src/errors.ts';
import { parseTag } from '../../src/model/reference.ts';
import { readGitlabRight } from '../../src/registry/gitlab-right.ts';
import { decodeGrants, grantsPull, type RepositoryGrants } from '../../src/registry/token-grants.ts';
import { buildImage } from '../builders/image.ts';
import { matching } from '../support/typed-matchers.ts';
import { fault, openStage } from './gitlab-stage.ts';

const none: RepositoryGrants = { actions: [], undeletable: [], immutable: [] };

function rightOf(grants: RepositoryGrants | undefined | Error, interfaceMayDoMore = false) {
  const answer = grants instanceof Error ? Promise.reject(grants) : Promise.resolve(grants);
  return readGitlabRight({ grants: () => answer }, { interfaceMayDoMore });
}

describe('the right to delete', () => {
  it.each<[string, RepositoryGrants | undefined | Error, boolean, string]>([
    ['granted with delete', { ...none, actions: ['pull', 'delete'] }, false, 'granted'],
    ['granted with everything', { ...none, actions: ['*'] }, false, 'granted'],
    ['missing with pull alone', { ...none, actions: ['pull'] }, false, 'missing'],
    ['missing without anything', none, false, 'missing'],
    ["unproved while GitLab's interface may give more", none, true, 'unproved'],
    ['granted whatever the interface gives', { ...none, actions: ['delete'] }, true, 'granted'],
    ['unproved when nothing is said', undefined, false, 'unproved'],
    ['missing when there is no token', new AuthError('Access denied.', { code: 'AUTH' }), true, 'missing'],
  ])('is %s', async (_name, grants, interfaceMayDoMore, kind) => {
    const right = await rightOf(grants, interfaceMayDoMore);
    expect(right.deleteRight.kind).toBe(kind);
    expect(right.protection !== undefined).toBe(kind === 'granted');
  });

  it('is not guessed when the token server does not answer', async () => {
    await expect(rightOf(new NetworkError('No answer.', { code: 'NETWORK' }))).rejects.toMatchObject({
      code: 'NETWORK',
    });
  });
});

describe('a rule', () => {
  it.each<[string, string, boolean]>([
    ['^v1$', 'v1', true],
    ['^v1$', 'v10', false],
    ['rc', 'v1-rc2', true],
    ['(?i)RC', 'v1-rc2', true],
    ['\\d+\\.\\d+', 'release-1.2.3', true],
    ['(a+)+$', `${'a'.repeat(120)}b`, false],
    ['(?=v)', 'anything', true],
    ['[', 'anything', true],
    ['x'.repeat(2000), 'anything', true],
  ])('%s: tag %s, protected: %s', async (pattern, tag, isProtected) => {
    for (const kind of ['undeletable', 'immutable'] as const) {
      const { protection } = await rightOf({ ...none, actions: ['delete'], [kind]: [pattern] });
      expect(protection?.(parseTag(tag)) !== undefined).toBe(isProtected);
    }
  });

  it('is told in words, with what cannot be understood', async () => {
    const grants = { ...none, actions: ['delete'], undeletable: ['^v'], immutable: ['^stable', '['] };
    const { protection } = await rightOf(grants);
    expect(protection?.(parseTag('stable'))).toMatch(/immutable.*"\^stable"$/);
    expect(protection?.(parseTag('v1'))).toMatch(/cannot be understood/);
  });
});

describe('a token', () => {
  const encode = (value: unknown): string => `x.${Buffer.from(JSON.stringify(value)).toString('base64url')}.y`;
  const entry = { type: 'repository', name: 'team/app', actions: ['pull', 'delete'] };

  it.each<[string, string, RepositoryGrants | undefined]>([
    ['that is opaque', 'abc', undefined],
    ['without claims', encode({}), undefined],
    [
      'with odd claims',
      encode({ access: [{ ...entry, meta: { tag_deny_access_patterns: { delete: 'v' } } }] }),
      undefined,
    ],
    ['that grants nothing', encode({ access: null }), none],
    ['for another repository', encode({ access: [{ ...entry, name: 'team/app/x' }] }), none],
    ['for no repository', encode({ access: [{ ...entry, type: 'registry' }] }), none],
    [
      'without rules',
      encode({ access: [{ ...entry, meta: { project_path: 'team/app' } }] }),
      { ...none, actions: ['pull', 'delete'] },
    ],
    [
      'with rules',
      encode({
        access: [
          {
            ...entry,
            meta: { tag_deny_access_patterns: { push: ['p'], delete: ['d'] }, tag_immutable_patterns: ['i'] },
          },
        ],
      }),
      { actions: ['pull', 'delete'], undeletable: ['d'], immutable: ['i'] },
    ],
  ])('%s is read as such', (_name, token, grants) => {
    expect(decodeGrants(token, 'team/app')).toEqual(grants);
  });

  it('with odd rules still proves the right to pull', () => {
    expect(grantsPull(encode({ access: [{ ...entry, meta: 5 }] }), 'team/app')).toBe(true);
  });
});

describe('a snapshot', () => {
  const access = (actions: readonly string[], meta?: object) => [
    { type: 'repository', name: 'team/app', actions, ...(meta === undefined ? {} : { meta }) },
  ];

  it('names the tags that a rule keeps, and asks for no right to push', async () => {
    const meta = { tag_deny_access_patterns: { delete: ['^v'] } };
    const stage = await openStage({ access: access(['pull', 'delete'], meta) });
    stage.add(buildImage(), 'v1', 'nightly');
    const { deleteRight, protectedTags } = await stage.registry.readSnapshot([]);
    expect(deleteRight).toEqual({ kind: 'granted' });
    expect(protectedTags).toEqual(new Map([['v1', matching(/"\^v"/)]]));
    const asked = stage.requests().filter((line) => line.includes('/jwt/auth'));
    expect(asked.map((line) => new URL(line.split(' ')[1] ?? '', 'http://x').searchParams.get('scope'))).toEqual([
      'repository:team/app:pull',
      'repository:team/app:delete,pull',
    ]);
  });

  it('without rules names none, and says when the right is missing', async () => {
    const granted = await openStage({ access: access(['pull', 'delete']) });
    granted.add(buildImage(), 'v1');
    expect((await granted.registry.readSnapshot([])).protectedTags).toEqual(new Map());
    const missing = await openStage({ access: access(['pull']) });
    missing.add(buildImage(), 'v1');
    expect(await missing.registry.readSnapshot([])).toMatchObject({ deleteRight: { kind: 'missing' } });
    expect((await missing.registry.readSnapshot([])).protectedTags).toBeUndefined();
  });

  it.each<[string, string | undefined]>([
    ['opaque tokens', 'opaque'],
    ['no tokens at all', undefined],
  ])('of a registry with %s leaves the right unproved', async (_name, token) => {
    const stage = await openStage(token === undefined ? {} : { access: token });
    stage.add(buildImage(), 'v1');
    const snapshot = await stage.registry.readSnapshot([]);
    expect(snapshot.deleteRight?.kind).toBe('unproved');
    expect('protectedTags' in snapshot).toBe(false);
  });

  it('tells the rule when a protected tag is to be deleted all the same', async () => {
    const meta = { tag_immutable_patterns: ['^v'] };
    const stage = await openStage({
      access: access(['pull', 'delete'], meta),
      script: ({ method }) => (method === 'DELETE' ? fault(403, 'DENIED') : undefined),
    });
    const image = buildImage();
    stage.add(image, 'v1');
    await stage.registry.readSnapshot([]);
    expect(await stage.registry.deleteTag(parseTag('v1'), image.digest)).toEqual({
      kind: 'protected',
      why: matching(/makes tags immutable that match "\^v"/),
    });
  });
});
