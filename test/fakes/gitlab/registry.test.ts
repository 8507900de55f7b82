// The registry of the fake GitLab: whom it gives which rights, GitLab's own listing, the ways to delete a tag, and what stays.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Digest } from '../../../src/model/reference.ts';
import { buildImage, buildMultiArch } from '../../builders/image.ts';
import { requireDistribution, requireProgram } from '../../support/real-parts.ts';
import type { FakeToken } from './access.ts';
import { accessIn, ask, askForToken, askRegistry, type PlainAnswer } from './ask.ts';
import { type FakeGitlab, type GitlabOptions, startGitlab } from './gitlab.ts';

const DAY = '2026-01-01T00:00:00.000Z';
const LIST = '/gitlab/v1/repositories/group/app/tags/list/';
const SCOPE = 'repository:group/app:pull,push,delete';
const hasParts = requireDistribution() !== undefined && requireProgram('openssl');

describe.runIf(hasParts)('the registry of the fake GitLab', () => {
  let gitlab: FakeGitlab;
  let token: string;

  async function start(options?: GitlabOptions): Promise<void> {
    await gitlab?.close();
    gitlab = await startGitlab(options);
    gitlab.addProject('group/app');
    gitlab.addProject('group/other');
    token = gitlab.addToken();
  }

  const images = () => gitlab.registry.repository('group/app');
  const push = (seed: string, ...tags: readonly string[]): Digest => {
    const image = buildImage({ seed });
    images().push(image, { tags, createdAt: DAY });
    return image.digest;
  };
  const send = (method: string, path: string, as = token): Promise<PlainAnswer> =>
    askRegistry(gitlab, { method, path, token: as });
  const remove = (reference: string, as = token) => send('DELETE', `/v2/group/app/manifests/${reference}`, as);
  const codesOf = ({ body }: PlainAnswer) => (body as { errors: { code: string }[] }).errors.map(({ code }) => code);

  beforeEach(() => start());
  afterEach(() => gitlab.close());

  it.each([
    ['a maintainer', { kind: 'private' }, ['pull', 'push', 'delete']],
    ['a developer', { kind: 'private', level: 'developer' }, ['pull', 'push']],
    ['a reporter', { kind: 'private', level: 'reporter' }, ['pull']],
    ['a guest', { kind: 'private', level: 'guest' }, undefined],
    ['a token for reading images', { kind: 'private', scopes: ['read_registry'] }, ['pull']],
    ['a token for reading REST', { kind: 'private', scopes: ['read_api'] }, ['pull']],
    ['a token for writing images', { kind: 'private', scopes: ['read_registry', 'write_registry'] }, ['pull', 'push']],
    [
      'a job of the project, whatever the role',
      { kind: 'job', project: 'group/app', level: 'developer' },
      ['pull', 'push', 'delete'],
    ],
    ['a job of another project', { kind: 'job', project: 'group/other' }, undefined],
    ['a deploy token', { kind: 'deploy' }, ['pull', 'push']],
  ] as const)('grants %s what it may do', async (_, kind, actions) => {
    const answer = await askForToken(gitlab, { token: gitlab.addToken(kind), scope: SCOPE });
    expect(answer.status).toBe(200);
    expect(accessIn(answer)[0]?.actions).toEqual(actions);
  });

  it('lets a job pull from a project that has its own on the list', async () => {
    const job = gitlab.addToken({ kind: 'job', project: 'group/other' });
    gitlab.addProject('group/app', { jobTokenAllowlist: ['group/other'] });
    expect(accessIn(await askForToken(gitlab, { token: job, scope: SCOPE }))[0]?.actions).toEqual(['pull']);
  });

  it('grants a job no `*`, and a maintainer `*`', async () => {
    const scope = 'repository:group/app:*';
    const job = gitlab.addToken({ kind: 'job', project: 'group/app' });
    expect(accessIn(await askForToken(gitlab, { token: job, scope }))).toEqual([]);
    expect(accessIn(await askForToken(gitlab, { token, scope }))[0]?.actions).toEqual(['*']);
  });

  it('lets everybody pull what is public, and nobody what is switched off', async () => {
    gitlab.project('group/app').visibility = 'public';
    expect(accessIn(await askForToken(gitlab, { scope: SCOPE }))[0]?.actions).toEqual(['pull']);
    gitlab.project('group/app').registryAccess = 'disabled';
    expect(accessIn(await askForToken(gitlab, { token, scope: SCOPE }))).toEqual([]);
  });

  it.each([
    ['an unknown password', 'glpat-unknown', undefined, 401],
    ['a job as somebody else', { kind: 'job', project: 'group/app' }, 'ann', 401],
    ['a revoked token', { kind: 'private', state: 'revoked' }, undefined, 401],
    ['a token that has nothing to do with images', { kind: 'private', scopes: ['read_repository'] }, undefined, 403],
  ] as const)('gives %s no token', async (_, given, user, status) => {
    const text = typeof given === 'string' ? given : gitlab.addToken(given as FakeToken);
    const wish = { token: text, scope: SCOPE, ...(user === undefined ? {} : { user }) };
    expect((await askForToken(gitlab, wish)).status).toBe(status);
  });

  it('tells in the token which tags this very user may not touch, and which nobody may', async () => {
    const project = gitlab.project('group/app');
    const meta = async (as: string, scope = SCOPE) =>
      accessIn(await askForToken(gitlab, { token: as, scope }))[0]?.meta;
    const job = gitlab.addToken({ kind: 'job', project: 'group/app', level: 'maintainer' });
    expect(await meta(job)).toMatchObject({ project_path: 'group/app', project_id: project.id });
    expect(await meta(job)).not.toHaveProperty('tag_deny_access_patterns');
    project.protectTags('^v', { push: 'developer', delete: 'owner' });
    project.makeTagsImmutable('^release-');
    const rules = { tag_deny_access_patterns: { push: [], delete: ['^v'] }, tag_immutable_patterns: ['^release-'] };
    expect(await meta(job)).toMatchObject(rules);
    expect(await meta(token, 'repository:group/app:*')).toMatchObject(rules);
    expect(await meta(gitlab.addToken({ kind: 'private', level: 'owner' }))).toMatchObject({
      tag_deny_access_patterns: { push: [], delete: [] },
    });
    const pulling = await meta(job, 'repository:group/app:pull');
    expect(pulling).toMatchObject({ tag_deny_access_patterns: {} });
    expect(pulling).not.toHaveProperty('tag_immutable_patterns');
  });

  it('begins a repository for who asks to push, and refuses where pushing is protected', async () => {
    await askForToken(gitlab, { token, scope: 'repository:group/app/new:pull,delete' });
    expect(gitlab.registry.begun()).toEqual([]);
    await askForToken(gitlab, { token, scope: 'repository:group/app/new:pull,push' });
    expect(gitlab.registry.begun()).toEqual(['group/app/new']);
    gitlab.project('group/app').pathRules.push({ path: 'group/app/*', push: 'owner' });
    const scope = 'repository:group/app/base:pull,push';
    expect((await askForToken(gitlab, { token, scope })).status).toBe(403);
    expect((await askForToken(gitlab, { token, scope: scope.replace(',push', '') })).status).toBe(200);
  });

  it('asks for a token, and says when one is too little or too old', async () => {
    let now = Date.now();
    await start({ tokenTtlSeconds: 60, now: () => now });
    push('one', 'v1');
    const origin = `http://${gitlab.registryHost}`;
    const challenged = await ask(`${origin}/v2/group/app/tags/list`);
    expect(challenged.status).toBe(401);
    expect(challenged.header('www-authenticate')).toBe(
      `Bearer realm="${gitlab.serverUrl}/jwt/auth",service="container_registry",scope="repository:group/app:pull"`,
    );
    const { body } = await askForToken(gitlab, { token, scope: 'repository:group/app:pull' });
    const headers = { authorization: `Bearer ${(body as { token: string }).token}` };
    expect((await ask(`${origin}${LIST}`, { headers })).status).toBe(200);
    const refused = await ask(`${origin}/v2/group/app/manifests/v1`, { method: 'DELETE', headers });
    expect(refused.header('www-authenticate')).toMatch(
      /scope="repository:group\/app:delete",error="insufficient_scope"$/,
    );
    now += 61_000;
    expect((await ask(`${origin}${LIST}`, { headers })).header('www-authenticate')).toMatch(/error="invalid_token"$/);
  });

  it('lists tags with digests and times in pages', async () => {
    const one = push('one', 'a', 'b');
    images().push(buildMultiArch('many'), { tags: ['c'], createdAt: DAY, updatedAt: '2026-02-01T00:00:00.000Z' });
    const first = await send('GET', `${LIST}?n=2`);
    expect(first.body).toMatchObject([
      {
        name: 'a',
        digest: one,
        created_at: DAY,
        published_at: DAY,
        media_type: 'application/vnd.oci.image.manifest.v1+json',
      },
      { name: 'b', digest: one },
    ]);
    expect(first.header('link')).toBe(`<http://${gitlab.registryHost}${LIST}?last=b&n=2>; rel="next"`);
    const second = await send('GET', `${LIST}?last=b&n=2`);
    expect(second.body).toMatchObject([
      {
        name: 'c',
        size_bytes: 0,
        created_at: DAY,
        updated_at: '2026-02-01T00:00:00.000Z',
        published_at: '2026-02-01T00:00:00.000Z',
      },
    ]);
    expect(second.body).not.toHaveProperty('0.config_digest');
    expect(second.header('link')).toMatch(/^<[^>]+\?before=c&n=2>; rel="previous"$/);
  });

  // The table of GitLab's specification.
  it.each([
    ['', 'abcdef'],
    ['sort=-name', 'fedcba'],
    ['n=3', 'abc'],
    ['n=3&sort=-name', 'fed'],
    ['before=c', 'ab'],
    ['before=c&sort=-name', 'fed'],
    ['n=2&before=c', 'ab'],
    ['n=1&before=c', 'b'],
    ['n=2&before=d&sort=-name', 'fe'],
    ['last=c', 'def'],
    ['last=c&sort=-name', 'ba'],
    ['n=2&last=b', 'cd'],
    ['n=2&last=e&sort=-name', 'dc'],
    ['last=bb', 'cdef'],
    ['name=e', 'e'],
    ['name_exact=e', 'e'],
    ['sort=published_at&n=2', 'ab'],
  ])('answers %s with the tags %s', async (query, tags) => {
    for (const [at, tag] of Array.from('abcdef').entries())
      images().push(buildImage(), { tags: [tag], createdAt: at * 1000 });
    const { body } = await send('GET', `${LIST}?${query}`);
    expect((body as { name: string }[]).map(({ name }) => name).join('')).toBe(tags);
  });

  it.each([
    ['n=0', 'INVALID_QUERY_PARAMETER_VALUE'],
    ['n=1001', 'INVALID_QUERY_PARAMETER_VALUE'],
    ['n=ten', 'INVALID_QUERY_PARAMETER_TYPE'],
    ['last=.a', 'INVALID_QUERY_PARAMETER_VALUE'],
    ['last=a&before=b', 'INVALID_QUERY_PARAMETER_VALUE'],
    ['name=a/b', 'INVALID_QUERY_PARAMETER_VALUE'],
    ['sort=size', 'INVALID_QUERY_PARAMETER_VALUE'],
  ])('refuses to list with %s', async (query, code) => {
    push('one', 'a');
    const answer = await send('GET', `${LIST}?${query}`);
    expect([answer.status, ...codesOf(answer)]).toEqual([400, code]);
  });

  it('insists on the slash, and knows no repository that is not there', async () => {
    push('one', 'a');
    expect((await send('GET', `${LIST.slice(0, -1)}?n=5`)).header('location')).toBe(`${LIST}?n=5`);
    const unknown = {
      path: LIST.replace('group/app', 'group/app/none'),
      token,
      name: 'group/app/none',
      actions: 'pull',
    };
    const answer = await askRegistry(gitlab, unknown);
    expect([answer.status, ...codesOf(answer)]).toEqual([404, 'NAME_UNKNOWN']);
    expect((await send('GET', '/gitlab/v1/repositories/group/app/tags/detail/a/')).body).toMatchObject({ name: 'a' });
  });

  it('has no such list without a metadata database, and lists as always', async () => {
    await start({ metadataDatabase: false });
    push('one', 'a', 'b');
    expect((await send('GET', '/gitlab/v1/')).status).toBe(404);
    expect((await send('GET', LIST)).status).toBe(404);
    expect((await send('GET', '/v2/group/app/tags/list')).body).toMatchObject({ tags: ['a', 'b'] });
  });

  it('lists a hundred tags by the usual way when nobody says how many', async () => {
    const tags = Array.from({ length: 101 }, (_, at) => `t${String(at).padStart(3, '0')}`);
    push('one', ...tags);
    const first = await send('GET', '/v2/group/app/tags/list');
    expect(first.body).toMatchObject({ tags: tags.slice(0, 100) });
    expect(first.header('link')).toContain('last=t099');
  });

  it('deletes one tag of a manifest, which stays until the garbage is collected, and is told of it', async () => {
    const digest = push('one', 'a', 'b');
    expect((await remove('a')).status).toBe(202);
    expect(images().tags()).toEqual(['b']);
    expect((await send('GET', LIST)).body).toMatchObject([{ name: 'b', digest }]);
    expect((await send('GET', '/v2/group/app/manifests/a')).status).toBe(404);
    expect([(await remove('a')).status, (await remove('b')).status]).toEqual([404, 202]);
    expect((await send('GET', `/v2/group/app/manifests/${digest}`)).status).toBe(200);
    images().collectGarbage();
    expect(images().digests()).toEqual([]);
    expect((await send('GET', `/v2/group/app/manifests/${digest}`)).status).toBe(404);
  });

  it('collects what no kept index lists, and neither its blobs', async () => {
    const kept = buildMultiArch('kept');
    images().push(kept, { tags: ['kept'] });
    const gone = buildImage({ seed: 'gone' });
    images().push(gone);
    images().collectGarbage();
    expect(images().digests()).toEqual([kept, ...kept.children].map(({ digest }) => digest).toSorted());
    expect((await send('GET', `/v2/group/app/manifests/${kept.children[0]!.digest}`)).status).toBe(200);
    const blob = (digest: Digest) => send('HEAD', `/v2/group/app/blobs/${digest}`);
    expect((await blob(kept.children[0]!.blobs[0]!.digest)).status).toBe(200);
    expect((await blob(gone.blobs[0]!.digest)).status).toBe(404);
    images().push(gone, { tags: ['again'] });
    expect((await blob(gone.blobs[0]!.digest)).status).toBe(200);
  });

  it('deletes by digest with all tags, not what an index lists, and can take it amiss', async () => {
    await start({ tagOnly: true });
    const digest = push('one', 'a', 'b');
    const index = buildMultiArch('index');
    images().push(index, { tags: ['c'] });
    const listed = await remove(index.children[0]!.digest);
    expect([listed.status, ...codesOf(listed)]).toEqual([409, 'MANIFEST_REFERENCED']);
    expect((await remove(digest)).status).toBe(202);
    expect(images().tags()).toEqual(['c']);
    expect((await send('GET', '/v2/group/app/tags/list')).body).toMatchObject({ tags: ['c'] });
    expect(gitlab.violations.map(({ kind }) => kind)).toEqual(['digest', 'digest']);
  });

  it.each([
    ['digest-invalid', 400],
    ['unsupported', 405],
    ['unknown', 404],
  ] as const)('without the route of today says %s, and deletes by that of old', async (withoutTagRoute, status) => {
    await start({ tagRoute: 'reference', withoutTagRoute });
    push('one', 'a', 'b');
    expect((await remove('a')).status).toBe(status);
    expect(images().tags()).toEqual(['a', 'b']);
    expect((await send('DELETE', '/v2/group/app/tags/reference/a')).status).toBe(202);
    expect(images().tags()).toEqual(['b']);
    expect(codesOf(await send('DELETE', '/v2/group/app/tags/reference/a'))).toEqual(['MANIFEST_UNKNOWN']);
  });

  it('without any route for tags deletes by digest only', async () => {
    await start({ tagRoute: 'none' });
    const digest = push('one', 'a');
    expect([(await remove('a')).status, (await send('DELETE', '/v2/group/app/tags/reference/a')).status]).toEqual([
      400, 404,
    ]);
    expect((await remove(digest)).status).toBe(202);
  });

  it('before there was a right to delete wants one to everything', async () => {
    await start({ deleteAction: '*' });
    push('one', 'a');
    const refused = await remove('a');
    expect(refused.header('www-authenticate')).toContain('scope="repository:group/app:*"');
    const path = '/v2/group/app/manifests/a';
    expect((await askRegistry(gitlab, { method: 'DELETE', path, token, actions: '*' })).status).toBe(202);
  });

  it.each([401, 403] as const)(
    'refuses protected and immutable tags with %i, without a challenge',
    async (protectedStatus) => {
      await start({ protectedStatus });
      const digest = push('one', 'v1', 'xv1', 'release-1', 'other');
      gitlab.project('group/app').protectTags('v\\d', { delete: 'owner' });
      gitlab.project('group/app').makeTagsImmutable('^release-');
      for (const [tag, code] of [
        ['v1', 'PROTECTED_TAG'],
        ['xv1', 'PROTECTED_TAG'],
        ['release-1', 'IMMUTABLE_TAG'],
        [digest, 'PROTECTED_MANIFEST'],
      ] as const) {
        const answer = await remove(tag);
        expect([tag, answer.status, ...codesOf(answer)]).toEqual([tag, protectedStatus, code]);
        expect(answer.header('www-authenticate')).toBeNull();
      }
      expect((await remove('other')).status).toBe(202);
      const owner = gitlab.addToken({ kind: 'private', level: 'owner' });
      expect([(await remove('v1', owner)).status, (await remove('release-1', owner)).status]).toEqual([
        202,
        protectedStatus,
      ]);
    },
  );

  it('says when a tag was moved, by a push and by somebody else', async () => {
    let now = Date.parse(DAY);
    await start({ now: () => now });
    const [one, two] = [buildImage({ seed: 'one' }), buildImage({ seed: 'two' })];
    images().push(one, { tags: ['a', 'b'] });
    images().push(two);
    const put = async (image: typeof one, tag: string) => {
      const { body } = await askForToken(gitlab, { token, scope: SCOPE });
      const headers = { authorization: `Bearer ${(body as { token: string }).token}`, 'content-type': image.mediaType };
      const address = `http://${gitlab.registryHost}/v2/group/app/manifests/${tag}`;
      return (await ask(address, { method: 'PUT', headers, body: Buffer.from(image.bytes) })).status;
    };
    now += 1000;
    // The same manifest again is no change.
    expect([await put(one, 'a'), await put(two, 'c')]).toEqual([201, 201]);
    gitlab.onRequest = ({ path }) => {
      if (path.startsWith(LIST)) images().moveTag('b', two.digest);
      return undefined;
    };
    const { body } = await send('GET', LIST);
    const later = new Date(now).toISOString();
    expect(body).toMatchObject([
      { name: 'a', digest: one.digest, published_at: DAY },
      { name: 'b', digest: two.digest, created_at: DAY, updated_at: later, published_at: later },
      { name: 'c', digest: two.digest, created_at: later },
    ]);
    expect(body).not.toHaveProperty('0.updated_at');
    expect((await send('HEAD', '/v2/group/app/manifests/b')).header('docker-content-digest')).toBe(two.digest);
    images().dropTag('b');
    expect((await send('GET', '/v2/group/app/tags/list')).body).toMatchObject({ tags: ['a', 'c'] });
  });

  it('is filled with thousands of tags in seconds, which the real registry has too', async () => {
    const image = buildImage();
    for (let at = 0; at < 5000; at += 1) images().push(image, { tags: [`t${at}`], createdAt: at });
    const page = await send('GET', '/v2/group/app/tags/list?n=1000&last=t4998');
    expect(page.body).toMatchObject({
      tags: images()
        .tags()
        .filter((tag) => tag > 't4998')
        .slice(0, 1000),
    });
    const { body } = await send('GET', `${LIST}?n=1000`);
    expect(body).toHaveLength(1000);
  });
});
