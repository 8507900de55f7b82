// A restore where the registry has no undo of its own: the manifests of the journal are put again, and nothing that cannot be whole.

import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runRestore } from '../../src/cleanup.ts';
import type { RestoreSettings } from '../../src/config/settings.ts';
import { AuthError, NetworkError, RegistryError } from '../../src/errors.ts';
import { silentLog } from '../../src/log.ts';
import { type Digest, isDigest, parseRepository, parseTag, type Tag } from '../../src/model/reference.ts';
import type { Registry } from '../../src/registry/port.ts';
import { restoreExitCodeOf } from '../../src/report/build-restore-report.ts';
import type { RestoreReport } from '../../src/report/restore-report.ts';
import { applyTo } from '../apply/scene.ts';
import { type BuiltBlob, buildImage, buildIndex, buildOdd, TYPES } from '../builders/image.ts';
import { createMemoryRegistry, type MemoryRegistry } from '../builders/memory-registry.ts';
import { NOW } from '../contract/registry-places.ts';

const amd = buildImage({ seed: 'amd' });
const arm = buildImage({ seed: 'arm' });
const multi = buildIndex([{ manifest: amd }, { manifest: arm }]);
const outer = buildIndex([{ manifest: multi }], { annotations: { a: 'b' } });
const one = buildImage({ seed: 'one' });
const kept = buildImage({ seed: 'kept' });
const BUILT = { multi, outer, amd, arm, one, kept };
/** What the scene calls its repository, as a journal has it. */
const NAME = 'team/app';

let folder: string;
let journal: string;
let memory: MemoryRegistry;
/** `put amd`, `put tag latest`, `look amd`, in their order. */
let calls: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'restore-'));
  journal = join(folder, 'journal.jsonl');
  memory = createMemoryRegistry({ undo: 'put-manifest' });
  memory.put(multi, 'multi', 'latest');
  memory.put(one, 'one');
  memory.put(kept, 'kept', 'extra');
  calls = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const settingsOf = (extra: Partial<RestoreSettings> = {}): RestoreSettings => ({
  journal,
  repositories: [],
  githubHosts: [parseRepository('ghcr.io/x/y').host],
  registry: { plainHttp: false },
  format: 'text',
  logLevel: 'info',
  ...extra,
});

interface RestoreParts {
  readonly registry?: Partial<Registry>;
  readonly settings?: Partial<RestoreSettings>;
  readonly signal?: AbortSignal;
}

async function restore({ registry = {}, settings = {}, signal }: RestoreParts = {}): Promise<RestoreReport> {
  const context = { log: silentLog, environment: {}, now: () => NOW, ...(signal === undefined ? {} : { signal }) };
  return await runRestore(settingsOf(settings), context, async (repository, way) => {
    calls.push(`open ${repository.name} ${way}`);
    return watched({ ...memory.registry, ...registry });
  });
}

const watched = (registry: Registry): Registry => ({
  ...registry,
  putManifest: async (manifest, at) => {
    calls.push(`put ${nameOf(at)}`);
    return await registry.putManifest(manifest, at);
  },
});

const nameOf = (at: Digest | Tag): string =>
  isDigest(at) ? (Object.entries(BUILT).find(([, { digest }]) => digest === at)?.[0] ?? at) : `tag ${at}`;
const rowsOf = ({ repositories }: RestoreReport): readonly string[] =>
  repositories.flatMap(({ images }) => images.map(({ outcome, digest }) => `${outcome} ${nameOf(digest)}`));
const whyOf = ({ repositories }: RestoreReport, { digest: wanted }: { readonly digest: Digest }): string | undefined =>
  repositories.flatMap(({ images }) => images).find(({ digest }) => digest === wanted)?.why;

async function deleteAll(): Promise<void> {
  await applyTo(memory.registry, { delete: [multi, amd, arm, one] }, { journalPath: journal });
  expect([...memory.manifests.keys()]).toEqual([kept.digest]);
}

