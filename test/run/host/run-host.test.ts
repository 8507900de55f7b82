import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostSettings } from '../../../src/config/host-settings.ts';
import { EvidenceError } from '../../../src/errors.ts';
import { silentLog } from '../../../src/log.ts';
import type { HostPolicy } from '../../../src/model/host-policy.ts';
import type { LocalImage } from '../../../src/model/local-store.ts';
import { parseRepository, parseTag } from '../../../src/model/reference.ts';
import { durationFromMs, hours, type Instant, instantFromMs } from '../../../src/model/time.ts';
import { openRegistry } from '../../../src/registry/open-registry.ts';
import { writePack } from '../../../src/registry/pack-file.ts';
import { hostExitCodeOf } from '../../../src/report/build-host-report.ts';
import { describeHostTrouble } from '../../../src/report/describe-host-trouble.ts';
import type { HostReport } from '../../../src/report/host-report.ts';
import { runHost } from '../../../src/run/host/run-host.ts';
import { createGitSandbox } from '../../builders/git-repository.ts';
import { buildImage, sha256 } from '../../builders/image.ts';
import {
  createMemoryEngine,
  imageIdOf,
  knownTime,
  localContainer,
  localImage,
  type MemoryEngine,
} from '../../builders/memory-engine.ts';
import { type FakeRegistry, startFakeRegistry } from '../../fakes/registry-server.ts';

const NOW = at(0);
const OLD = knownTime(at(-1000));
const PROJECT = { 'com.example.team': 'shop' };

const NOTHING: HostPolicy = {
  project: [{ label: 'com.example.team', value: 'shop' }],
  grace: hours(2),
  absentFromRegistry: false,
  dangling: false,
  improperRepoCache: false,
  improperGitCommit: false,
  flush: false,
  isDev: false,
  devLabels: [],
  minAge: hours(2),
  containers: { minAge: hours(2), maxPerPodContainer: -1, maxContainers: -1 },
  keep: { labels: [], names: [] },
};

let cacheDirectory: string;

beforeEach(async () => {
  cacheDirectory = await mkdtemp(join(tmpdir(), 'run-host-'));
});

afterEach(async () => {
  await rm(cacheDirectory, { recursive: true });
});

function at(hour: number): Instant {
  return instantFromMs(Date.UTC(2026, 10, 21, 12) + hours(Math.abs(hour)) * Math.sign(hour));
}

function settingsOf(policy: Partial<HostPolicy>, more: Partial<HostSettings> = {}): HostSettings {
  return {
    confirm: false,
    engine: { kind: 'ambient' },
    policy: { ...NOTHING, ...policy },
    repositories: [],
    registry: { plainHttp: false },
    git: [],
    cacheDirectory,
    maxDeleteShare: 0.8,
    format: 'text',
    logLevel: 'info',
    ...more,
  };
}

interface Run {
  readonly engine: MemoryEngine;
  readonly policy: Partial<HostPolicy>;
  readonly more?: Partial<HostSettings>;
  readonly now?: Instant;
}

async function run({ engine, policy, more, now = NOW }: Run): Promise<HostReport> {
  const context = { log: silentLog, environment: {}, now: () => now };
  return await runHost(settingsOf(policy, more), context, async () => await Promise.resolve(engine.gateway));
}

/** What is done to an engine, rather than asked. */
function deeds({ log }: MemoryEngine): readonly string[] {
  return log.filter((line) => /^(?:delete|prune)/.test(line));
}

function old(seed: string, more: Partial<LocalImage> = {}): LocalImage {
  return localImage(seed, { created: OLD, tagged: OLD, labels: PROJECT, ...more });
}

