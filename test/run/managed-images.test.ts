// The records of which images count, in a real registry.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runManagedImages, runRestore } from '../../src/cleanup.ts';
import type { ManagedImagesWish } from '../../src/config/managed-images-settings.ts';
import { EvidenceError, UsageError } from '../../src/errors.ts';
import { type Log, silentLog } from '../../src/log.ts';
import { parseRepository } from '../../src/model/reference.ts';
import { buildImage } from '../builders/image.ts';
import { NOW } from '../builders/snapshot.ts';
import {
  buildStage,
  managedRecord,
  pushTagged,
  serviceRecords,
  type Tagged,
  type WerfMaker,
} from '../builders/werf-repository.ts';
import { requireProgram } from '../support/real-parts.ts';
import { type RegistryServer, startRegistry } from '../support/registry-server.ts';

const hasRegistry = requireProgram('docker-registry');
const MAKER: WerfMaker = { project: 'shop', version: '2' };
const STAGE = buildStage(MAKER, { seed: 'stage', at: NOW });

let server: RegistryServer;
let folder: string;
let count = 0;
let name: string;
beforeAll(async () => {
  if (hasRegistry) server = await startRegistry();
});
afterAll(async () => {
  if (hasRegistry) await server.stop();
});
beforeEach(async () => {
  count += 1;
  name = `managed/${count}`;
  folder = await mkdtemp(join(tmpdir(), 'managed-images-'));
  return () => rm(folder, { recursive: true });
});

const push = (...pushed: readonly Tagged[]) => pushTagged(server.origin, name, pushed);

interface Places {
  readonly repository?: string;
  readonly metaRepository?: string;
}

async function run(wish: ManagedImagesWish, places: Places = { repository: name }, log: Log = silentLog) {
  const target = (text: string) =>
    ({ kind: 'registry', provider: 'oci', repository: parseRepository(`${server.host}/${text}`) }) as const;
  const { repository, metaRepository } = places;
  return await runManagedImages(
    {
      wish,
      ...(repository === undefined ? {} : { repository: target(repository) }),
      ...(metaRepository === undefined ? {} : { metaRepository: target(metaRepository) }),
      registry: { plainHttp: false },
      journal: join(folder, 'journal.jsonl'),
      format: 'text',
      logLevel: 'info',
    },
    { log, environment: {}, now: () => NOW },
  );
}

const isWrite = (method: string): boolean => !['GET', 'HEAD'].includes(method);

/** The methods of the requests that the registry got meanwhile. */
async function methodsOf(work: () => Promise<unknown>): Promise<ReadonlySet<string>> {
  const before = (await server.accessLog()).length;
  await work();
  return new Set((await server.accessLog()).slice(before).map((line) => line.split(' ')[0] ?? ''));
}

const labelsOf = async (tag: string): Promise<unknown> => {
  const at = `${server.origin}/v2/${name}`;
  const accept = 'application/vnd.docker.distribution.manifest.v2+json';
  const manifest = (await (await fetch(`${at}/manifests/${tag}`, { headers: { accept } })).json()) as {
    config: { digest: string };
  };
  const config = (await (await fetch(`${at}/blobs/${manifest.config.digest}`)).json()) as {
    config: { Labels: unknown };
  };
  return config.config.Labels;
};