const refusing = (isRefused: (at: string) => boolean, error: () => Error): Partial<Registry> => ({
  putManifest: async (manifest, at) => {
    if (isRefused(nameOf(at))) throw error();
    return await memory.registry.putManifest(manifest, at);
  },
});
const refusal = (status = 400, registryCode = 'MANIFEST_BLOB_UNKNOWN') =>
  new RegistryError(`answered ${status} (${registryCode})`, {
    code: 'REGISTRY_REFUSED',
    details: { status, registryCode },
  });

/** A journal of deletions in this order, without any apply. */
async function journalByHand(...manifests: readonly BuiltBlob[]): Promise<void> {
  const lines = manifests.map(({ digest, mediaType, bytes }) =>
    JSON.stringify({
      kind: 'intent',
      at: '2026-11-21T00:00:00Z',
      repository: NAME,
      action: 'delete',
      digest,
      tags: [],
      mediaType,
      manifestBase64: Buffer.from(bytes).toString('base64'),
      undo: 'put-manifest',
    }),
  );
  await writeFile(journal, `${lines.join('\n')}\n`);
}

describe('a restore by putting manifests again', () => {
  it('brings back all that an apply deleted, with its tags, what is listed before what lists it', async () => {
    await deleteAll();
    const report = await restore();
    expect(report).toMatchObject({
      result: { kind: 'finished' },
      totals: { restored: 4, alreadyThere: 0, refused: 0, left: 0, tagsLost: 0 },
    });
    expect(restoreExitCodeOf(report)).toBe(0);
    expect(calls[0]).toBe(`open ${parseRepository(NAME).name} oci`);
    const puts = calls.slice(1);
    expect(puts.toSorted()).toEqual(
      ['put amd', 'put arm', 'put multi', 'put one', 'put tag latest', 'put tag multi', 'put tag one'].toSorted(),
    );
    for (const child of ['put amd', 'put arm']) expect(puts.indexOf(child)).toBeLessThan(puts.indexOf('put multi'));
    expect(puts.indexOf('put multi')).toBeLessThan(puts.indexOf('put tag latest'));
    expect(Buffer.from(memory.manifests.get(multi.digest)?.bytes ?? [])).toEqual(Buffer.from(multi.bytes));
    expect(memory.tags.get(parseTag('latest'))).toBe(multi.digest);
    expect(memory.lackOf(multi.digest)).toEqual([]);
  });

  it('done a second time opens nothing; without its lines it finds all there and puts nothing', async () => {
    await deleteAll();
    const before = await readFile(journal, 'utf8');
    await restore();
    calls = [];
    expect(await restore()).toMatchObject({ repositories: [], restoredBefore: 4 });
    expect(calls).toEqual([]);
    await writeFile(journal, before);
    expect((await restore()).totals).toMatchObject({ alreadyThere: 4, restored: 0 });
    expect(calls.filter((call) => call.startsWith('put'))).toEqual([]);
  });

  it('goes on after one that was killed between an image and its tags', async () => {
    await deleteAll();
    memory.manifests.set(one.digest, one);
    const report = await restore();
    expect(rowsOf(report)).toContain('restored one');
    expect(memory.tags.get(parseTag('one'))).toBe(one.digest);
    expect(report.totals).toMatchObject({ alreadyThere: 0, restored: 4, tagsLost: 0 });
  });

  it('counts an image as brought back that had lost nothing but its tags, as on a GitLab', async () => {
    await deleteAll();
    for (const manifest of [one, multi]) memory.manifests.set(manifest.digest, manifest);
    const report = await restore();
    expect(rowsOf(report)).toEqual(expect.arrayContaining(['restored one', 'restored multi']));
    expect(memory.tags.get(parseTag('one'))).toBe(one.digest);
  });

  it('counts an image as there whose tags somebody has put elsewhere meanwhile', async () => {
    await deleteAll();
    memory.manifests.set(one.digest, one);
    memory.manifests.set(multi.digest, multi);
    memory.tags.set(parseTag('one'), multi.digest);
    const report = await restore();
    expect(rowsOf(report)).toContain('already-there one');
    expect(memory.tags.get(parseTag('one'))).toBe(multi.digest);
  });

  it('asks once for what it has brought back itself', async () => {
    await deleteAll();
    const asked: string[] = [];
    const readManifest: Registry['readManifest'] = (digest) => {
      asked.push(nameOf(digest));
      return memory.registry.readManifest(digest);
    };
    expect((await restore({ registry: { readManifest } })).totals).toMatchObject({ restored: 4 });
    expect(asked.toSorted()).toEqual(['amd', 'amd', 'arm', 'arm', 'multi', 'multi', 'one', 'one']);
  });

  it('leaves a tag to whom has put it elsewhere since', async () => {
    await deleteAll();
    memory.put(kept, 'latest');
    const report = await restore();
    expect(report.totals).toMatchObject({ restored: 4, tagsLost: 1 });
    expect(memory.tags.get(parseTag('latest'))).toBe(kept.digest);
    expect(calls).not.toContain('put tag latest');
  });

  it('gives a tag that two deleted images had to the one that had it last', async () => {
    await applyTo(memory.registry, { delete: [one] }, { journalPath: journal });
    memory.put(amd, 'one');
    await applyTo(memory.registry, { delete: [multi, amd, arm] }, { journalPath: journal });
    expect((await restore()).totals).toMatchObject({ restored: 4, tagsLost: 1 });
    expect(memory.tags.get(parseTag('one'))).toBe(amd.digest);
  });

  it('puts back a single tag that was taken off, where nobody has put it elsewhere', async () => {
    await applyTo(memory.registry, { untag: ['extra', 'latest'] }, { journalPath: journal });
    memory.put(one, 'latest');
    expect(rowsOf(await restore()).toSorted()).toEqual(['refused multi', 'restored kept']);
    expect(memory.tags.get(parseTag('extra'))).toBe(kept.digest);
    expect(memory.tags.get(parseTag('latest'))).toBe(one.digest);
  });

  it('puts back no single tag of an image that has gone since', async () => {
    await applyTo(memory.registry, { untag: ['extra'] }, { journalPath: journal });
    memory.manifests.delete(kept.digest);
    const report = await restore();
    expect(whyOf(report, kept)).toBe('the image that had it is not there any more');
    expect(memory.manifests.has(kept.digest)).toBe(false);
    expect(calls.filter((call) => call.startsWith('put'))).toEqual([]);
  });
});