describe('host', () => {
  it('shows what would go, and does nothing', async () => {
    const engine = createMemoryEngine([old('dangling')]);
    const report = await run({ engine, policy: { dangling: true } });
    expect(report).toMatchObject({ result: { kind: 'planned' }, totals: { imagesDeleted: 1, deleted: 0 } });
    expect(hostExitCodeOf(report)).toBe(0);
    expect(engine.log).toEqual(['readStore', 'readMemory 0', 'close']);
  });

  it('does it when that is confirmed', async () => {
    const engine = createMemoryEngine([old('dangling'), old('named', { names: ['r.example/app:v1'] })]);
    const report = await run({ engine, policy: { dangling: true }, more: { confirm: true } });
    expect(report).toMatchObject({ result: { kind: 'applied' }, totals: { deleted: 1, failed: 0 } });
    expect([...engine.images.keys()]).toEqual([imageIdOf('named')]);
    const again = await run({ engine, policy: { dangling: true }, more: { confirm: true } });
    expect(again.steps).toEqual([]);
  });

  it('never touches what a container uses, whatever was asked', async () => {
    const used = old('used');
    const engine = createMemoryEngine([used], [localContainer('ci', { imageId: used.id, state: 'running' })]);
    const all = { dangling: true, mrproper: 'all', grace: durationFromMs(0), minAge: durationFromMs(0) } as const;
    await run({ engine, policy: all, more: { confirm: true } });
    expect(deeds(engine)).toEqual([]);
  });

  it('is stopped as a whole by an engine that does not answer', async () => {
    const engine = createMemoryEngine([old('dangling')]);
    engine.before = () => {
      throw new EvidenceError('The engine does not answer.', { code: 'EVIDENCE_ENGINE' });
    };
    const report = await run({ engine, policy: { dangling: true }, more: { confirm: true } });
    expect(report.result).toMatchObject({ kind: 'stopped', error: { code: 'EVIDENCE_ENGINE' } });
    expect(hostExitCodeOf(report)).toBe(5);
    expect(deeds(engine)).toEqual([]);
  });

  it('tells what it had done when the engine is lost half way', async () => {
    const engine = createMemoryEngine([old('a'), old('b')]);
    engine.before = () => {
      if (deeds(engine).length > 0) throw new EvidenceError('Lost.', { code: 'EVIDENCE_ENGINE' });
    };
    const report = await run({ engine, policy: { dangling: true }, more: { confirm: true } });
    expect(report).toMatchObject({ result: { kind: 'stopped' }, totals: { deleted: 1, skipped: 1 } });
    expect(report.steps.map(({ outcome, text }) => ({ outcome, text }))).toEqual([
      { outcome: 'deleted', text: undefined },
      { outcome: 'skipped', text: 'the run stopped before it' },
    ]);
    expect(hostExitCodeOf(report)).toBe(1);
  });

  it('writes the report file', async () => {
    const reportFile = join(cacheDirectory, 'report.json');
    const report = await run({
      engine: createMemoryEngine([old('a')]),
      policy: { dangling: true },
      more: { reportFile },
    });
    expect(JSON.parse(await readFile(reportFile, 'utf8'))).toEqual(report);
  });

  it('asks the engine for nothing when the report file cannot be written', async () => {
    const engine = createMemoryEngine([old('a')]);
    await writeFile(join(cacheDirectory, 'file'), '');
    const reportFile = join(cacheDirectory, 'file', 'report.json');
    const report = await run({ engine, policy: { dangling: true }, more: { confirm: true, reportFile } });
    expect(report.result).toMatchObject({ kind: 'stopped', error: { exitCode: 2 } });
    expect(engine.log).toEqual([]);
  });
});

describe('what host remembers', () => {
  const disk = { path: '/var/lib/docker', capacityBytes: 100_000_000, availableBytes: 5_000_000 };
  const full: Partial<HostPolicy> = {
    disk: { high: { kind: 'percent', percent: 85 }, low: { kind: 'percent', percent: 80 } },
  };

  function podman(...images: readonly LocalImage[]): MemoryEngine {
    const engine = createMemoryEngine(images);
    engine.disk = disk;
    return engine;
  }

  it('makes an image old that nobody can tell the age of, also from dry run to dry run', async () => {
    const engine = podman(localImage('a', { created: OLD }), localImage('b', { created: OLD }));
    const first = await run({ engine, policy: full });
    expect(first.steps).toEqual([]);
    const second = await run({ engine, policy: full, now: at(3) });
    expect(second.steps.map(({ action }) => action)).toEqual(['delete-image', 'delete-image']);
    expect(deeds(engine)).toEqual([]);
  });

  it('spares for longest what a container was last seen to use', async () => {
    const [a, b, c] = [localImage('a'), localImage('b'), localImage('c')];
    const engine = podman(a, b, c);
    const user = localContainer('ci', { imageId: a.id, state: 'running' });
    engine.containers.set(user.id, user);
    await run({ engine, policy: full });
    engine.containers.clear();
    engine.disk = { ...disk, availableBytes: 15_000_000 };
    const [step, ...more] = (await run({ engine, policy: full, now: at(3) })).steps;
    expect(more).toEqual([]);
    expect([b.id, c.id]).toContain(step?.target);
  });

  it('is of no use where nobody can tell how full the disk is: a run that was to make room has failed', async () => {
    const engine = createMemoryEngine([old('a')]);
    const shown = await run({ engine, policy: full });
    expect([shown.diskUnknown, hostExitCodeOf(shown)]).toEqual([expect.any(String), 0]);
    const confirmed = await run({ engine, policy: full, more: { confirm: true } });
    expect([deeds(engine), hostExitCodeOf(confirmed)]).toEqual([[], 1]);
    expect(describeHostTrouble(confirmed)).toContain('Nobody can tell how full the disk is');
    const other = await run({ engine, policy: { dangling: true }, more: { confirm: true } });
    expect([other.diskUnknown, hostExitCodeOf(other)]).toEqual([undefined, 0]);
  });

  it('is begun anew in a damaged file, and then nothing is old', async () => {
    const engine = podman(localImage('a', { created: OLD }));
    await run({ engine, policy: full });
    const [file = ''] = await readdir(join(cacheDirectory, 'host'));
    await writeFile(join(cacheDirectory, 'host', file), 'damaged');
    expect((await run({ engine, policy: full, now: at(3) })).steps).toEqual([]);
  });

  it('is asked of the engine only since the last run', async () => {
    const engine = podman(localImage('a'));
    await run({ engine, policy: full });
    await run({ engine, policy: full, now: at(3) });
    expect(engine.log.filter((line) => line.startsWith('readMemory'))).toEqual(['readMemory 0', `readMemory ${at(0)}`]);
  });

  it('is asked of the engine for as long as what was done with an image makes it young', async () => {
    const engine = podman(localImage('a'));
    await run({ engine, policy: full });
    await run({ engine, policy: { ...full, minAge: hours(9) }, now: at(3) });
    expect(engine.log.filter((line) => line.startsWith('readMemory'))).toEqual([
      'readMemory 0',
      `readMemory ${at(-6)}`,
    ]);
  });

  it('is kept also when the run stops later', async () => {
    const engine = podman(localImage('a', { created: OLD }));
    const git = [
      { kind: 'own', source: { directory: cacheDirectory, isNamed: true, allowUnshallow: true, allowFetch: false } },
    ] as const;
    const stopped = await run({ engine, policy: { ...full, improperGitCommit: true }, more: { git } });
    expect(stopped.result).toMatchObject({ kind: 'stopped', error: { code: 'EVIDENCE_GIT' } });
    expect((await run({ engine, policy: full, now: at(3) })).steps).toHaveLength(1);
  });
});

