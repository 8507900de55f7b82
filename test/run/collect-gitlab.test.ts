// GitLab's word and the commits behind it, together: the stateful fake, and git itself over its smart HTTP.

import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GitlabForgeSettings, GitSettings, Settings } from '../../src/config/settings.ts';
import { EvidenceError } from '../../src/errors.ts';
import { type Log, silentLog } from '../../src/log.ts';
import type { CommitId } from '../../src/model/history.ts';
import { parseRepository } from '../../src/model/reference.ts';
import { collectEvidence } from '../../src/run/collect-evidence.ts';
import { collectForge, type ForgeEvidence, type ForgeRequest } from '../../src/run/collect-forge.ts';
import { createGitSandbox, type GitSandbox } from '../builders/git-repository.ts';
import { NOW, policyOf, snapshotOf } from '../builders/snapshot.ts';
import type { FakeToken } from '../fakes/gitlab/access.ts';
import { type FakeGitlab, startGitlab } from '../fakes/gitlab/gitlab.ts';
import type { FakeProject } from '../fakes/gitlab/projects.ts';
import { requireDistribution, requireProgram } from '../support/real-parts.ts';

const DAY = '2026-01-01T00:00:00Z';
const RULES: Settings['policy']['forge'] = {
  pullRequests: { last: 2 },
  releases: { last: 5 },
  deployments: { environments: [], last: 2 },
};
const PATH = 'group/sub/shop';

const isReady = requireProgram('git') && requireProgram('openssl') && requireDistribution() !== undefined;

