// `record` against registries that find referrers, that do not, and that take no artifact: what stands there afterwards, and what a
// second run does.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BuiltFrom, RecordSettings } from '../../src/config/record-settings.ts';
import type { RepositoryTarget } from '../../src/config/settings.ts';
import { silentLog } from '../../src/log.ts';
import { isRecordTag } from '../../src/model/build-record.ts';
import type { CommitId } from '../../src/model/history.ts';
import { parseRepository } from '../../src/model/reference.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { readRecords } from '../../src/policy/records/read-records.ts';
import { openRegistry } from '../../src/registry/open-registry.ts';
import { runRecord } from '../../src/run/record.ts';
import { compareText } from '../../src/util/compare-text.ts';
import { addToLayout, buildImage, makeLayout, pushImage } from '../builders/image.ts';
import { NOW } from '../builders/snapshot.ts';
import {
  type FakeRegistry,
  type RegistryQuirks,
  type ScriptedAnswer,
  startFakeRegistry,
} from '../fakes/registry-server.ts';

const NAME = 'team/app';
const image = buildImage({ seed: 'app' });
const other = buildImage({ seed: 'other' });
const [ONE, TWO] = ['1'.repeat(40), '2'.repeat(40)] as [CommitId, CommitId];

let folder: string;
let stopped: (() => Promise<void>)[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'record-'));
  stopped = [];
});
afterEach(async () => {
  for (const stop of stopped) await stop();
  await rm(folder, { recursive: true });
});

interface Scene {
  readonly target: RepositoryTarget;
  /** What was written so far: `PUT manifests/…`. */
  readonly writes: () => readonly string[];
  readonly fake?: FakeRegistry;
}

async function startScene(quirks: RegistryQuirks = {}): Promise<Scene & { readonly fake: FakeRegistry }> {
  const fake = await startFakeRegistry(quirks);
  stopped.push(() => fake.stop());
  for (const manifest of [image, other]) await pushImage(fake.origin, NAME, { manifest, tags: [] });
  const seen = fake.log.length;
  const repository = parseRepository(`${fake.host}/${NAME}`);
  const writes = () =>
    fake.log
      .slice(seen)
      .filter((line) => line.startsWith('PUT ') && line.includes('/manifests/'))
      .map((line) => line.replace(`/v2/${NAME}/`, ''));
  return { target: { kind: 'registry', repository, provider: 'oci' }, writes, fake };
}

async function startLayout(): Promise<Scene> {
  await makeLayout(folder);
  await addToLayout(folder, image, ['v1']);
  const repository = parseRepository('registry.example.com/team/app');
  return { target: { kind: 'oci-layout', directory: folder, repository }, writes: () => [] };
}

const REGISTRY = { plainHttp: false };
const context = { log: silentLog, environment: {}, now: () => NOW };

function settingsOf(target: RepositoryTarget, more: Partial<RecordSettings> = {}): RecordSettings {
  return {
    images: [{ target, digest: image.digest }],
    built: given(ONE),
    directory: folder,
    registry: REGISTRY,
    format: 'text',
    logLevel: 'info',
    ...more,
  };
}

function given(...commits: readonly CommitId[]): BuiltFrom {
  return { kind: 'given', commits: commits.map((commit) => ({ commit, reference: 'refs/heads/main' })) };
}

async function readSnapshot(target: RepositoryTarget): Promise<Snapshot> {
  const registry = await openRegistry(target, { settings: REGISTRY, environment: {}, now: NOW, log: silentLog });
  try {
    // A registry that lists no untagged manifests finds them by the image's tag.
    return await registry.readSnapshot([image.digest, other.digest]);
  } finally {
    await registry.close();
  }
}

/** What the records say: image, commit, and the image's name where they tell it; sorted. */
async function said(target: RepositoryTarget): Promise<readonly (readonly string[])[]> {
  const { buildRecords } = readRecords(await readSnapshot(target));
  const told = buildRecords.map(({ image: about, commit, product }) => [about, commit, ...(product ? [product] : [])]);
  return told.toSorted((a, b) => compareText(a.slice(1).join(), b.slice(1).join()));
}

const KINDS: readonly { readonly name: string; readonly start: () => Promise<Scene>; readonly hasTag: boolean }[] = [
  { name: 'a registry that finds referrers', start: () => startScene(), hasTag: false },
  { name: 'a registry that does not', start: () => startScene({ noReferrersApi: true }), hasTag: true },
  { name: 'a directory', start: startLayout, hasTag: true },
];

