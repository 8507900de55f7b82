// A restore on the real registry: what an apply deleted comes back and can be pulled, and what its garbage collection took does not come
// back in part.

import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BuiltManifest, buildImage, buildIndex } from '../builders/image.ts';
import { type ProcessResult, runProcess } from '../cli/run-process.ts';
import { requireProgram } from '../support/real-parts.ts';
import { type RegistryServer, type RegistryServerOptions, startRegistry } from '../support/registry-server.ts';
import { type Hands, makeHands } from './hands.ts';

const hasAll = (['docker-registry', 'skopeo', 'htpasswd', 'openssl'] as const).every(requireProgram);

const START = fileURLToPath(new URL('../cli/start-cli.ts', import.meta.url));
const OLD = '2026-01-01T00:00:00Z';
const amd = buildImage({ seed: 'amd', created: OLD });
const arm = buildImage({ seed: 'arm', created: OLD });
const multi = buildIndex([
  { manifest: amd, platform: { os: 'linux', architecture: 'amd64' } },
  { manifest: arm, platform: { os: 'linux', architecture: 'arm64' } },
]);
const one = buildImage({ seed: 'one', created: OLD });
const kept = buildImage({ seed: 'kept', created: OLD });
/** Everything that it is made of stays, because `kept` is made of it too. */
const shared = buildImage({ seed: 'kept', created: OLD, annotations: { another: 'one' } });
const DOOMED: readonly BuiltManifest[] = [multi, amd, arm, one, shared];
const TAGS: Readonly<Record<string, BuiltManifest>> = { multi, latest: multi, one, shared };

let folder: string;
let servers: RegistryServer[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'restore-real-'));
  servers = [];
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await rm(folder, { recursive: true });
});

interface Place {
  readonly server: RegistryServer;
  readonly hands: Hands;
}

/** A registry whose images an apply has deleted, `kept` excepted. The journal is the folder's. */
async function deleteFrom(options: RegistryServerOptions): Promise<Place> {
  const server = await startRegistry(options);
  servers.push(server);
  const hands = await makeHands(server, { folder, name: 'team/app' });
  for (const [tag, manifest] of Object.entries({ ...TAGS, kept })) await hands.push(manifest, tag);
  await writeFile(join(folder, '.registry-cleanup.yml'), 'pins: {tags: [kept]}\nguards: {maxDeleteShare: 1}\n');
  const applied = await run(server, ['apply', '--repository', hands.repository, '--without-git', '--without-kube']);
  expect(applied, applied.stdout + applied.stderr).toMatchObject({ code: 0 });
  expect(applied.stdout).toContain('registry-cleanup restore --journal');
  expect(await lacking(hands)).toEqual(DOOMED.map(({ digest }) => digest));
  return { server, hands };
}

interface Login {
  readonly username: string;
  readonly password: string;
}

/** With the registry's own user on the command line, where it has one. */
function run(server: RegistryServer, words: readonly string[]): Promise<ProcessResult> {
  const { username, password, caFile } = server;
  const login = username === undefined || password === undefined ? undefined : { username, password };
  return runAs(login, caFile === undefined ? words : [...words, '--ca-file', caFile]);
}

function runAs(login: Login | undefined, words: readonly string[]): Promise<ProcessResult> {
  return runProcess({
    file: START,
    words: login === undefined ? words : [...words, '--username', login.username, '--password-stdin'],
    directory: folder,
    ...(login === undefined ? {} : { input: login.password }),
  });
}

const lacking = async (hands: Hands) => {
  const lacks: string[] = [];
  for (const { digest } of DOOMED) if (!(await hands.has(`@${digest}`))) lacks.push(digest);
  return lacks;
};

const writesOf = async (server: RegistryServer, seen: number) =>
  (await server.accessLog())
    .slice(seen)
    .filter((line) => /^(?:DELETE|PUT|POST|PATCH) /.test(line) && !line.endsWith(' 401'));