describe('host and Git', () => {
  it('is stopped by a repository without any commit: everything would count as gone', async () => {
    const sandbox = createGitSandbox();
    try {
      sandbox.git(sandbox.root, 'init', '--quiet', '--bare', 'origin');
      sandbox.git(sandbox.root, 'clone', '--quiet', 'origin', 'clone');
      const source = { directory: join(sandbox.root, 'clone'), isNamed: true, allowUnshallow: true, allowFetch: true };
      const engine = createMemoryEngine([
        old('stage', { labels: { ...PROJECT, 'dapp-git-0-commit': 'a'.repeat(40) } }),
      ]);
      const report = await run({
        engine,
        policy: { improperGitCommit: true },
        more: { git: [{ kind: 'own', source }], confirm: true },
      });
      expect(report.result).toMatchObject({ kind: 'stopped', error: { code: 'EVIDENCE_GIT', exitCode: 5 } });
      expect(deeds(engine)).toEqual([]);
    } finally {
      sandbox.remove();
    }
  });
});

describe('host and a registry', () => {
  let server: FakeRegistry;
  let name: string;

  beforeEach(async () => {
    server = await startFakeRegistry();
    name = `${server.host}/team/app`;
  });

  afterEach(async () => {
    await server.stop();
  });

  const repositories = () => [{ kind: 'registry', provider: 'oci', repository: parseRepository(name) } as const];

  async function push(seed: string): Promise<string> {
    const image = buildImage({ seed });
    const target = { kind: 'registry', repository: parseRepository(name) } as const;
    const settings = { plainHttp: false };
    const registry = await openRegistry(target, { settings, environment: {}, now: NOW, log: silentLog });
    for (const { bytes } of image.blobs) await registry.putBlob?.(bytes);
    await registry.putManifest(image, parseTag(seed));
    await registry.close();
    return image.digest;
  }

  async function withBoth(): Promise<MemoryEngine> {
    const [v1, v2] = [await push('v1'), await push('v2')];
    return createMemoryEngine([
      old('v1', { names: [`${name}:v1`], digests: [`${name}@${v1}`] }),
      old('v2', { names: [`${name}:v2`], digests: [`${name}@${v2}`] }),
      old('gone', { names: [`${name}:gone`], digests: [`${name}@${sha256(Buffer.from('gone'))}`] }),
    ]);
  }

  const compare = { absentFromRegistry: true };

  it('deletes here what is no longer there', async () => {
    const engine = await withBoth();
    const report = await run({ engine, policy: compare, more: { repositories: repositories(), confirm: true } });
    expect(report).toMatchObject({ result: { kind: 'applied' }, totals: { deleted: 1 } });
    expect([...engine.images.keys()]).toEqual([imageIdOf('v1'), imageIdOf('v2')]);
    expect(server.log.every((line) => /^(?:GET|HEAD|PUT|POST) /.test(line))).toBe(true);
  });

  it('asks in a dry run for nothing but a list and heads', async () => {
    const engine = await withBoth();
    const before = server.log.length;
    await run({ engine, policy: compare, more: { repositories: repositories() } });
    const asked = server.log
      .slice(before)
      .map((line) => line.replace(/sha256:[0-9a-f]+/, 'DIGEST').replace(/\?.*/, ''));
    expect([...new Set(asked)].sort()).toEqual([
      'GET /v2/team/app/manifests/DIGEST',
      'GET /v2/team/app/manifests/gone',
      'GET /v2/team/app/tags/list',
      'HEAD /v2/team/app/manifests/DIGEST',
      'HEAD /v2/team/app/manifests/gone',
    ]);
    expect(deeds(engine)).toEqual([]);
  });

  it('is refused when the registry has nothing at all', async () => {
    const engine = await withBoth();
    server.script = ({ path }) =>
      path.includes('/tags/list') ? { status: 200, body: '{"name":"team/app","tags":[]}' } : undefined;
    const report = await run({ engine, policy: compare, more: { repositories: repositories(), confirm: true } });
    expect(report).toMatchObject({ result: { kind: 'refused' }, guards: [{ guard: 'empty-repository' }] });
    expect(hostExitCodeOf(report)).toBe(6);
    expect(deeds(engine)).toEqual([]);
  });

  it.each([401, 403])('is stopped by %i', async (status) => {
    const engine = await withBoth();
    server.script = ({ path }) => (path.includes('/manifests/') ? { status } : undefined);
    const report = await run({ engine, policy: compare, more: { repositories: repositories(), confirm: true } });
    expect(report.result.kind).toBe('stopped');
    expect([3, 4]).toContain(hostExitCodeOf(report));
    expect(deeds(engine)).toEqual([]);
  });

  it('asks no registry that no rule needs', async () => {
    const engine = await withBoth();
    const before = server.log.length;
    await run({ engine, policy: { dangling: true }, more: { repositories: repositories() } });
    expect(server.log.slice(before)).toEqual([]);
  });

  it('learns over two runs, where an engine makes up digests, that an image was once there', async () => {
    const digest = await push('v1');
    await push('v2');
    const engine = createMemoryEngine([old('v1', { names: [`${name}:v1`], digests: [`${name}@${digest}`] })], [], {
      digestsProvePush: false,
    });
    const more = { repositories: repositories(), maxDeleteShare: 1 };
    expect((await run({ engine, policy: compare, more })).steps).toEqual([]);
    server.script = ({ path }) => {
      if (path.includes('/tags/list')) return { status: 200, body: '{"name":"team/app","tags":["v2"]}' };
      return path.includes(digest) || path.endsWith('/v1')
        ? {
            status: 404,
            headers: { 'content-type': 'application/json' },
            body: '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"gone"}]}',
          }
        : undefined;
    };
    expect((await run({ engine, policy: compare, more, now: at(1) })).steps).toHaveLength(1);
  });
});