describe.runIf(isReady)('what GitLab and git say together', () => {
  let sandbox: GitSandbox;
  let fake: FakeGitlab;
  let project: FakeProject;
  let origin: string;
  let ids: ReadonlyMap<string, CommitId>;
  let warnings: string[];
  let secrets: string[];
  let log: Log;

  beforeEach(async () => {
    sandbox = createGitSandbox();
    for (const folder of ['tmp', 'elsewhere']) mkdirSync(join(sandbox.root, folder));
    fake = await startGitlab();
    origin = sandbox.bare('shop.git');
    ids = sandbox.add(origin, {
      commits: [
        { name: 'a', date: DAY },
        { name: 'b', date: DAY, parents: ['a'] },
        { name: 'fork1', date: DAY, parents: ['a'] },
        { name: 'fork2', date: DAY, parents: ['fork1'] },
        { name: 'preview', date: DAY, parents: ['a'] },
      ],
      branches: { main: 'b' },
      tags: { v1: { commit: 'a', date: DAY } },
    });
    project = fake.addProject(PATH, { directory: origin });
    warnings = [];
    secrets = [];
    log = { ...silentLog, warn: (line) => warnings.push(line), secret: (value) => secrets.push(value) };
  });
  afterEach(async () => {
    expect(readdirSync(join(sandbox.root, 'tmp')), 'temporary folders left behind').toEqual([]);
    expect(fake.violations).toEqual([]);
    await fake.close();
    sandbox.remove();
  });

  const id = (name: string): CommitId => ids.get(name)!;
  const git = (changes: Partial<GitSettings> = {}): GitSettings => ({
    directory: join(sandbox.root, 'elsewhere'),
    isNamed: false,
    allowUnshallow: true,
    allowFetch: true,
    ...changes,
  });
  const forgeWith = (token: FakeToken = { kind: 'job' }): GitlabForgeSettings => ({
    kind: 'gitlab',
    apiUrl: fake.apiUrl,
    serverUrl: fake.serverUrl,
    project: PATH,
    token: { kind: token.kind === 'job' ? 'job' : 'private', value: fake.addToken(token) },
  });
  const environment = (): NodeJS.ProcessEnv => ({ ...sandbox.environment, RUNNER_TEMP: join(sandbox.root, 'tmp') });
  const settingsOf = (parts: Partial<Settings> = {}): Settings => ({
    command: 'plan',
    repositories: [{ kind: 'registry', provider: 'oci', repository: parseRepository('127.0.0.1:1/group/shop') }],
    policy: policyOf({ forge: RULES }),
    registry: { plainHttp: true },
    git: git(),
    forge: forgeWith(),
    kubernetes: 'off',
    missing: [],
    journal: join(sandbox.root, 'journal.jsonl'),
    format: 'text',
    logLevel: 'info',
    ...parts,
  });

  function collect(changes: Partial<ForgeRequest> = {}): Promise<ForgeEvidence> {
    const settings = changes.settings ?? settingsOf();
    return collectForge({
      settings,
      forge: forgeWith(),
      git: git(),
      environment: environment(),
      log,
      snapshots: [],
      ...changes,
    });
  }

  async function failure(reading: Promise<unknown>): Promise<EvidenceError> {
    const error: unknown = await reading.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof EvidenceError)) throw new Error('no EvidenceError was thrown', { cause: error });
    expect(error.exitCode).toBe(5);
    return error;
  }

  it.each([
    ['a job', { kind: 'job', level: 'reporter' }, 'gitlab-ci-token'],
    ['a project', { kind: 'private', scopes: ['read_api'], level: 'reporter' }, 'oauth2'],
  ] as const)('are the same with the token of %s, which git sends under its own name', async (_, token, user) => {
    project.addMergeRequest({ iid: 7, head: id('fork2'), fork: 'somebody/shop' });
    project.addMergeRequest({ iid: 6, head: id('preview'), state: 'closed' });
    project.addDeployment({ environment: 'preview', commit: id('preview') });
    project.addRelease({ tag: 'v1' });
    const forgeSettings = forgeWith(token);
    const { forge, history } = await collect({ forge: forgeSettings });
    expect(history.references.map(({ kind, name, commit }) => `${kind} ${name} ${commit}`)).toEqual([
      `branch main ${id('b')}`,
      `tag v1 ${id('a')}`,
    ]);
    for (const name of ['fork1', 'fork2', 'preview']) expect(history.graph.indexOf(id(name)), name).toBeDefined();
    expect(history.defaultBranch).toBe('main');
    expect(history.remoteUrls).toContain(`${fake.serverUrl}/${PATH}`);
    expect(forge).toMatchObject({
      complete: true,
      title: 'GitLab',
      requestName: 'merge request',
      repository: PATH,
      pullRequests: [{ number: 7, head: id('fork2'), baseBranch: 'main' }],
      deployments: [{ environment: 'preview', commit: id('preview'), state: 'active' }],
      releases: [{ tag: 'v1', isDraft: false, commit: id('a') }],
    });
    expect(warnings).toEqual([]);
    const basic = Buffer.from(`${user}:${forgeSettings.token?.value}`).toString('base64');
    const ofGit = fake.requests.filter(({ channel }) => channel === 'git');
    expect(new Set(ofGit.map(({ headers }) => headers['authorization']?.toLowerCase()))).toEqual(
      new Set([`basic ${basic}`.toLowerCase()]),
    );
    for (const secret of [forgeSettings.token!.value, basic]) expect(secrets).toContain(secret);
  });

  it('need no token where everybody sees the project', async () => {
    project.visibility = 'public';
    const { token: _, ...open } = forgeWith();
    const policy = policyOf({ forge: { ...RULES, deployments: 'off' } });
    const { history } = await collect({ forge: open, settings: settingsOf({ policy }) });
    expect(history.references).toHaveLength(2);
    for (const { headers } of fake.requests)
      expect(Object.keys(headers).filter((name) => /token|authorization/.test(name))).toEqual([]);
  });

  it('know the merges that tested a merge request, now and before, by what images name', async () => {
    const before = project.addMergeRequest({ iid: 7, head: id('fork1') }).mergeRef!;
    const now = project.updateMergeRequest(7, { head: id('fork2') }).mergeRef!;
    const snapshots = [
      snapshotOf([
        { name: 'one', tags: [before.slice(0, 8)] },
        { name: 'two', labels: { 'org.opencontainers.image.revision': now } },
        { name: 'three', labels: { 'org.opencontainers.image.revision': 'e'.repeat(40) } },
      ]),
    ];
    const { forge, history } = await collect({ snapshots });
    expect(forge.testMerges).toEqual(
      new Map([
        [before, id('fork1')],
        [now, id('fork2')],
      ]),
    );
    expect(history.graph.indexOf(before as CommitId)).toBeUndefined();
  });

  it('ask for test merges only while a merge request is open and the rule is on', async () => {
    const snapshots = [snapshotOf([{ name: 'one', tags: ['abcdef12'] }])];
    const asked = (): number => fake.requestLog().filter((line) => line.includes('/commits/')).length;
    project.addMergeRequest({ iid: 7, head: id('fork2'), state: 'closed' });
    await collect({ snapshots });
    expect(asked()).toBe(0);
    project.updateMergeRequest(7, { state: 'opened' });
    const policy = policyOf({ forge: { ...RULES, pullRequests: 'off' } });
    await collect({ snapshots, settings: settingsOf({ policy }) });
    expect(asked()).toBe(0);
    await collect({ snapshots });
    // One for the head, which proves that commits are shown, and one for the commit that the image names.
    expect(asked()).toBe(2);
  });

  it('go on without a deployed commit that is nowhere any more, and say so', async () => {
    project.addDeployment({ environment: 'production', commit: 'd'.repeat(40) });
    const { forge } = await collect();
    expect(forge.deployments).toHaveLength(1);
    expect(warnings).toEqual([expect.stringContaining(`that ${PATH} does not have any more: 1 (dddddddddd)`)]);
  });

  it('are asked once more when git does not have what GitLab names, and hold for the second time', async () => {
    project.addMergeRequest({ iid: 7, head: id('fork2') });
    const stale = { iid: 7, sha: 'f'.repeat(40), source_branch: 'feature-7', target_branch: 'main' };
    let lists = 0;
    fake.onRequest = ({ path }) => {
      if (!path.includes('/merge_requests?') || path.includes('locked')) return undefined;
      lists += 1;
      return lists === 1 ? { status: 200, json: [stale] } : undefined;
    };
    expect((await collect()).forge.pullRequests?.map(({ head }) => head)).toEqual([id('fork2')]);
    expect(lists).toBe(2);
    lists = -10;
    fake.onRequest = ({ path }) => (path.includes('state=opened') ? { status: 200, json: [stale] } : undefined);
    expect(await failure(collect())).toMatchObject({ code: 'EVIDENCE_GIT' });
  });

  it('stop without the right to read deployments, before git is asked for anything', async () => {
    fake.fault(/\/environments/, { status: 403, json: { message: '403 Forbidden' } }, 100);
    const error = await failure(collect());
    expect(error.code).toBe('EVIDENCE_FORGE');
    expect(error.hint).toMatch(
      /gitlab-token an access token with the scope read_api and the role Reporter.*deployments: false/,
    );
    expect(fake.requestLog({ channels: ['git'] })).toEqual([]);
  });

  it('stop with what git lacks, and show no token', async () => {
    const forge = forgeWith();
    fake.fault(`GET /${PATH}.git`, { status: 404, body: 'not found' }, 100);
    const error = await failure(collect({ forge }));
    expect(error.hint).toContain('the scope read_api and the role Reporter');
    expect(`${error.message} ${error.hint}`).not.toContain(forge.token?.value);
  });

  it('take the commits from a checkout of the same project, without a request to git', async () => {
    const clone = sandbox.clone(origin, 'checkout');
    sandbox.git(
      clone,
      'remote',
      'set-url',
      'origin',
      `http://gitlab-ci-token:x@${fake.serverUrl.slice(7)}/${PATH}.git`,
    );
    const { history } = await collect({ git: git({ directory: clone }) });
    expect(history.references).toHaveLength(2);
    expect(fake.requestLog({ channels: ['git'] })).toEqual([]);
  });

  it('fetch nothing again from one run to the next while nothing moves, and keep no token', async () => {
    project.addMergeRequest({ iid: 7, head: id('fork2') });
    const cacheDirectory = join(sandbox.root, 'cache');
    const settings = settingsOf({ cacheDirectory });
    const forge = forgeWith();
    await collect({ settings, forge });
    expect(fake.requestLog({ channels: ['git'] }).length).toBeGreaterThan(0);
    fake.clearRequests();
    expect((await collect({ settings, forge })).history.graph.indexOf(id('fork2'))).toBeDefined();
    expect(fake.requestLog({ channels: ['git'] })).toEqual([]);
    const files = readdirSync(cacheDirectory, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const text = readFileSync(join(file.parentPath, file.name), 'latin1');
      expect(text.includes(forge.token!.value)).toBe(false);
    }
  });

  it('are checked for a named clone of another repository before any request', async () => {
    const stranger = sandbox.clone(origin, 'stranger');
    const settings = settingsOf({ git: git({ directory: stranger, isNamed: true }) });
    const context = { log, environment: environment(), now: () => NOW };
    const error = await failure(collectEvidence(settings, context, new Map()));
    expect(error.hint).toContain('gitlab-project');
    expect(fake.requests).toEqual([]);
  });
});