describe.runIf(hasAll)('what an apply deleted from a real registry', () => {
  it.each<[string, RegistryServerOptions]>([
    ['over plain HTTP', {}],
    ['over TLS with an authority of its own, for users', { tls: true, htpasswd: true }],
    ['with tokens', { tokenAuth: true }],
  ])('comes back whole, once: %s', async (_what, options) => {
    const { server, hands } = await deleteFrom(options);
    const seen = (await server.accessLog()).length;
    const restored = await run(server, ['restore']);
    expect(restored, restored.stdout + restored.stderr).toMatchObject({ code: 0 });
    expect(restored.stdout).toContain('5 of 5 deletions taken back');
    for (const { digest } of DOOMED) await hands.pullWhole(`@${digest}`);
    for (const [tag, { digest }] of Object.entries(TAGS)) {
      await hands.pullWhole(`:${tag}`);
      expect(await hands.withRegistry((registry) => registry.readManifest(digest))).toMatchObject({
        mediaType: expect.any(String) as string,
      });
    }
    expect(await hands.listTags()).toEqual(['kept', 'latest', 'multi', 'one', 'shared']);
    const writes = await writesOf(server, seen);
    expect(writes).toHaveLength(DOOMED.length + Object.keys(TAGS).length);
    for (const line of writes) expect(line).toMatch(/^PUT \/v2\/team\/app\/manifests\/\S+ 201$/);
    if (server.password !== undefined) expect(restored.stdout + restored.stderr).not.toContain(server.password);

    const asked = (await server.accessLog()).length;
    const again = await run(server, ['restore']);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toContain('Nothing to bring back');
    expect((await server.accessLog()).slice(asked)).toEqual([]);
  });

  it('does not come back once its garbage was collected, save what stands on layers that are there', async () => {
    const { server, hands } = await deleteFrom({ remembersBlobs: false });
    await server.collectGarbage();
    const seen = (await server.accessLog()).length;
    const restored = await run(server, ['restore']);
    expect(restored, restored.stdout + restored.stderr).toMatchObject({ code: 1 });
    expect(restored.stdout).toContain('1 of 5 deletions taken back; 4 REFUSED');
    expect(restored.stdout.replaceAll(/\s+/g, ' ')).toContain(`its blob ${one.blobs[0]?.digest} is not there any more`);
    expect(restored.stdout.replaceAll(/\s+/g, ' ')).toMatch(/it lists sha256:\w+, which is not there any more/);
    expect(await writesOf(server, seen)).toEqual([
      `PUT /v2/team/app/manifests/${shared.digest} 201`,
      'PUT /v2/team/app/manifests/shared 201',
    ]);
    await hands.pullWhole(':shared');
    expect(await hands.listTags()).toEqual(['kept', 'shared']);
  });

  it('is not put into a registry that only remembers the layers which its garbage collection took', async () => {
    const { server } = await deleteFrom({});
    await server.collectGarbage();
    const seen = (await server.accessLog()).length;
    const restored = await run(server, ['restore']);
    expect(restored, restored.stdout + restored.stderr).toMatchObject({ code: 4 });
    expect(restored.stderr.replaceAll(/\s+/g, ' ')).toMatch(/It says that it has it\..*restart it/);
    expect(
      (await writesOf(server, seen)).filter((line) => !line.includes(shared.digest) && !line.includes('/shared')),
    ).toEqual([]);
  });

  it('is not put into another registry, which has none of it', async () => {
    const { server } = await deleteFrom({});
    const other = await startRegistry();
    servers.push(other);
    const journal = await readFile(join(folder, 'registry-cleanup-journal.jsonl'), 'utf8');
    await writeFile(join(folder, 'other.jsonl'), journal.replaceAll(server.host, other.host));
    const restored = await runAs(undefined, ['restore', '--journal', 'other.jsonl']);
    expect(restored, restored.stdout + restored.stderr).toMatchObject({ code: 1 });
    expect(restored.stdout).toContain('5 REFUSED');
    expect(await writesOf(other, 0)).toEqual([]);
  });
});

describe.runIf(hasAll)('what was deleted from two registries', () => {
  it('asks whose the password is before anything is sent; with docker’s login each gets its own', async () => {
    const first = await deleteFrom({ htpasswd: true });
    const before = await readFile(join(folder, 'registry-cleanup-journal.jsonl'), 'utf8');
    const second = await deleteFrom({ htpasswd: true });
    expect((await readFile(join(folder, 'registry-cleanup-journal.jsonl'), 'utf8')).startsWith(before)).toBe(true);
    const seen = await Promise.all([first, second].map(async ({ server }) => (await server.accessLog()).length));
    const refused = await run(first.server, ['restore']);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain('--repository');
    for (const [at, { server }] of [first, second].entries())
      expect((await server.accessLog()).slice(seen[at])).toEqual([]);

    const auths = Object.fromEntries(
      [first, second].map(({ server: { host, username, password } }) => [
        host,
        { auth: Buffer.from(`${username}:${password}`).toString('base64') },
      ]),
    );
    await mkdir(join(folder, '.docker'));
    await writeFile(join(folder, '.docker', 'config.json'), JSON.stringify({ auths }));
    const restored = await runAs(undefined, ['restore', '--repository', first.hands.repository]);
    expect(restored, restored.stdout + restored.stderr).toMatchObject({ code: 0 });
    expect([await lacking(first.hands), (await lacking(second.hands)).length]).toEqual([[], DOOMED.length]);
    await appendFile(join(folder, 'registry-cleanup-journal.jsonl'), '{"kind":"int');
    expect(await runAs(undefined, ['restore'])).toMatchObject({ code: 0 });
    expect(await lacking(second.hands)).toEqual([]);
  });

  it('ends at a wrong password, and says that the rest is left', async () => {
    const { server, hands } = await deleteFrom({ htpasswd: true });
    const restored = await runAs({ username: 'alice', password: 'wrong one' }, ['restore']);
    expect(restored).toMatchObject({ code: 3 });
    expect(restored.stderr).not.toContain('wrong one');
    expect(await lacking(hands)).toHaveLength(DOOMED.length);
    expect(await run(server, ['restore'])).toMatchObject({ code: 0 });
    expect(await lacking(hands)).toEqual([]);
  });
});