describe('our own caches', () => {
  async function makePack(hoursAgo: number): Promise<string> {
    const path = join(cacheDirectory, 'manifests', 'r.example+app.pack');
    const bytes = Buffer.from('x');
    await writePack(path, new Map([[sha256(bytes), bytes]]));
    const then = new Date(NOW - hours(hoursAgo));
    await utimes(path, then, then);
    return path;
  }

  it.each<[string, Partial<HostPolicy>, Partial<HostSettings>, number]>([
    ['stay when nobody asked', {}, {}, 0],
    ['go when no run used them for so long', {}, { ownCacheOlderThan: hours(99) }, 1],
    ['stay when a run used them since', {}, { ownCacheOlderThan: hours(101) }, 0],
    ['all go by the word for everything', { mrproper: 'all' }, {}, 1],
  ])('%s', async (_what, policy, more, count) => {
    const path = await makePack(100);
    const planned = await run({ engine: createMemoryEngine([]), policy, more });
    expect(planned.steps.map(({ target }) => target)).toEqual(Array(count).fill(path));
    const report = await run({ engine: createMemoryEngine([]), policy, more: { ...more, confirm: true } });
    expect(report.totals).toMatchObject({ deleted: count, failed: 0 });
    expect(await readdir(join(cacheDirectory, 'manifests'))).toHaveLength(1 - count);
  });

  it('never lose the memory that this run works with', async () => {
    const policy = { mrproper: 'all' } as const;
    await run({ engine: createMemoryEngine([]), policy, more: { confirm: true } });
    await run({ engine: createMemoryEngine([]), policy, more: { confirm: true }, now: at(100) });
    expect(await readdir(join(cacheDirectory, 'host'))).toHaveLength(1);
  });
});
