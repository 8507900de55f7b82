// The generic adapter against the real registry: images that skopeo pushed, and a registry that refuses to delete.

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseTag } from '../../src/model/reference.ts';
import {
  addToLayout,
  buildAttested,
  buildImage,
  buildMultiArch,
  cosignTag,
  makeLayout,
  pushImage,
} from '../builders/image.ts';
import { openServerRegistry } from '../contract/registry-places.ts';
import { requireProgram } from '../support/real-parts.ts';
import { type RegistryServer, type RegistryServerOptions, startRegistry } from '../support/registry-server.ts';

const run = promisify(execFile);
const hasRegistry = requireProgram('docker-registry');
const V1 = parseTag('v1');

describe.runIf(hasRegistry && requireProgram('skopeo'))('images that skopeo pushed', () => {
  let server: RegistryServer;
  let directory: string;
  beforeAll(async () => {
    server = await startRegistry();
    directory = await mkdtemp(join(tmpdir(), 'skopeo-'));
    await makeLayout(directory);
  });
  afterAll(async () => {
    await server.stop();
    await rm(directory, { recursive: true });
  });

  async function skopeo(...words: readonly string[]): Promise<string> {
    return (await run('skopeo', words)).stdout;
  }

  it('are read with all that belongs to them, and what is deleted is gone for skopeo too', async () => {
    const multi = buildMultiArch('pushed by skopeo');
    const { index } = buildAttested('with provenance');
    const signature = buildImage({ seed: 'signature' });
    const sigTag = cosignTag(multi, 'sig');
    await addToLayout(directory, multi, ['multi']);
    await addToLayout(directory, index, ['attested']);
    await addToLayout(directory, signature, ['signature']);
    const to = `docker://${server.host}/team/app`;
    for (const [from, tag] of [
      ['multi', 'v1'],
      ['multi', 'latest'],
      ['attested', 'v2'],
      ['signature', sigTag],
    ])
      await skopeo(
        'copy',
        '--all',
        '--preserve-digests',
        '--dest-tls-verify=false',
        `oci:${directory}:${from}`,
        `${to}:${tag}`,
      );

    const registry = await openServerRegistry(server, 'team/app');
    const snapshot = await registry.readSnapshot([]);
    expect(new Map(snapshot.tags)).toEqual(
      new Map([
        ['v1', multi.digest],
        ['latest', multi.digest],
        ['v2', index.digest],
        [sigTag, signature.digest],
      ]),
    );
    const expected = [multi, ...multi.children, index, ...index.children, signature].map(({ digest }) => digest);
    expect([...snapshot.nodes.keys()].sort()).toEqual(expected.sort());
    expect(snapshot.absent.size).toBe(0);

    expect(await registry.deleteManifest(multi.digest, [V1, parseTag('latest')])).toEqual({ kind: 'deleted' });
    const listed: unknown = JSON.parse(await skopeo('list-tags', '--tls-verify=false', to));
    expect(listed).toMatchObject({ Tags: [sigTag, 'v2'].sort() });
    await expect(skopeo('inspect', '--raw', '--tls-verify=false', `${to}:v1`)).rejects.toThrow(/manifest unknown/);
    const kept = join(directory, 'kept');
    await skopeo('copy', '--all', '--src-tls-verify=false', `${to}:v2`, `oci:${kept}:v2`);
    await registry.close();
  });
});

describe.runIf(hasRegistry)('a real registry', () => {
  const image = buildImage({ seed: 'staying' });

  it.each<[string, RegistryServerOptions]>([
    ['with deletes switched off', { deleteEnabled: false }],
    ['that is read-only', { readOnly: true }],
  ])('%s refuses, and says what to switch on', async (_name, options) => {
    const server = await startRegistry(options);
    try {
      const registry = await openServerRegistry(server, 'team/app');
      // A read-only registry takes no push, and refuses the delete of anything all the same.
      if (options.readOnly !== true) await pushImage(server.origin, 'team/app', { manifest: image, tags: ['v1'] });
      const answer = await registry.deleteManifest(image.digest, [V1]);
      expect(answer.kind).toBe('refused');
      expect(answer.kind === 'refused' ? answer.why : '').toContain('storage.delete.enabled');
      await registry.close();
    } finally {
      await server.stop();
    }
  });

  it('that does not know the repository says so', async () => {
    const server = await startRegistry();
    try {
      const registry = await openServerRegistry(server, 'no/such');
      await expect(registry.readSnapshot([])).rejects.toMatchObject({ name: 'AuthError', code: 'REPOSITORY_UNKNOWN' });
      await registry.close();
    } finally {
      await server.stop();
    }
  });
});
