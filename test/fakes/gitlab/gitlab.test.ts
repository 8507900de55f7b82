// The fake GitLab's own habits: who may do what in REST, how lists come in pages, and what it watches.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGitSandbox, type GitSandbox } from '../../builders/git-repository.ts';
import { buildImage } from '../../builders/image.ts';
import { requireDistribution, requireProgram } from '../../support/real-parts.ts';
import { containing, matching } from '../../support/typed-matchers.ts';
import type { FakeToken } from './access.ts';
import { ask, type PlainAnswer } from './ask.ts';
import { type FakeGitlab, type GitlabOptions, startGitlab } from './gitlab.ts';
import { badGateway, tooManyRequests } from './limits.ts';

const run = promisify(execFile);
const DAY = '2026-01-01T00:00:00Z';
const APP = '/projects/group%2Fapp';
const hasParts = requireDistribution() !== undefined && requireProgram('openssl') && requireProgram('git');

describe.runIf(hasParts)('the REST interface of the fake GitLab', () => {
  let sandbox: GitSandbox;
  let gitlab: FakeGitlab;
  let commits: ReadonlyMap<string, string>;

  async function start(options?: GitlabOptions): Promise<void> {
    await gitlab?.close();
    gitlab = await startGitlab(options);
    const directory = sandbox.bare(`app-${gitlab.registryHost.split(':')[1]}.git`);
    commits = sandbox.add(directory, { commits: [{ name: 'a', date: DAY }], branches: { main: 'a' } });
    gitlab.addProject('group/app', { directory }).addMergeRequest({ iid: 1, head: commits.get('a')! });
    gitlab.addProject('group/other');
    gitlab.registry.repository('group/app').push(buildImage(), { tags: ['v1'] });
  }

  async function get(path: string, headers: Record<string, string> = {}, init: RequestInit = {}): Promise<PlainAnswer> {
    return await ask(gitlab.apiUrl + path, { headers, ...init });
  }

  const asPrivate = (token: Omit<FakeToken, 'kind'> = {}) => ({
    'private-token': gitlab.addToken({ kind: 'private', ...token }),
  });
  const asJob = (token: Omit<FakeToken, 'kind'> = {}) => ({
    'job-token': gitlab.addToken({ kind: 'job', project: 'group/app', ...token }),
  });

  beforeEach(async () => {
    sandbox = createGitSandbox();
    await start();
  });
  afterEach(async () => {
    await gitlab.close();
    sandbox.remove();
  });

  // https://docs.gitlab.com/ci/jobs/ci_job_token/#job-token-access
  it.each([
    ['branches', 'GET', '/repository/branches', 200],
    ['tags of Git', 'GET', '/repository/tags', 200],
    ['a commit', 'GET', '/repository/commits/main', 200],
    ['a file', 'GET', '/repository/files/file/raw?ref=main', 200],
    ['merge requests', 'GET', '/merge_requests', 200],
    ['one merge request', 'GET', '/merge_requests/1', 200],
    ['notes', 'GET', '/merge_requests/1/notes', 200],
    ['releases', 'GET', '/releases', 200],
    ['environments', 'GET', '/environments', 200],
    ['deployments', 'GET', '/deployments', 200],
    ['repositories of images', 'GET', '/registry/repositories', 200],
    ['the project itself', 'GET', '', 404],
    ['one branch', 'GET', '/repository/branches/main', 404],
    ['rules for tags', 'GET', '/registry/protection/tag/rules', 404],
    ['writing a note', 'POST', '/merge_requests/1/notes', 401],
  ])("answers a job's token about %s", async (_, method, path, status) => {
    const body = method === 'POST' ? { body: JSON.stringify({ body: 'x' }) } : {};
    expect((await get(APP + path, asJob(), { method, ...body, headers: asJob() })).status).toBe(status);
  });

  it("gives a job's token the project itself when everybody may see it", async () => {
    gitlab.project('group/app').visibility = 'public';
    expect((await get(APP, asJob())).status).toBe(200);
  });

  it("hides other projects from a job's token, and says it of their registries", async () => {
    const other = '/projects/group%2Fother';
    expect((await get(`${other}/repository/branches`, asJob())).status).toBe(404);
    expect(await get(`${other}/registry/repositories`, asJob())).toMatchObject({
      status: 403,
      body: { message: containing('job token cannot be used') },
    });
  });

  it("lets a job's token read a project that has its own on the list", async () => {
    gitlab.addProject('group/listed', { jobTokenAllowlist: ['group/app'] });
    const path = '/projects/group%2Flisted';
    expect((await get(`${path}/releases`, asJob())).status).toBe(200);
    expect((await get(`${path}/registry/repositories`, asJob())).status).toBe(403);
  });

  it("takes no job's token for a private one, nor the other way", async () => {
    const job = asJob()['job-token'];
    expect((await get(`${APP}/releases`, { 'private-token': job })).status).toBe(401);
    expect((await get(`${APP}/releases`, { 'job-token': asPrivate()['private-token'] })).status).toBe(401);
  });

  it.each([
    ['nobody', undefined, 404, { message: '404 Project Not Found' }],
    ['a stranger', { level: 'none' }, 404, { message: '404 Project Not Found' }],
    ['a member of another project', { project: 'group/other' }, 404, { message: '404 Project Not Found' }],
    ['a guest', { level: 'guest' }, 403, { message: '403 Forbidden' }],
    ['a reporter', { level: 'reporter', scopes: ['read_api'] }, 200, undefined],
    [
      'a token for images only',
      { scopes: ['read_registry'] },
      403,
      { error: 'insufficient_scope', scope: 'api read_api' },
    ],
    ['a revoked token', { state: 'revoked' }, 401, { error: 'invalid_token' }],
    ['an expired token', { state: 'expired' }, 401, { error_description: matching(/expired/) }],
  ] as const)('answers %s about branches', async (_, token, status, body) => {
    const headers = token === undefined ? {} : asPrivate(token);
    const answer = await get(`${APP}/repository/branches`, headers);
    expect(answer.status).toBe(status);
    if (body !== undefined) expect(answer.body).toMatchObject(body);
  });

  it('takes a token that it does not know for nobody’s, and a deploy token for nothing', async () => {
    expect((await get(`${APP}/releases`, { 'private-token': 'glpat-unknown' })).status).toBe(401);
    expect((await get(`${APP}/releases`, { 'deploy-token': gitlab.addToken({ kind: 'deploy' }) })).status).toBe(401);
    expect((await get('/user')).status).toBe(401);
  });

  it('takes bearer tokens', async () => {
    const { 'private-token': token } = asPrivate();
    expect((await get('/user', { authorization: `Bearer ${token}` })).status).toBe(200);
  });

  it.each([
    ['developer', 200],
    ['reporter', 403],
  ] as const)('lets a %s delete a tag of an image: %i', async (level, status) => {
    const [{ id } = { id: 0 }] = (await get(`${APP}/registry/repositories`, asPrivate())).body as { id: number }[];
    const path = `${APP}/registry/repositories/${id}/tags/v1`;
    expect((await get(path, {}, { method: 'DELETE', headers: asPrivate({ level }) })).status).toBe(status);
    expect(gitlab.registry.repository('group/app').tags()).toEqual(status === 200 ? [] : ['v1']);
  });

  it('writes notes with `api` only, and changes those of others as a maintainer only', async () => {
    const write = (method: string, path: string, token: Omit<FakeToken, 'kind'>) =>
      get(path, {}, { method, headers: asPrivate(token), body: JSON.stringify({ body: 'words' }) });
    const notes = `${APP}/merge_requests/1/notes`;
    expect((await write('POST', notes, { scopes: ['read_api'] })).status).toBe(403);
    const { body } = await write('POST', notes, { user: 'bob', level: 'developer' });
    const own = `${notes}/${(body as { id: number }).id}`;
    expect((await write('PUT', own, { user: 'eve', level: 'developer' })).status).toBe(403);
    expect((await write('PUT', own, { user: 'bob', level: 'developer' })).status).toBe(200);
    expect((await write('PUT', own, { user: 'max', level: 'maintainer' })).status).toBe(200);
  });

  it('counts up to 10,000 and not beyond', async () => {
    const project = gitlab.project('group/app');
    for (let at = 0; at < 10_000; at += 1) project.addEnvironment({ name: `review/${at}` });
    const many = await get(`${APP}/environments?per_page=100&page=2`, asPrivate());
    expect([many.header('x-total'), many.header('x-total-pages'), many.header('x-next-page')]).toEqual([
      null,
      null,
      '3',
    ]);
    expect(many.header('link')).toMatch(/rel="prev".*rel="next".*rel="first"$/);
    project.environments.pop();
    const counted = await get(`${APP}/environments?per_page=100&page=100`, asPrivate());
    expect([counted.header('x-total'), counted.header('x-total-pages'), counted.header('x-next-page')]).toEqual([
      '9999',
      '100',
      '',
    ]);
    expect(counted.header('link')).toMatch(/rel="last"$/);
  });

  it('promises a second page of branches though there is none, and does not go on after a name that is gone', async () => {
    const first = await get(`${APP}/repository/branches?per_page=1`, asPrivate());
    expect(first.header('x-next-page')).toBe('2');
    expect(await get(`${APP}/repository/branches?per_page=1&page=2`, asPrivate())).toMatchObject({
      status: 200,
      body: [],
    });
    const byName = await get(`${APP}/repository/branches?per_page=1&pagination=keyset`, asPrivate());
    const [, next = ''] = /<([^>]+)>; rel="next"/.exec(byName.header('link') ?? '') ?? [];
    expect(next.startsWith(gitlab.apiUrl)).toBe(true);
    expect(await ask(next, { headers: asPrivate() })).toMatchObject({ status: 200, body: [] });
    expect((await ask(next.replace('main', 'gone'), { headers: asPrivate() })).status).toBe(422);
  });

  it.each([
    ['a state of merge requests', '/merge_requests?state=open', { error: 'state does not have a valid value' }],
    ['a status of deployments', '/deployments?status=done', { error: 'status does not have a valid value' }],
    ['a state of environments', '/environments?states=open', { message: 'Requested states are invalid' }],
    ['a page', '/releases?page=two', { error: 'page is invalid, per_page is invalid' }],
    ['a filter without its order', `/deployments?updated_after=${DAY}`, { message: containing('must be paired') }],
  ])('refuses %s that there is not', async (_, path, body) => {
    expect(await get(APP + path, asPrivate())).toMatchObject({ status: 400, body });
  });

  it.each([
    ['a route', '/projects/group%2Fapp/pull_requests', 'route'],
    ['a name that is not escaped', '/projects/group/app', 'route'],
    ['a parameter', '/projects/group%2Fapp/releases?perpage=1', 'parameter'],
    ['a token in the address', '/projects/group%2Fapp/releases?private_token=x', 'exposure'],
  ])('notes %s that GitLab does not know', async (_, path, kind) => {
    await get(path, asPrivate());
    expect(gitlab.violations.map((one) => one.kind)).toContain(kind);
  });

  it('notes who asks more than 2,000 times a minute, and refuses when it is told to', async () => {
    await start({ limits: { requestsPerMinute: 2, enforce: true } });
    const headers = asPrivate();
    expect((await get('/user', headers)).header('ratelimit-remaining')).toBe('1');
    await get('/user', headers);
    const refused = await get('/user', headers);
    expect(refused).toMatchObject({ status: 429, body: 'Retry later\n' });
    expect(Number(refused.header('retry-after'))).toBeGreaterThan(0);
    expect((await get('/user', asPrivate())).status).toBe(200);
    expect(gitlab.violations).toEqual([{ kind: 'rate', request: 'GET /api/v4/user' }]);
  });

  it('fails as it is told, so often and no more', async () => {
    gitlab.fault('GET /api/v4/user', badGateway(), 2);
    gitlab.fault(/releases/, tooManyRequests({ retryAfterS: 7 }));
    expect((await get('/user', asPrivate())).status).toBe(502);
    expect((await get(`${APP}/releases`, asPrivate())).header('retry-after')).toBe('7');
    expect((await get('/user', asPrivate())).status).toBe(502);
    expect((await get('/user', asPrivate())).status).toBe(200);
    gitlab.onRequest = () => 'drop';
    await expect(get('/user')).rejects.toThrow();
  });

  it('logs without ports and dates', async () => {
    await get(`${APP}/deployments?updated_after=2026-01-01T00:00:00Z&order_by=updated_at`, asPrivate());
    await get(`${APP}/deployments?updated_after=2026-01-01T00%3A00%3A00.000Z&order_by=updated_at`, asPrivate());
    const line = 'GET /api/v4/projects/group%2Fapp/deployments?updated_after=<date>&order_by=updated_at 200';
    expect(gitlab.requestLog({ channels: ['rest'] })).toEqual([line, line]);
    gitlab.clearRequests();
    expect(gitlab.requestLog()).toEqual([]);
  });

  it.each([
    ['a job in its project', { kind: 'job', project: 'group/app' }, 'gitlab-ci-token', true],
    ['a job in another one', { kind: 'job', project: 'group/other' }, 'gitlab-ci-token', false],
    ['a job as somebody else', { kind: 'job', project: 'group/app' }, 'ann', false],
    ['a token for Git', { kind: 'private', scopes: ['read_repository'] }, 'oauth2', true],
    ['a token for reading REST', { kind: 'private', scopes: ['read_api'] }, 'oauth2', true],
    ['a token for images', { kind: 'private', scopes: ['read_registry'] }, 'oauth2', false],
    ['a deploy token', { kind: 'deploy', scopes: ['read_repository'] }, 'gitlab+deploy-token-1', true],
    ['a deploy token as somebody else', { kind: 'deploy', scopes: ['read_repository'] }, 'ann', false],
    ['a guest', { kind: 'private', level: 'guest' }, 'oauth2', false],
  ] as const)('serves Git, or not, to %s', async (_, token, user, isServed) => {
    const url = `${gitlab.serverUrl.replace('//', `//${user}:${gitlab.addToken(token)}@`)}/group/app.git`;
    const words = ['-c', 'credential.helper=', 'ls-remote', url, 'refs/merge-requests/*'];
    const listed = run('git', words, { env: { ...sandbox.environment, GIT_TERMINAL_PROMPT: '0' } });
    if (isServed) expect((await listed).stdout).toContain('refs/merge-requests/1/head');
    else await expect(listed).rejects.toThrow();
  });
});
