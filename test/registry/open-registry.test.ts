// From a place to its adapter.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { silentLog } from '../../src/log.ts';
import { parseRepository } from '../../src/model/reference.ts';
import { openRegistry } from '../../src/registry/open-registry.ts';
import { addToLayout, buildImage, makeLayout, pushImage } from '../builders/image.ts';
import { buildFromGit } from '../builders/provenance.ts';
import { NOW } from '../contract/registry-places.ts';
import { startFakeRegistry } from '../fakes/registry-server.ts';

const options = { settings: { plainHttp: false }, environment: {}, now: NOW, log: silentLog };
const image = buildImage();

it('opens a registry', async () => {
  const fake = await startFakeRegistry();
  try {
    await pushImage(fake.origin, 'team/app', { manifest: image, tags: ['v1'] });
    const repository = parseRepository(`${fake.host}/team/app`);
    const registry = await openRegistry({ kind: 'registry', repository }, options);
    expect([...(await registry.readSnapshot([])).nodes.keys()]).toEqual([image.digest]);
    expect(registry.capabilities.title).toBe('OCI registry');
    await registry.close();
  } finally {
    await fake.stop();
  }
});

it('opens a layout as the repository that it stands for', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'open-registry-'));
  try {
    await makeLayout(directory);
    await addToLayout(directory, image, ['v1']);
    const repository = parseRepository('registry.example.com/team/app');
    const registry = await openRegistry({ kind: 'oci-layout', directory, repository }, options);
    expect(registry.repository).toEqual(repository);
    expect(await registry.listTags()).toEqual(['v1']);
    expect(registry.capabilities.title).toBe('OCI layout');
    await registry.close();
  } finally {
    await rm(directory, { recursive: true });
  }
});

it('hands on to every adapter that is opened by a place whether provenance is wanted', async () => {
  const { index, attestation } = buildFromGit('opened');
  const fake = await startFakeRegistry();
  const directory = await mkdtemp(join(tmpdir(), 'open-registry-'));
  try {
    await pushImage(fake.origin, 'team/app', { manifest: index, tags: ['v1'] });
    await makeLayout(directory);
    await addToLayout(directory, index, ['v1']);
    const repository = parseRepository(`${fake.host}/team/app`);
    const told: unknown[] = [];
    for (const target of [
      { kind: 'registry', repository },
      { kind: 'oci-layout', directory, repository },
    ] as const) {
      for (const wanting of [{}, { wantsProvenance: true }]) {
        const registry = await openRegistry(target, { ...options, ...wanting });
        told.push((await registry.readSnapshot([])).nodes.get(attestation.digest)?.provenance?.kind);
        await registry.close();
      }
    }
    expect(told).toEqual([undefined, 'read', undefined, 'read']);
  } finally {
    await rm(directory, { recursive: true });
    await fake.stop();
  }
});

it('refuses a directory that is no layout', async () => {
  const repository = parseRepository('registry.example.com/team/app');
  const opening = openRegistry(
    { kind: 'oci-layout', directory: join(tmpdir(), 'no-such-layout'), repository },
    options,
  );
  await expect(opening).rejects.toMatchObject({ name: 'UsageError' });
});
