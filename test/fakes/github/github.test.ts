// The fake GitHub keeps to GitHub's rules about packages, rights and limits, and fails as it is told to.

import { Octokit } from '@octokit/rest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BuiltManifest, buildImage, buildIndex, buildMultiArch } from '../../builders/image.ts';
import { badGateway, secondaryLimit } from './access.ts';
import { type FakeGithub, type GithubOptions, startGithub } from './github.ts';
import { LAST_TAGGED, TOO_MANY_DOWNLOADS } from './packages.ts';

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Of GitHub's error bodies. */
  readonly message: string;
}

interface ListedVersion {
  readonly id: number;
  readonly name: string;
  readonly updated_at: string;
  readonly metadata: { readonly container: { readonly tags: readonly string[] } };
}

let github: FakeGithub;

beforeEach(async () => {
  github = await startGithub();
});
afterEach(() => github.close());

async function restart(options: GithubOptions): Promise<void> {
  await github.close();
  github = await startGithub(options);
}

async function call(token: string | undefined, line: string, body?: object): Promise<Reply> {
  const [method = '', path = ''] = line.split(' ');
  const response = await fetch(path.startsWith('http') ? path : github.apiUrl + path, {
    method,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true && text.startsWith('{');
  const message = isJson ? String((JSON.parse(text) as { readonly message?: string }).message) : '';
  return { status: response.status, headers: response.headers, text, message };
}

async function list(
  token: string,
  path = '/orgs/team/packages/container/app/versions',
): Promise<readonly ListedVersion[]> {
  const { text } = await call(token, `GET ${path}`);
  return JSON.parse(text) as readonly ListedVersion[];
}

const IMAGES: readonly BuiltManifest[] = Array.from({ length: 250 }, (_, index) => buildImage({ seed: `${index}` }));
const VERSIONS = '/orgs/team/packages/container/app/versions';

describe('packages of the fake GitHub', () => {
  it('are listed in pages, newest first, nested names too, for Octokit as for anybody', async () => {
    const app = github.addPackage('team/app/base');
    for (const [index, image] of IMAGES.slice(0, 130).entries()) app.add(image, { tags: [`v${index}`] });
    const octokit = new Octokit({ auth: github.addToken(), baseUrl: github.apiUrl });
    const all = await octokit.paginate(octokit.rest.packages.getAllPackageVersionsForPackageOwnedByOrg, {
      org: 'team',
      package_type: 'container',
      package_name: 'app/base',
      per_page: 100,
    });
    expect(all.map(({ name }) => name)).toEqual(app.digests());
    expect(all[0]?.metadata?.container?.tags).toEqual(['v129']);
    expect(github.requestLog()).toEqual([
      'GET /orgs/team/packages/container/app%2Fbase/versions?per_page=100 200',
      'GET /orgs/team/packages/container/app%2Fbase/versions?per_page=100&page=2 200',
    ]);
  });

  it('have links to the first, previous, next and last page, and never more than 100 on one', async () => {
    const token = github.addToken();
    const app = github.addPackage('team/app');
    for (const image of IMAGES) app.add(image);
    const relations = async (query: string) => {
      const { headers, text } = await call(token, `GET ${VERSIONS}?${query}`);
      const links = [...(headers.get('link') ?? '').matchAll(/<([^>]+)>; rel="(\w+)"/g)];
      return {
        count: (JSON.parse(text) as unknown[]).length,
        ...Object.fromEntries(
          links.map(([, url = '', rel = '']) => [rel, url.replace(`${github.apiUrl}${VERSIONS}?`, '')]),
        ),
      };
    };
    expect(await relations('per_page=100')).toEqual({
      count: 100,
      next: 'per_page=100&page=2',
      last: 'per_page=100&page=3',
    });
    expect(await relations('per_page=100&page=2')).toMatchObject({
      prev: 'per_page=100&page=1',
      first: 'per_page=100&page=1',
    });
    expect(await relations('per_page=100&page=3')).toEqual({
      count: 50,
      prev: 'per_page=100&page=2',
      first: 'per_page=100&page=1',
    });
    expect(await relations('per_page=100&page=4')).toMatchObject({ count: 0 });
    expect(await relations('per_page=500')).toMatchObject({ count: 100 });
    expect(await relations('')).toMatchObject({ count: 30 });
  });

  it('belong to an organisation, a user, or the user whose token it is, and nobody else', async () => {
    github.addOwner('ann', 'User');
    const ann = github.addToken({ kind: 'classic', login: 'ann' });
    const workflow = github.addToken();
    for (const name of ['team/app', 'ann/app']) github.addPackage(name).add(buildImage());
    const statuses = async (token: string) =>
      Promise.all(
        ['/orgs/team', '/orgs/ann', '/users/ann', '/users/team', '/user'].map(
          async (base) => (await call(token, `GET ${base}/packages/container/app`)).status,
        ),
      );
    expect(await statuses(ann)).toEqual([200, 404, 200, 404, 200]);
    expect(await statuses(workflow)).toEqual([200, 404, 200, 404, 403]);
    expect(JSON.parse((await call(workflow, 'GET /users/ann')).text)).toMatchObject({ type: 'User' });
    expect(JSON.parse((await call(workflow, 'GET /users/team')).text)).toMatchObject({ type: 'Organization' });
    expect((await call(workflow, 'GET /users/nobody')).status).toBe(404);
  });

  it('lose a version that is deleted, and get it back with its tags', async () => {
    const token = github.addToken();
    const app = github.addPackage('team/app');
    app.add(buildMultiArch('one'), { tags: ['v1', 'latest'] });
    app.add(buildImage({ seed: 'two' }), { tags: ['v2'] });
    const { id, digest } = app.version('v1');
    expect((await call(token, `DELETE ${VERSIONS}/${id}`)).status).toBe(204);
    expect((await call(token, `GET ${VERSIONS}/${id}`)).status).toBe(404);
    expect((await call(token, `DELETE ${VERSIONS}/${id}`)).status).toBe(404);
    expect((await list(token, `${VERSIONS}?state=deleted`)).map(({ name }) => name)).toEqual([digest]);
    // The children stay: GitHub deletes one version at a time.
    expect(app.versions()).toHaveLength(3);
    app.put(buildImage({ seed: 'three' }), 'latest');
    expect((await call(token, `POST ${VERSIONS}/${id}/restore`)).status).toBe(204);
    expect(app.version(digest).tags).toEqual(['v1']);
    expect((await call(token, `POST ${VERSIONS}/${id}/restore`)).status).toBe(404);
  });

  it('keep their last tagged version, and public ones with many downloads', async () => {
    const token = github.addToken();
    const app = github.addPackage('team/app', { visibility: 'public' });
    app.add(buildImage({ seed: 'untagged' }));
    app.add(buildImage({ seed: 'one' }), { tags: ['v1', 'v2'] });
    const only = app.version('v1').id;
    expect(await call(token, `DELETE ${VERSIONS}/${only}`)).toMatchObject({ status: 400, message: LAST_TAGGED });
    const loved = app.add(buildImage({ seed: 'two' }), { tags: ['v3'], downloads: 5001 });
    expect(await call(token, `DELETE ${VERSIONS}/${loved.id}`)).toMatchObject({
      status: 400,
      message: TOO_MANY_DOWNLOADS,
    });
    expect(app.versions()).toHaveLength(3);
    app.visibility = 'private';
    expect((await call(token, `DELETE ${VERSIONS}/${loved.id}`)).status).toBe(204);
  });

  it('show a push in the list only later, with the tags where they were, when the list lags', async () => {
    const token = github.addToken();
    const app = github.addPackage('team/app');
    const old = app.add(buildImage({ seed: 'old' }), { tags: ['prod', 'v1'] });
    app.lag = 2;
    const moved = app.put(buildImage({ seed: 'new' }), 'v1');
    const seen = async () => (await list(token)).map(({ name, metadata }) => [name, metadata.container.tags]);
    expect(await seen()).toEqual([[old.digest, ['prod', 'v1']]]);
    expect((await call(token, `GET ${VERSIONS}/${old.id}`)).text).toContain('"tags":["prod"]');
    expect(await seen()).toEqual([[old.digest, ['prod', 'v1']]]);
    expect(await seen()).toEqual([
      [moved.digest, ['v1']],
      [old.digest, ['prod']],
    ]);
    app.lag = 'until-told';
    app.put(buildImage({ seed: 'newer' }), 'v1');
    for (let turn = 0; turn < 5; turn += 1) expect(await seen()).toHaveLength(2);
    app.catchUp();
    expect(await seen()).toHaveLength(3);
  });

  it('move between two pages of one reading when they are told to', async () => {
    const token = github.addToken();
    const app = github.addPackage('team/app');
    for (const image of IMAGES.slice(0, 4)) app.add(image);
    github.beforePage(app, 2, () => app.put(buildImage({ seed: 'pushed' }), 'new'));
    const pages = [await list(token, `${VERSIONS}?per_page=2`), await list(token, `${VERSIONS}?per_page=2&page=2`)];
    // The second item of page 1 slid to page 2: seen twice, and the new one not at all.
    expect(pages[0]?.[1]?.name).toBe(pages[1]?.[0]?.name);
  });
});

describe('rights at the fake GitHub', () => {
  const remove = async (token: string) =>
    (await call(token, `DELETE ${VERSIONS}/${github.package('team/app').version('v1').id}`)).status;

  beforeEach(() => {
    const app = github.addPackage('team/app');
    for (const [index, image] of IMAGES.slice(0, 3).entries()) app.add(image, { tags: [`v${index}`] });
  });

  it('show in X-OAuth-Scopes of a classic token, and of no other', async () => {
    const scoped = github.addToken({ kind: 'classic', scopes: ['read:packages', 'repo'] });
    expect((await call(scoped, 'GET /rate_limit')).headers.get('x-oauth-scopes')).toBe('read:packages, repo');
    for (const kind of ['workflow', 'fine-grained'] as const)
      expect((await call(github.addToken({ kind }), 'GET /rate_limit')).headers.has('x-oauth-scopes')).toBe(false);
  });

  it('to delete, when they are missing, look as if there was nothing, and the version stays', async () => {
    expect(await remove(github.addToken({ kind: 'classic', scopes: ['write:packages'] }))).toBe(404);
    expect(await remove(github.addToken({ kind: 'workflow', permissions: { packages: 'read' } }))).toBe(404);
    expect(await remove(github.addToken({ kind: 'workflow', mayDelete: false }))).toBe(404);
    expect(github.package('team/app').versions()).toHaveLength(3);
    expect(await remove(github.addToken())).toBe(204);
  });

  it('to see decide between 200, 401, 403 and 404', async () => {
    const read = async (token: string | undefined) => (await call(token, `GET ${VERSIONS}`)).status;
    expect(await read(undefined)).toBe(401);
    expect(await read('ghp_unknown')).toBe(401);
    expect(await read(github.addToken({ kind: 'classic', scopes: ['repo'] }))).toBe(403);
    expect(await read(github.addToken({ kind: 'fine-grained' }))).toBe(403);
    expect(await read(github.addToken({ kind: 'workflow', permissions: { packages: 'none' } }))).toBe(404);
    expect(await read(github.addToken({ kind: 'workflow', blind: ['team/app'] }))).toBe(404);
    expect(await read(github.addToken({ kind: 'workflow', permissions: { packages: 'read' } }))).toBe(200);
    const token = github.addToken();
    github.revoke(token);
    expect(await read(token)).toBe(401);
  });

  it('of a workflow decide what it may see of a private repository, and whether it may comment', async () => {
    const repository = github.addRepository('team/app', { refs: { 'refs/heads/main': 'a'.repeat(40) } });
    repository.addPullRequest({ number: 1, head: 'b'.repeat(40), mergeCommit: null });
    const fork = github.addToken({
      kind: 'workflow',
      permissions: { issues: 'read', 'pull-requests': 'read', deployments: 'none' },
    });
    expect((await call(fork, 'GET /repos/team/app/branches')).status).toBe(200);
    expect((await call(fork, 'GET /repos/team/app/deployments')).status).toBe(403);
    const comment = 'POST /repos/team/app/issues/1/comments';
    expect(await call(fork, comment, { body: 'hello' })).toMatchObject({
      status: 403,
      message: 'Resource not accessible by integration',
    });
    expect((await call(github.addToken(), comment, { body: 'hello' })).status).toBe(201);
    expect((await call(undefined, 'GET /repos/team/app')).status).toBe(404);
    repository.visibility = 'public';
    expect((await call(undefined, 'GET /repos/team/app')).status).toBe(200);
    expect((await call(fork, 'GET /repos/team/app/deployments')).status).toBe(200);
  });
});

describe('limits of the fake GitHub', () => {
  it('count every request of a token in an hour, and end with 403', async () => {
    await restart({ now: () => Date.UTC(2026, 10, 21) });
    const token = github.addToken({ kind: 'workflow', limit: 2 });
    github.addOwner('ann', 'User');
    const counts = async (path: string) => {
      const { status, headers } = await call(token, `GET ${path}`);
      return [status, ...['limit', 'remaining', 'used', 'resource'].map((name) => headers.get(`x-ratelimit-${name}`))];
    };
    expect(await counts('/users/ann')).toEqual([200, '2', '1', '1', 'core']);
    expect(await counts('/rate_limit')).toEqual([200, '2', '1', '1', 'core']);
    expect(await counts('/users/ann')).toEqual([200, '2', '0', '2', 'core']);
    expect(await counts('/users/ann')).toEqual([403, '2', '0', '2', 'core']);
    expect((await call(token, 'GET /users/ann')).headers.get('x-ratelimit-reset')).toBe(
      String(Date.UTC(2026, 10, 21, 1) / 1000),
    );
    expect((await call(github.addToken(), 'GET /users/ann')).headers.get('x-ratelimit-remaining')).toBe('999');
    github.quota(token).used = 1;
    expect((await counts('/users/ann'))[0]).toBe(200);
  });

  it('begin anew after the hour', async () => {
    let now = Date.UTC(2026, 10, 21);
    await restart({ now: () => now });
    const token = github.addToken({ kind: 'workflow', limit: 1 });
    github.addOwner('ann', 'User');
    const statuses = [(await call(token, 'GET /users/ann')).status, (await call(token, 'GET /users/ann')).status];
    now += 3_600_000;
    expect([...statuses, (await call(token, 'GET /users/ann')).status]).toEqual([200, 403, 200]);
  });

  it('are not there at all where nothing is counted', async () => {
    await restart({ quotas: false });
    const { status, headers } = await call(github.addToken(), 'GET /rate_limit');
    expect(status).toBe(404);
    expect(headers.has('x-ratelimit-limit')).toBe(false);
  });

  it('record who spends more than 900 points in a minute', async () => {
    await restart({ now: () => Date.UTC(2026, 10, 21) });
    const token = github.addToken({ kind: 'classic' });
    for (let turn = 0; turn < 180; turn += 1) await call(token, `DELETE ${VERSIONS}/1`);
    expect(github.violations).toEqual([]);
    await call(token, 'GET /rate_limit');
    expect(github.violations).toEqual([{ kind: 'points', value: 901, request: 'GET /rate_limit' }]);
  });

  it('record who has more than 100 requests in flight, and refuse when they are to', async () => {
    await restart({ latencyMs: 300, enforce: true });
    const token = github.addToken({ kind: 'classic' });
    const replies = await Promise.all(Array.from({ length: 101 }, () => call(token, 'GET /rate_limit')));
    expect(github.violations.map(({ kind }) => kind)).toEqual(['in-flight']);
    expect(github.peakInFlight()).toBe(101);
    const refused = replies.filter(({ status }) => status === 403);
    expect(refused).toHaveLength(1);
    expect(refused[0]?.headers.get('retry-after')).toBe('60');
    expect(refused[0]?.message).toContain('secondary rate limit');
  });

  it('come as a secondary limit in each of its forms', async () => {
    const token = github.addToken();
    github.fault('GET /users', secondaryLimit({ retryAfterS: 7 }));
    github.fault('GET /users', secondaryLimit({ status: 429 }));
    expect((await call(token, 'GET /users/ann')).headers.get('retry-after')).toBe('7');
    const second = await call(token, 'GET /users/ann');
    expect([second.status, second.headers.has('retry-after')]).toEqual([429, false]);
    expect(second.text).toContain('#about-secondary-rate-limits');
    expect((await call(token, 'GET /users/ann')).status).toBe(404);
  });
});

describe('faults of the fake GitHub', () => {
  it('come as often as they are told to, to the requests that they are meant for', async () => {
    const token = github.addToken();
    github.addOwner('ann', 'User');
    github.fault(/^GET \/users\/a/, badGateway(), 2);
    const statuses: number[] = [];
    for (const path of ['/users/bob', '/users/ann', '/users/ann', '/users/ann'])
      statuses.push((await call(token, `GET ${path}`)).status);
    expect(statuses).toEqual([404, 502, 502, 200]);
  });

  it('break a connection, and leave a request without an answer', async () => {
    github.fault('GET /users', 'drop');
    await expect(call(undefined, 'GET /users/ann')).rejects.toThrow('fetch failed');
    github.fault('GET /users', 'hang');
    await expect(fetch(`${github.apiUrl}/users/ann`, { signal: AbortSignal.timeout(100) })).rejects.toThrow('timeout');
    expect(github.requestLog()).toEqual(['GET /users/ann no answer', 'GET /users/ann no answer']);
  });

  it('can be anything that the test answers', async () => {
    github.onRequest = ({ path }) => (path === '/users/ann' ? { status: 299, json: { path } } : undefined);
    expect(await call(undefined, 'GET /users/ann')).toMatchObject({ status: 299, text: '{"path":"/users/ann"}' });
    expect((await call(undefined, 'GET /users/bob')).status).toBe(404);
  });

  it('do not come by themselves: an answer that GitHub would not give is a failure of the fake', async () => {
    const app = github.addPackage('team/app');
    Object.assign(app.add(buildImage()), { tags: [7] });
    expect((await call(github.addToken(), `GET ${VERSIONS}`)).text).toContain(`breaks GitHub's description`);
  });
});

describe('an Enterprise Server', () => {
  it('has its interfaces below the address of the server', async () => {
    const token = github.addToken();
    const app = github.addPackage('team/app');
    for (const image of IMAGES.slice(0, 2)) app.add(image);
    const { status, headers } = await call(token, `GET ${github.enterpriseApiUrl}${VERSIONS}?per_page=1`);
    expect(status).toBe(200);
    expect(headers.get('link')).toContain(`<${github.enterpriseApiUrl}${VERSIONS}?per_page=1&page=2>; rel="next"`);
    const query = await call(token, `POST ${github.serverUrl}/api/graphql`, { query: '{ rateLimit { limit } }' });
    expect(JSON.parse(query.text)).toEqual({ data: { rateLimit: { limit: 1000 } } });
    expect(github.requestLog()).toEqual([`GET ${VERSIONS}?per_page=1 200`, 'POST /graphql (rateLimit) 200']);
  });
});

describe('ghcr.io at the fake GitHub', () => {
  const image = buildImage({ seed: 'pushed' });

  async function bearer(token: string | undefined, scope: string): Promise<string> {
    const headers =
      token === undefined ? {} : { authorization: `Basic ${Buffer.from(`any:${token}`).toString('base64')}` };
    const response = await fetch(`http://${github.registryHost}/token?service=ghcr.io&scope=${scope}`, { headers });
    const json = (await response.json()) as { readonly token?: string };
    return json.token ?? `refused ${response.status}`;
  }

  function request(
    method: string,
    path: string,
    more: { token: string; body?: Uint8Array; type?: string; accept?: string },
  ): Promise<Response> {
    return fetch(`http://${github.registryHost}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${more.token}`,
        ...(more.type === undefined ? {} : { 'content-type': more.type }),
        ...(more.accept === undefined ? {} : { accept: more.accept }),
      },
      ...(more.body === undefined ? {} : { body: Buffer.from(more.body) }),
    });
  }

  async function pushBlobs(token: string, name: string): Promise<void> {
    for (const blob of image.blobs) {
      const begun = await request('POST', `/v2/${name}/blobs/uploads/`, { token });
      await request('PUT', `${begun.headers.get('location')}?digest=${blob.digest}`, { token, body: blob.bytes });
    }
  }

  it('asks for a token of its own, and tells where to get it', async () => {
    const response = await fetch(`http://${github.registryHost}/v2/team/app/tags/list`);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer realm="http://${github.registryHost}/token",service="ghcr.io",scope="repository:team/app:pull"`,
    );
  });

  it('gives everybody what is public, and the rest to who may see it', async () => {
    github.addPackage('team/open', { visibility: 'public' }).add(image, { tags: ['v1'] });
    github.addPackage('team/closed').add(image, { tags: ['v1'] });
    const read = async (token: string | undefined, name: string) =>
      (
        await request('GET', `/v2/team/${name}/manifests/v1`, {
          token: await bearer(token, `repository:team/${name}:pull`),
        })
      ).status;
    const known = github.addToken();
    expect(await read(undefined, 'open')).toBe(200);
    expect(await read(known, 'closed')).toBe(200);
    expect(await read(github.addToken({ kind: 'workflow', blind: ['team/closed'] }), 'closed')).toBe(403);
    expect(await bearer(undefined, 'repository:team/closed:pull')).toBe('refused 401');
    expect(await bearer('wrong', 'repository:team/closed:pull')).toBe('refused 403');
    expect(await read(known, 'unknown')).toBe(404);
  });

  it('makes a version of every manifest that is pushed, and moves the tag', async () => {
    const app = github.addPackage('team/app/base');
    const old = app.add(buildImage({ seed: 'old' }), { tags: ['v1', 'v2'] });
    const token = await bearer(github.addToken(), 'repository:team/app/base:pull,push');
    const put = (reference: string) =>
      request('PUT', `/v2/team/app/base/manifests/${reference}`, { token, type: image.mediaType, body: image.bytes });
    expect((await put('v1')).status).toBe(404);
    await pushBlobs(token, 'team/app/base');
    expect((await put(`sha256:${'0'.repeat(64)}`)).status).toBe(400);
    expect((await put('v1')).status).toBe(201);
    expect(app.version('v1')).toMatchObject({ digest: image.digest, tags: ['v1'] });
    expect(old.tags).toEqual(['v2']);
    expect(old.updatedAtMs).toBeGreaterThan(old.createdAtMs);
    expect(app.digests()).toEqual([image.digest, old.digest]);
    const index = buildIndex([{ manifest: buildImage({ seed: 'never pushed' }) }]);
    const half = { token, type: index.mediaType, body: index.bytes };
    expect((await request('PUT', '/v2/team/app/base/manifests/v3', half)).status).toBe(404);
  });

  it('begins a package with its first push, and takes none from who may only read', async () => {
    const reader = github.addToken({ kind: 'workflow', permissions: { packages: 'read' } });
    const refused = await bearer(reader, 'repository:team/new:pull,push');
    expect((await request('POST', '/v2/team/new/blobs/uploads/', { token: refused })).status).toBe(403);
    const token = await bearer(github.addToken(), 'repository:team/new:pull,push');
    await pushBlobs(token, 'team/new');
    await request('PUT', `/v2/team/new/manifests/${image.digest}`, { token, type: image.mediaType, body: image.bytes });
    expect(github.package('team/new').digests()).toEqual([image.digest]);
  });

  it('counts a GET of a manifest as a download, and a HEAD not', async () => {
    const app = github.addPackage('team/app');
    const version = app.add(image, { tags: ['v1'] });
    const token = await bearer(github.addToken(), 'repository:team/app:pull');
    for (const method of ['HEAD', 'GET', 'HEAD', 'GET']) {
      const response = await request(method, `/v2/team/app/manifests/${image.digest}`, {
        token,
        accept: image.mediaType,
      });
      expect(response.headers.get('docker-content-digest')).toBe(image.digest);
    }
    expect(version.downloads).toBe(2);
    expect((await request('GET', '/v2/team/app/manifests/v1', { token, accept: 'text/plain' })).status).toBe(404);
  });

  it('deletes nothing, has no referrers API, and has no manifest of a ghost or of a deleted version', async () => {
    const app = github.addPackage('team/app');
    app.add(image, { tags: ['v1'], ghost: true });
    app.add(buildImage({ seed: 'other' }), { tags: ['v2'] });
    const token = await bearer(github.addToken(), 'repository:team/app:pull,push');
    const status = async (line: string) => {
      const [method = '', path = ''] = line.split(' ');
      return (await request(method, `/v2/team/app/${path}`, { token })).status;
    };
    expect(await status('DELETE manifests/v2')).toBe(405);
    expect(await status(`GET referrers/${image.digest}`)).toBe(404);
    expect(await status('GET manifests/v1')).toBe(404);
    expect(await status('GET manifests/v2')).toBe(200);
    app.erase('v2');
    expect(await status('GET manifests/v2')).toBe(404);
    const tags = await request('GET', '/v2/team/app/tags/list', { token });
    expect(await tags.json()).toEqual({ name: 'team/app', tags: ['v1'] });
  });
});
