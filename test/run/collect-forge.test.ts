// GitHub's word and the commits behind it, together: the stateful fake with its two interfaces, and git itself over its smart HTTP.

import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GithubForgeSettings, GitSettings, Settings } from '../../src/config/settings.ts';
import { EvidenceError } from '../../src/errors.ts';
import { type Log, silentLog } from '../../src/log.ts';
import { RECORD_KEYS, RECORD_TYPE } from '../../src/model/build-record.ts';
import type { CommitId } from '../../src/model/history.ts';
import { parseRepository } from '../../src/model/reference.ts';
import { closeAll, collectEvidence } from '../../src/run/collect-evidence.ts';
import { collectForge, type ForgeEvidence, type ForgeRequest } from '../../src/run/collect-forge.ts';
import { decisionsOn } from '../builders/decision.ts';
import { createGitSandbox, type GitSandbox } from '../builders/git-repository.ts';
import { buildImage, pushImage } from '../builders/image.ts';
import { ANY_AGE, NOW, type NodeSpec, policyOf, snapshotOf } from '../builders/snapshot.ts';
import type { FakeToken } from '../fakes/github/access.ts';
import { type FakeGithub, startGithub } from '../fakes/github/github.ts';
import type { FakeRepository } from '../fakes/github/repositories.ts';
import { startFakeRegistry } from '../fakes/registry-server.ts';
import { requireProgram } from '../support/real-parts.ts';

const DAY = '2026-01-01T00:00:00Z';
const RULES: Settings['policy']['forge'] = {
  pullRequests: { last: 2 },
  releases: { last: 5 },
  deployments: { environments: [], last: 2 },
};

/** No branch keeps anything, and what has no link goes. */
const ONLY_REQUESTS = {
  forge: RULES,
  git: { enabled: true, keepPolicies: [] },
  images: { ...policyOf().images, unlinked: 'delete' as const },
};