describe.each(KINDS)('in $name', ({ start, hasTag }) => {
  it('a record says for which commit its image was published, to whoever reads the repository next', async () => {
    const { target } = await start();
    const { records } = await runRecord(settingsOf(target, { source: 'https://github.com/team/app' }), context);
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({ image: image.digest, commit: ONE, outcome: 'written' });
    expect(records[0]?.tag !== undefined && isRecordTag(records[0].tag)).toBe(hasTag);
    const { buildRecords, attached } = readRecords(await readSnapshot(target));
    expect(buildRecords).toMatchObject([
      {
        record: records[0]?.record,
        image: image.digest,
        commit: ONE,
        at: { kind: 'known', at: NOW },
        found: { kind: 'record', name: 'of 1111111111 for refs/heads/main' },
      },
    ]);
    expect([...attached.values()]).toEqual([[image.digest]]);
  });

  it('the same statement a moment later writes nothing', async () => {
    const { target, writes } = await start();
    const [first] = (await runRecord(settingsOf(target), context)).records;
    const before = writes().length;
    const later = { ...context, now: () => (NOW + 14 * 60_000) as typeof NOW };
    const again = await runRecord(settingsOf(target), later);
    expect(again.records).toMatchObject([{ record: first?.record, outcome: 'already-there' }]);
    expect(writes()).toHaveLength(before);
    expect(await said(target)).toEqual([[image.digest, ONE]]);
  });

  it('the same statement of another day is a new one: the image has been published again', async () => {
    const { target } = await start();
    const earlier = { ...context, now: () => (NOW - 86_400_000) as typeof NOW };
    const [first] = (await runRecord(settingsOf(target), earlier)).records;
    const [again] = (await runRecord(settingsOf(target), context)).records;
    expect(again).toMatchObject({ outcome: 'written', ...(first?.tag === undefined ? {} : { tag: first.tag }) });
    expect(again?.record).not.toBe(first?.record);
    const { buildRecords } = readRecords(await readSnapshot(target));
    const times = buildRecords.map(({ at }) => (at.kind === 'known' ? at.at : 0));
    expect(Math.max(...times)).toBe(NOW);
  });

  it('each commit, branch and image name is a statement of its own', async () => {
    const { target } = await start();
    await runRecord(settingsOf(target, { built: given(ONE, TWO) }), context);
    await runRecord(settingsOf(target, { built: { kind: 'given', commits: [{ commit: ONE }] } }), context);
    await runRecord(settingsOf(target, { imageName: 'web' }), context);
    expect(await said(target)).toEqual(
      [[ONE], [ONE], [ONE, 'web'], [TWO]].map(([commit, ...name]) => [image.digest, commit, ...name]),
    );
  });

  it('an image that is not there gets no record', async () => {
    const { target, writes } = await start();
    const images = [{ target, digest: buildImage({ seed: 'nobody pushed this' }).digest }];
    await expect(runRecord(settingsOf(target, { images }), context)).rejects.toMatchObject({
      code: 'REGISTRY_REFUSED',
      exitCode: 4,
      hint: expect.stringContaining('Push the image first') as string,
    });
    expect(writes()).toEqual([]);
  });
});

describe('a registry', () => {
  it('may have several images recorded at once', async () => {
    const { target } = await startScene();
    const images = [image, other].map(({ digest }) => ({ target, digest }));
    await runRecord(settingsOf(target, { images }), context);
    expect((await said(target)).map(([digest = '']) => digest).toSorted(compareText)).toEqual(
      [image.digest, other.digest].toSorted(compareText),
    );
  });

  it.each([true, false])(
    'that takes no type that it does not know gets an image that says the same (API: %s)',
    async (api) => {
      const { target, fake, writes } = await startScene({ noReferrersApi: !api });
      refuseArtifacts(fake);
      const [record] = (await runRecord(settingsOf(target), context)).records;
      expect(record?.outcome).toBe('written');
      expect(await said(target)).toEqual([[image.digest, ONE]]);
      const node = [...(await readSnapshot(target)).nodes.values()].find(({ digest }) => digest === record?.record);
      expect(node).not.toHaveProperty('artifactType');
      expect(node?.content).toMatchObject({ facts: { kind: 'read' } });
      const before = writes().length;
      await runRecord(settingsOf(target), context);
      expect(writes()).toHaveLength(before);
    },
  );

  it('that finds referrers and does not say so gets a tag beside', async () => {
    const { target, fake } = await startScene();
    fake.script = ({ method, path }) =>
      method === 'PUT' && path.includes('/manifests/sha256:') ? { status: 201 } : undefined;
    const [record] = (await runRecord(settingsOf(target), context)).records;
    expect(record?.tag).toBeDefined();
  });

  it('whose tag for the record is on something else keeps that', async () => {
    const { target, fake, writes } = await startScene({ noReferrersApi: true });
    const [{ tag = '' } = {}] = (await runRecord(settingsOf(target), context)).records;
    await pushImage(fake.origin, NAME, { manifest: other, tags: [tag] });
    const before = writes().length;
    await expect(runRecord(settingsOf(target), context)).rejects.toMatchObject({ code: 'REGISTRY_REFUSED' });
    expect(writes()).toHaveLength(before);
  });

  it.each([
    [401, 3],
    [403, 3],
    [409, 4],
  ])('that answers %i to what is written ends it with exit code %i', async (status, exitCode) => {
    const { target, fake } = await startScene({ noReferrersApi: true });
    fake.script = ({ method }): ScriptedAnswer | undefined => (method === 'PUT' ? { status } : undefined);
    await expect(runRecord(settingsOf(target), context)).rejects.toMatchObject({ exitCode });
    expect(await said(target)).toEqual([]);
  });
});

/** GitLab's: https://gitlab.com/gitlab-org/container-registry/-/issues/1679 */
function refuseArtifacts(fake: FakeRegistry): void {
  fake.script = ({ method, path, body }) =>
    method === 'PUT' && path.includes('/manifests/') && body.includes('"artifactType"')
      ? {
          status: 400,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({
            errors: [{ code: 'MANIFEST_INVALID', message: 'manifest invalid', detail: 'unknown media type' }],
          }),
        }
      : undefined;
}
