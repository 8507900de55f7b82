// Records as we push them, read back as werf's are read.

import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { RegistryError } from '../../src/errors.ts';
import { parseTag } from '../../src/model/reference.ts';
import { buildWerfRecord, labelsOfRecord, putWerfRecord } from '../../src/run/werf-record.ts';
import { sha256 } from '../builders/image.ts';
import { createMemoryRegistry } from '../builders/memory-registry.ts';
import { NOW, snapshotOf } from '../builders/snapshot.ts';

const TAG = parseTag('managed-image-backend');
const WORDS = { labels: { werf: 'shop' }, createdAt: NOW };

describe('a record', () => {
  it('is a tiny image in the form of Docker, whose layer is an empty archive', async () => {
    const memory = createMemoryRegistry();
    await putWerfRecord(memory.registry, TAG, WORDS);
    const { nodes, tags } = await memory.registry.readSnapshot([]);
    const node = nodes.get(tags.get(TAG) ?? sha256(new Uint8Array()));
    expect(node).toMatchObject({
      mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
      content: { kind: 'image', facts: { kind: 'read', labels: { werf: 'shop' } } },
      created: { kind: 'known', at: NOW },
    });
    const [layer] = node?.content.kind === 'image' ? node.content.layers : [];
    const bytes = gunzipSync(memory.blobs.get(layer?.digest ?? never())?.bytes ?? never());
    expect(bytes.byteLength).toBe(1024);
    expect(bytes.every((byte) => byte === 0)).toBe(true);
    const config: unknown = JSON.parse(
      text(memory.blobs.get(node?.content.kind === 'image' ? node.content.config.digest : never())),
    );
    expect(config).toMatchObject({ rootfs: { type: 'layers', diff_ids: [sha256(bytes)] } });
  });

  it('is the same for the same words, and another one at another time', () => {
    const bytesOf = (at: typeof NOW) =>
      Buffer.from(buildWerfRecord({ ...WORDS, createdAt: at }).manifest.bytes).toString();
    expect(bytesOf(NOW)).toBe(bytesOf(NOW));
    expect(bytesOf(NOW)).not.toBe(bytesOf((NOW + 1000) as typeof NOW));
  });

  it('puts its blobs before its manifest', async () => {
    const memory = createMemoryRegistry();
    const calls: string[] = [];
    const registry: typeof memory.registry = {
      ...memory.registry,
      putBlob: async () => void calls.push('blob'),
      putManifest: async (manifest, at) => {
        calls.push('manifest');
        return await memory.registry.putManifest(manifest, at);
      },
    };
    await putWerfRecord(registry, TAG, WORDS);
    expect(calls).toEqual(['blob', 'blob', 'manifest']);
  });

  it('is refused where nothing can be written', async () => {
    const { registry } = createMemoryRegistry();
    Reflect.deleteProperty(registry, 'putBlob');
    await expect(putWerfRecord(registry, TAG, WORDS)).rejects.toBeInstanceOf(RegistryError);
  });

  it.each([
    ['an index', { name: 'x', lists: ['y'] }],
    ['a stage', { name: 'x', labels: { 'werf-stage-content-digest': 'abc' } }],
    ['what cannot be read', { name: 'x', unread: true }],
    ['what nobody understands', { name: 'x', opaque: { mayListManifests: false } }],
  ])('is not %s', (_what, spec) => {
    const [node] = snapshotOf([spec]).nodes.values();
    expect(labelsOfRecord(node)).toBeUndefined();
  });
});

function text(blob: { readonly bytes: Uint8Array } | undefined): string {
  return Buffer.from(blob?.bytes ?? never()).toString();
}

function never(): never {
  throw new Error('it is there');
}