describe.runIf(hasRegistry)('managed-images', () => {
  it('lists names as werf.yaml has them, sorted, by reading alone', async () => {
    await push(STAGE, ...['worker', 'app/web', ''].map((one) => managedRecord(MAKER, one, NOW)));
    expect(await methodsOf(() => run({ action: 'ls' }))).toEqual(new Set(['GET']));
    expect(await run({ action: 'ls' })).toMatchObject({ kind: 'listed', names: ['', 'app/web', 'worker'] });
  });

  it('adds a record of the project that the stages are of, once', async () => {
    await push(STAGE);
    expect(await run({ action: 'add', name: 'app/web' })).toMatchObject({
      kind: 'added',
      tag: 'managed-image-app__slash__web',
    });
    expect(await labelsOf('managed-image-app__slash__web')).toEqual({ werf: 'shop' });
    const writes = await methodsOf(async () => {
      expect(await run({ action: 'add', name: 'app/web' })).toMatchObject({ kind: 'already-there' });
    });
    expect([...writes].filter(isWrite)).toEqual([]);
  });

  it('removes a record after it stands in the journal, from where it comes back', async () => {
    await push(STAGE, managedRecord(MAKER, 'backend', NOW), managedRecord(MAKER, 'worker', NOW));
    expect(await run({ action: 'rm', name: 'backend' })).toMatchObject({ kind: 'removed' });
    expect(await run({ action: 'ls' })).toMatchObject({ names: ['worker'] });
    const journal = await readFile(join(folder, 'journal.jsonl'), 'utf8');
    expect(journal.split('\n').map((line) => (line === '' ? '' : (JSON.parse(line) as { kind: string }).kind))).toEqual(
      ['intent', 'outcome', ''],
    );
    const report = await runRestore(
      {
        journal: join(folder, 'journal.jsonl'),
        repositories: [],
        githubHosts: [],
        registry: { plainHttp: false },
        format: 'text',
        logLevel: 'info',
      },
      { log: silentLog, environment: {}, now: () => NOW },
    );
    expect(report.result).toEqual({ kind: 'finished' });
    expect(await run({ action: 'ls' })).toMatchObject({ names: ['backend', 'worker'] });
  });

  it('leaves a record whose digest has another tag', async () => {
    const record = managedRecord(MAKER, 'backend', NOW);
    await push(STAGE, record, { tag: 'kept-for-ever', manifest: record.manifest });
    const result = await run({ action: 'rm', name: 'backend' });
    expect(result).toMatchObject({ kind: 'not-removed', why: 'deleting it would delete kept-for-ever too' });
    expect(await run({ action: 'ls' })).toMatchObject({ names: ['backend'] });
  });

  it.each<[what: string, pushed: () => readonly Tagged[], wish: ManagedImagesWish, told: string]>([
    [
      'a name that nobody has added, with the nearest one',
      () => [STAGE, managedRecord(MAKER, 'backend', NOW)],
      { action: 'rm', name: 'backed' },
      'No record says that backed is managed.',
    ],
    [
      'an image under the tag of a record',
      () => [STAGE, { tag: 'managed-image-backend', manifest: STAGE.manifest }],
      { action: 'rm', name: 'backend' },
      'something that is no record',
    ],
    [
      'an image under the tag that a record is to have',
      () => [STAGE, { tag: 'managed-image-backend', manifest: STAGE.manifest }],
      { action: 'add', name: 'backend' },
      'something that is no record',
    ],
    [
      'a repository that werf did not make',
      () => [
        { tag: 'latest', manifest: buildImage({ seed: 'latest' }) },
        { tag: 'a'.repeat(56), manifest: buildImage({ seed: 'somebody else' }) },
      ],
      { action: 'add', name: 'backend' },
      'was made by werf',
    ],
  ])('refuses %s', async (_what, pushed, wish, told) => {
    await push(...pushed());
    const asked = await methodsOf(async () => {
      const error = await run(wish).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(UsageError);
      expect(String(error)).toContain(told);
    });
    expect([...asked].filter(isWrite)).toEqual([]);
  });

  it('works where version 3 keeps the records, and not without them', async () => {
    const meta = `${name}-meta`;
    const maker: WerfMaker = { project: 'shop', version: '3' };
    await push(buildStage(maker, { seed: 'stage', at: NOW }), ...serviceRecords(maker, NOW, `${server.host}/${meta}`));
    await pushTagged(server.origin, meta, [managedRecord(maker, 'backend', NOW)]);
    const error = await run({ action: 'ls' }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(EvidenceError);
    expect(error).toMatchObject({ hint: `Name it: meta-repo ${server.host}/${meta}` });
    const both = { repository: name, metaRepository: meta };
    expect(await run({ action: 'ls' }, both)).toMatchObject({
      names: ['backend'],
      repository: `${server.host}/${meta}`,
    });
    expect(await run({ action: 'add', name: 'worker' }, both)).toMatchObject({ kind: 'added' });
    expect(await run({ action: 'ls' }, { metaRepository: meta })).toMatchObject({ names: ['backend', 'worker'] });
    expect(await run({ action: 'rm', name: 'backend' }, both)).toMatchObject({ kind: 'removed' });
    expect(await run({ action: 'ls' }, both)).toMatchObject({ names: ['worker'] });
  });

  it('adds the first name where the records have just got a repository of their own', async () => {
    const meta = `${name}-meta`;
    await push(STAGE);
    await pushTagged(server.origin, meta, serviceRecords(MAKER, NOW).slice(0, 1));
    const told: string[] = [];
    const log = { ...silentLog, info: (text: string) => void told.push(text) };
    const both = { repository: name, metaRepository: meta };
    expect(await run({ action: 'add', name: 'backend' }, both, log)).toMatchObject({ kind: 'added' });
    expect(told.join()).toContain("no mark of werf's");
  });
});