describe.runIf(requireProgram('git'))('what a forge and git say together', () => {
  let sandbox: GitSandbox;
  let fake: FakeGithub;
  let repository: FakeRepository;
  let origin: string;
  let ids: ReadonlyMap<string, CommitId>;
  let warnings: string[];
  let log: Log;

  beforeEach(async () => {
    sandbox = createGitSandbox();
    for (const folder of ['tmp', 'elsewhere']) mkdirSync(join(sandbox.root, folder));
    fake = await startGithub();
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
    repository = fake.addRepository('acme/shop', { directory: origin });
    warnings = [];
    log = { ...silentLog, warn: (line) => warnings.push(line) };
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
  const forgeWith = (token: FakeToken = { kind: 'workflow' }): GithubForgeSettings => ({
    kind: 'github',
    apiUrl: fake.apiUrl,
    serverUrl: fake.serverUrl,
    owner: 'acme',
    name: 'shop',
    token: fake.addToken(token),
  });
  const environment = (): NodeJS.ProcessEnv => ({ ...sandbox.environment, RUNNER_TEMP: join(sandbox.root, 'tmp') });
  const settingsOf = (parts: Partial<Settings> = {}): Settings => ({
    command: 'plan',
    repositories: [{ kind: 'registry', provider: 'oci', repository: parseRepository('127.0.0.1:1/acme/shop') }],
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

  it('are the references, and a graph with the heads of pull requests from forks and with what was deployed', async () => {
    repository.addPullRequest({ number: 7, head: id('fork2'), fork: 'somebody/shop' });
    repository.addPullRequest({ number: 6, head: id('preview'), state: 'closed' });
    repository.addDeployment({ environment: 'preview', commit: id('preview') });
    repository.addRelease({ tag: 'v1' });
    const { forge, history } = await collect();
    expect(history.references.map(({ kind, name, commit }) => `${kind} ${name} ${commit}`)).toEqual([
      `branch main ${id('b')}`,
      `tag v1 ${id('a')}`,
    ]);
    for (const name of ['fork1', 'fork2', 'preview']) expect(history.graph.indexOf(id(name)), name).toBeDefined();
    expect(history.defaultBranch).toBe('main');
    expect(history.remoteUrls).toContain(`${fake.serverUrl}/acme/shop`);
    expect(forge).toMatchObject({
      complete: true,
      title: 'GitHub',
      repository: 'acme/shop',
      pullRequests: [{ number: 7, head: id('fork2'), baseBranch: 'main' }],
      deployments: [{ environment: 'preview', commit: id('preview'), state: 'active' }],
      releases: [{ tag: 'v1', isDraft: false, commit: id('a') }],
    });
    expect(warnings).toEqual([]);
  });

  it('know the merges that tested a pull request, now and before, by what images name', async () => {
    const before = repository.addPullRequest({ number: 7, head: id('fork1') }).mergeCommit!;
    const now = repository.updatePullRequest(7, { head: id('fork2') }).mergeCommit!;
    sandbox.git(origin, 'gc', '--quiet', '--prune=never');
    const snapshots = [
      snapshotOf([
        { name: 'one', tags: [`sha-${before.slice(0, 7)}`] },
        { name: 'two', labels: { 'org.opencontainers.image.revision': 'e'.repeat(40) } },
        { name: 'three', tags: ['20260101', `sha-${id('b').slice(0, 7)}`] },
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

  const image = { name: 'image', tags: ['x'] };
  const attested = { ...image, lists: ['amd64'], attestations: ['built'] };
  it.each<[string, (merge: string) => readonly NodeSpec[]]>([
    ['a label', (merge) => [{ ...image, labels: { 'org.opencontainers.image.revision': merge } }]],
    ['a tag with its first digits', (merge) => [{ ...image, tags: [`sha-${merge.slice(0, 7)}`] }]],
    ['a word of a tag', (merge) => [{ ...image, tags: [`x.${merge.slice(0, 9)}.slim`] }]],
    [
      'provenance',
      (merge) => [
        attested,
        { name: 'amd64' },
        {
          name: 'built',
          provenance: {
            kind: 'read',
            predicateType: 'https://slsa.dev/provenance/v1',
            revisions: [{ commit: merge, source: 'https://github.com/somebody/shop.git' }],
          },
        },
      ],
    ],
    [
      'a record',
      (merge) => [
        image,
        {
          name: 'record',
          subject: 'image',
          artifactType: RECORD_TYPE,
          annotations: { [RECORD_KEYS.commit]: merge, [RECORD_KEYS.created]: DAY },
        },
      ],
    ],
  ])('keep the image of an earlier test merge that is named by %s', async (_, nodesOf) => {
    const before = repository.addPullRequest({ number: 7, head: id('fork1') }).mergeCommit!;
    repository.updatePullRequest(7, { head: id('fork2') });
    sandbox.git(origin, 'gc', '--quiet', '--prune=never');
    const nodes = nodesOf(before);
    const { forge, history } = await collect({ snapshots: [snapshotOf(nodes)] });
    expect(forge.testMerges.get(before as CommitId)).toBe(id('fork1'));
    const decided = decisionsOn({ nodes, history, forge, policy: { ...ANY_AGE, ...ONLY_REQUESTS } });
    expect(decided.rulesOf('image')).toEqual(['pull-request']);
  });

  it('ask for test merges only while a pull request is open and the rule is on', async () => {
    const snapshots = [snapshotOf([{ name: 'one', tags: ['sha-abcdef1'] }])];
    repository.addPullRequest({ number: 7, head: id('fork2'), state: 'closed' });
    await collect({ snapshots });
    expect(fake.requestLog({ channels: ['graphql'] })).toHaveLength(1);
    repository.updatePullRequest(7, { state: 'open' });
    const policy = policyOf({ forge: { ...RULES, pullRequests: 'off' } });
    fake.clearRequests();
    await collect({ snapshots, settings: settingsOf({ policy }) });
    expect(fake.requestLog({ channels: ['graphql'] })).toHaveLength(1);
    fake.clearRequests();
    await collect({ snapshots });
    expect(fake.requestLog({ channels: ['graphql'] })).toHaveLength(2);
  });

  it('go on without a deployed commit that is nowhere any more, and say so', async () => {
    repository.addDeployment({ environment: 'production', commit: 'd'.repeat(40) });
    const { forge } = await collect();
    expect(forge.deployments).toHaveLength(1);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('dddddddddd');
  });

  it('are asked once more when git does not have what the forge names, and stop when it still does not', async () => {
    repository.refsInApiOnly.set('refs/heads/ghost', 'f'.repeat(40));
    let asked = 0;
    fake.onRequest = ({ path }) => {
      if (path.includes('/branches')) asked += 1;
      if (asked === 2) repository.refsInApiOnly.delete('refs/heads/ghost');
      return undefined;
    };
    const { history } = await collect();
    expect(history.references.map(({ name }) => name)).toEqual(['main', 'v1']);
    expect(asked).toBe(2);
    fake.onRequest = () => undefined;
    repository.refsInApiOnly.set('refs/heads/ghost', 'f'.repeat(40));
    expect(await failure(collect())).toMatchObject({ code: 'EVIDENCE_GIT' });
  });

  it('hold for the pull requests of the second time when the first were outdated', async () => {
    const gone = 'f'.repeat(40);
    repository.addPullRequest({ number: 7, head: id('fork2'), mergeCommit: null });
    repository.pullRequests.set(7, { ...repository.pullRequests.get(7)!, head: gone });
    let lists = 0;
    fake.onRequest = ({ path }) => {
      if (path.includes('/pulls')) lists += 1;
      if (lists === 2) repository.pullRequests.set(7, { ...repository.pullRequests.get(7)!, head: id('fork2') });
      return undefined;
    };
    expect((await collect()).forge.pullRequests?.map(({ head }) => head)).toEqual([id('fork2')]);
  });

  it('come from an Enterprise Server alike', async () => {
    repository.addDeployment({ environment: 'production', commit: id('b') });
    const forge = { ...forgeWith(), apiUrl: fake.enterpriseApiUrl };
    const found = await collect({ forge });
    expect(found.history.references).toHaveLength(2);
    expect(found.forge.deployments).toHaveLength(1);
  });

  it('stop without the right to read deployments, before git is asked for anything', async () => {
    const error = await failure(
      collect({ forge: forgeWith({ kind: 'workflow', permissions: { deployments: 'none' } }) }),
    );
    expect(error.code).toBe('EVIDENCE_FORGE');
    expect(error.hint).toContain('deployments: read');
    expect(fake.requestLog({ channels: ['git'] })).toEqual([]);
  });

  it('stop with the permission that git lacks', async () => {
    const forge = forgeWith();
    fake.fault('GET /acme/shop.git', { status: 404, body: 'Repository not found.' }, 100);
    const error = await failure(collect({ forge }));
    expect(error.hint).toContain('contents: read');
    expect(`${error.message} ${error.hint}`).not.toContain(forge.token);
  });

  it('take the commits from a checkout of the same repository, without a request to git', async () => {
    const clone = sandbox.clone(origin, 'checkout');
    sandbox.git(clone, 'remote', 'set-url', 'origin', `${fake.serverUrl}/acme/shop`);
    const { history } = await collect({ git: git({ directory: clone }) });
    expect(history.references).toHaveLength(2);
    expect(fake.requestLog({ channels: ['git'] })).toEqual([]);
  });

  it('fetch nothing again from one run to the next while nothing moves, and keep no token', async () => {
    repository.addPullRequest({ number: 7, head: id('fork2') });
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
      expect(text.includes(forge.token) || text.includes(Buffer.from(forge.token).toString('base64'))).toBe(false);
    }
  });

  it('are counted in the evidence, beside what could not be looked at', async () => {
    const registry = await startFakeRegistry();
    try {
      await pushImage(registry.origin, 'acme/shop', { manifest: buildImage({ seed: 'a' }), tags: ['v1'] });
      repository.addPullRequest({ number: 7, head: id('fork2') });
      const missing = [{ source: 'kubernetes', why: 'secrets are not given to pull requests of forks' }] as const;
      const repositories: Settings['repositories'] = [
        { kind: 'registry', provider: 'oci', repository: parseRepository(`${registry.host}/acme/shop`) },
      ];
      const policy = policyOf({ forge: { ...RULES, releases: 'off' } });
      const context = { log, environment: environment(), now: () => NOW };
      const read = await collectEvidence(settingsOf({ repositories, missing, policy }), context, new Map());
      await closeAll(
        read.repositories.map((one) => one.registry),
        log,
      );
      expect(read.summary).toMatchObject({
        git: { branches: 1, tags: 1, commits: 4, remote: `${fake.serverUrl}/acme/shop` },
        forge: { title: 'GitHub', repository: 'acme/shop', pullRequests: 1, deployments: 0 },
        missing,
      });
      expect(read.summary.forge).not.toHaveProperty('releases');
      expect(read.forge?.pullRequests).toHaveLength(1);
    } finally {
      await registry.stop();
    }
  });

  it('are checked for a named clone of another repository before any request', async () => {
    const stranger = sandbox.clone(origin, 'stranger');
    const settings = settingsOf({ git: git({ directory: stranger, isNamed: true }) });
    const context = { log, environment: environment(), now: () => NOW };
    const error = await failure(collectEvidence(settings, context, new Map()));
    expect(error.hint).toContain('github-repository');
    expect(fake.requests).toEqual([]);
  });
});