describe('a restore by putting manifests again refuses and goes on', () => {
  const restored = async (parts?: RestoreParts) => {
    await deleteAll();
    return await restore(parts);
  };

  it.each(['MANIFEST_BLOB_UNKNOWN', 'BLOB_UNKNOWN', 'MANIFEST_UNKNOWN'])(
    'when the registry says %s, and says what that means',
    async (code) => {
      const report = await restored({
        registry: refusing(
          (at) => at === 'one',
          () => refusal(404, code),
        ),
      });
      expect(report).toMatchObject({ result: { kind: 'finished' }, totals: { restored: 3, refused: 1 } });
      expect(whyOf(report, one)).toMatch(/^what it is made of is not there any more: .*answered 404/);
      expect(restoreExitCodeOf(report)).toBe(1);
      expect((await restore()).totals).toMatchObject({ restored: 1, refused: 0 });
    },
  );

  it('when the registry says no for another reason, in its words', async () => {
    const report = await restored({
      registry: refusing(
        (at) => at === 'one',
        () => refusal(400, 'MANIFEST_INVALID'),
      ),
    });
    expect(whyOf(report, one)).toBe('answered 400 (MANIFEST_INVALID)');
    expect(report.totals).toMatchObject({ restored: 3, refused: 1 });
  });

  it.each([
    ['config', 0],
    ['layer', 1],
  ])('an image whose %s is gone, and does not put it', async (_what, at) => {
    await deleteAll();
    memory.blobs.delete(one.blobs[at]?.digest ?? one.digest);
    const report = await restore();
    expect(whyOf(report, one)).toBe(`its blob ${one.blobs[at]?.digest} is not there any more`);
    expect(memory.manifests.has(one.digest)).toBe(false);
    expect(calls).not.toContain('put one');
    expect(memory.tags.has(parseTag('one'))).toBe(false);
    expect(report.totals).toMatchObject({ restored: 3, refused: 1 });
  });

  it('an image whose blob the store behind the registry refuses', async () => {
    const report = await restored({ registry: { hasBlob: () => Promise.reject(refusal(403, '')) } });
    expect(report.totals).toMatchObject({ refused: 4 });
    expect(whyOf(report, one)).toContain('answered 403');
  });

  it('an index whose platform was refused, at any depth, and keeps its other platforms', async () => {
    memory.put(outer, 'outer');
    await applyTo(memory.registry, { delete: [outer, multi, amd, arm] }, { journalPath: journal });
    const report = await restore({ registry: refusing((at) => at === 'arm', refusal) });
    expect(rowsOf(report).toSorted()).toEqual(['refused arm', 'refused multi', 'refused outer', 'restored amd']);
    expect(whyOf(report, multi)).toBe(`it lists ${arm.digest}, which is not there any more`);
    expect(whyOf(report, outer)).toBe(`it lists ${multi.digest}, which is not there any more`);
    expect(memory.tags.has(parseTag('latest'))).toBe(false);
    // What was in the way is gone: the next one goes on.
    expect((await restore()).totals).toMatchObject({ restored: 3, refused: 0 });
    expect(memory.lackOf(outer.digest)).toEqual([]);
  });

  it('an index whose platform was brought back before and has gone again', async () => {
    await restored({ registry: refusing((at) => at === 'multi', refusal) });
    memory.manifests.delete(arm.digest);
    const report = await restore();
    expect(rowsOf(report)).toEqual(['refused multi']);
    expect(whyOf(report, multi)).toContain(arm.digest);
  });

  it('but not an index that never had all its platforms', async () => {
    memory.manifests.delete(arm.digest);
    await applyTo(memory.registry, { delete: [multi, amd] }, { journalPath: journal });
    expect(rowsOf(await restore())).toEqual(['restored amd', 'restored multi']);
  });

  it('a list of blobs of which one is gone', async () => {
    const [there, gone] = [one.blobs[0]?.digest, amd.digest];
    const entry = { mediaType: TYPES.layer, size: 1 };
    const manifests = [there, gone].map((digest) => ({ ...entry, digest }));
    const cache = buildOdd(TYPES.index, { schemaVersion: 2, mediaType: TYPES.index, manifests });
    await journalByHand(cache);
    expect(whyOf(await restore(), cache)).toBe(`its blob ${gone} is not there any more`);
  });

  it('but not an image whose layer was always elsewhere', async () => {
    const layers = [
      { mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', size: 1, digest: arm.digest },
    ];
    const [config] = kept.blobs;
    const foreign = buildOdd(TYPES.image, {
      schemaVersion: 2,
      mediaType: TYPES.image,
      config: { mediaType: TYPES.config, size: 1, digest: config?.digest },
      layers,
    });
    await journalByHand(foreign);
    expect(rowsOf(await restore())).toEqual([`restored ${foreign.digest}`]);
  });

  it('what nobody understands, while something that it names and the journal too is not there', async () => {
    const odd = buildOdd('application/x.odd', { parts: [one.digest, 'sha256:'.padEnd(71, '0')] });
    await journalByHand(odd, one);
    memory.manifests.delete(one.digest);
    const registry = refusing((at) => at === 'one', refusal);
    expect(whyOf(await restore({ registry }), odd)).toBe(`it lists ${one.digest}, which is not there any more`);
    expect((await restore()).totals).toMatchObject({ restored: 2, refused: 0 });
  });

  it('a tag that the registry does not take, and tries it again the next time', async () => {
    const report = await restored({
      registry: refusing(
        (at) => at === 'tag latest',
        () => refusal(409, 'DENIED'),
      ),
    });
    expect(whyOf(report, multi)).toBe('it is there, but not under latest: answered 409 (DENIED)');
    expect(memory.tags.get(parseTag('multi'))).toBe(multi.digest);
    expect(rowsOf(await restore())).toEqual(['restored multi']);
    expect(memory.tags.get(parseTag('latest'))).toBe(multi.digest);
  });

  it('what the registry takes and does not show', async () => {
    const report = await restored({ registry: { putManifest: () => Promise.resolve({ isIndexed: false }) } });
    expect(whyOf(report, one)).toBe('the registry took it and does not show it');
    expect(report.totals).toMatchObject({ restored: 0, refused: 4 });
    expect((await restore()).totals).toMatchObject({ restored: 4 });
  });

  it('a tag that the registry takes and does not show', async () => {
    const report = await restored({
      registry: {
        putManifest: async (manifest, at) => {
          return isDigest(at) ? await memory.registry.putManifest(manifest, at) : { isIndexed: false };
        },
      },
    });
    expect(whyOf(report, one)).toBe('it is there, but not under one: the registry took the tag and does not show it');
  });

  it('a manifest that is larger than any that an apply reads', async () => {
    const huge = buildImage({ seed: 'huge', annotations: { text: 'x'.repeat(4 * 1024 * 1024) } });
    await journalByHand(huge);
    expect(whyOf(await restore(), huge)).toBe('its manifest has more than 4194304 bytes');
    expect(calls).toHaveLength(1);
  });
});

describe('a restore by putting manifests again ends', () => {
  it.each([
    ['the right to push is missing', () => new AuthError('may not push', { code: 'FORBIDDEN' }), 3],
    ['the registry is gone', () => new NetworkError('refused', { code: 'NETWORK' }), 4],
    ['the registry takes nothing at all', () => new RegistryError('405', { code: 'REGISTRY_UNSUPPORTED' }), 4],
  ])('when %s, and tells what is back and what is left', async (_what, error, exitCode) => {
    await deleteAll();
    let puts = 0;
    const report = await restore({
      registry: refusing(() => {
        puts += 1;
        return puts > 2;
      }, error),
    });
    expect(report).toMatchObject({ result: { kind: 'stopped' }, totals: { restored: 2, left: 2, refused: 0 } });
    expect(restoreExitCodeOf(report)).toBe(exitCode);
    expect(calls.filter((call) => call.startsWith('put'))).toHaveLength(3);
    expect((await restore()).totals).toMatchObject({ left: 0, refused: 0, tagsLost: 0 });
    expect(memory.lackOf(multi.digest)).toEqual([]);
  });

  it('for now when the registry asks for a pause', async () => {
    await deleteAll();
    const limited = () => new RegistryError('Too many requests.', { code: 'RATE_LIMITED' });
    const report = await restore({ registry: refusing((at) => at === 'multi', limited) });
    expect(report.result.kind).toBe('finished');
    expect(report.totals.left).toBeGreaterThan(0);
    expect(whyOf(report, multi)).toContain('Too many requests.');
    expect(restoreExitCodeOf(report)).toBe(0);
  });

  it('after the image under way when it is interrupted', async () => {
    await deleteAll();
    const controller = new AbortController();
    const registry: Partial<Registry> = {
      putManifest: async (manifest, at) => {
        controller.abort();
        return await memory.registry.putManifest(manifest, at);
      },
    };
    expect((await restore({ registry, signal: controller.signal })).totals).toMatchObject({ restored: 1, left: 3 });
    expect((await restore()).totals).toMatchObject({ restored: 3, left: 0 });
  });
});

describe('what a journal names is brought back by', () => {
  const OTHER = 'registry.example.com/team/app';
  const login = { plainHttp: false, username: 'me', password: 'secret' } as const;

  async function journalOf(...repositories: readonly (readonly [name: string, undo: string | undefined])[]) {
    await deleteAll();
    const text = await readFile(journal, 'utf8');
    const parts = repositories.map(([name, undo]) =>
      text
        .replaceAll(`"repository":"${NAME}"`, `"repository":"${name}"`)
        .replaceAll(',"undo":"put-manifest"', undo === undefined ? '' : `,"undo":"${undo}"`),
    );
    await writeFile(journal, parts.join(''));
  }

  it.each([
    ['put-manifest', OTHER, 'open team/app oci'],
    ['put-manifest', 'ghcr.io/team/app', 'open team/app oci'],
    [undefined, OTHER, 'open team/app oci'],
  ])('its manifests with the undo %s in %s', async (undo, name, opened) => {
    await journalOf([name, undo]);
    expect((await restore()).totals).toMatchObject({ restored: 4 });
    expect(calls[0]).toBe(opened);
  });

  it('GitHub where no line says how, and the host is its', async () => {
    await journalOf(['ghcr.io/team/app', undefined]);
    expect((await restore()).result).toMatchObject({
      error: { message: 'There is no token to restore ghcr.io/team/app with.' },
    });
    const github = { apiUrl: 'https://api.github.com', token: 'x', budgetShare: 0.8 };
    await restore({ settings: { registry: { plainHttp: false, github } } });
    expect(calls).toEqual(['open team/app github']);
  });

  const expectRefused = async (message: string, parts?: RestoreParts) => {
    const before = await readFile(journal, 'utf8');
    const report = await restore(parts);
    expect(report).toMatchObject({ result: { kind: 'stopped', error: { code: 'USAGE' } }, repositories: [] });
    expect(report.result.kind === 'stopped' && `${report.result.error.message} ${report.result.error.hint}`).toContain(
      message,
    );
    expect(calls).toEqual([]);
    expect(await readFile(journal, 'utf8')).toBe(before);
  };

  it('nothing, before anything is sent, while one of its repositories cannot be restored', async () => {
    await journalOf([OTHER, 'put-manifest'], ['registry.example.com/team/layout', 'none']);
    await expectRefused(`Name the repositories that can be restored with --repository: ${OTHER}.`);
    const repositories = [parseRepository(OTHER)];
    expect((await restore({ settings: { repositories } })).totals).toMatchObject({ restored: 4 });
  });

  it('the password of one registry, whatever directories the journal names', async () => {
    await journalOf([OTHER, 'put-manifest'], ['layouts.example.com/team/app', 'none']);
    for (const { digest } of [multi, amd, arm, one])
      await appendFile(
        journal,
        `${JSON.stringify({ kind: 'restored', at: '2026-11-21T00:00:00Z', repository: 'layouts.example.com/team/app', digest })}\n`,
      );
    expect((await restore({ settings: { registry: login } })).totals).toMatchObject({ restored: 4 });
  });

  it('nothing while a password could go to several registries; the one that is named gets it', async () => {
    await journalOf([OTHER, 'put-manifest'], ['quay.io/team/app', 'put-manifest']);
    await expectRefused('on 2: registry.example.com, quay.io', { settings: { registry: login } });
    await expectRefused('with --repository', { settings: { registry: login } });
    const settings = { registry: login, repositories: [parseRepository(OTHER)] };
    expect((await restore({ settings })).totals).toMatchObject({ restored: 4 });
    expect(calls.filter((call) => call.startsWith('open'))).toHaveLength(1);
  });

  it.each([
    ['GitHub', ['ghcr.io/team/app', 'restore'] as const],
    ['one of which all is back', ['quay.io/team/app', 'put-manifest'] as const],
  ])('nothing while a password could go to another registry too: %s', async (what, other) => {
    await journalOf([OTHER, 'put-manifest'], other);
    if (what !== 'GitHub')
      for (const { digest } of [multi, amd, arm, one])
        await appendFile(
          journal,
          `${JSON.stringify({ kind: 'restored', at: '2026-11-21T00:00:00Z', repository: other[0], digest })}\n`,
        );
    const github = { apiUrl: 'https://api.github.com', token: 'secret', budgetShare: 0.8 };
    await expectRefused('One user name is for one registry', { settings: { registry: { ...login, github } } });
  });

  it('all registries one after the other, with what docker has for each', async () => {
    await journalOf([OTHER, 'put-manifest'], ['quay.io/team/app', 'put-manifest']);
    expect((await restore()).totals).toMatchObject({ restored: 4, alreadyThere: 4 });
  });

  it('nothing by a journal whose bytes were changed by hand', async () => {
    await deleteAll();
    const text = await readFile(journal, 'utf8');
    const bytes = Buffer.from(one.bytes).toString('base64');
    const changed = Buffer.from(`${Buffer.from(one.bytes).toString('utf8')} `).toString('base64');
    expect(text).toContain(bytes);
    await writeFile(journal, text.replace(bytes, changed));
    await expectRefused(`its bytes are not those of ${one.digest}`);
  });
});
