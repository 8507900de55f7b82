import { describe, expect, it } from 'vitest';
import { readImages } from '../../src/host/read-store.ts';
import type { ImageId, LocalImage } from '../../src/model/local-store.ts';
import { unknownTime } from '../../src/model/time.ts';

const connection = { address: 'unix:///x', ask: () => Promise.reject(new Error('nobody asks')) };

function id(name: string): ImageId {
  return `sha256:${name}` as ImageId;
}

function image(name: string): LocalImage {
  const unknown = unknownTime('a test');
  const nothing = { names: [], digests: [], labels: {}, sizeBytes: 0, layers: undefined, isList: false };
  return { id: id(name), created: unknown, tagged: unknown, ...nothing };
}

/** Lists in turn what it was given, the last again and again. */
function source(lists: readonly (readonly string[])[], gone: readonly string[]) {
  let count = 0;
  return {
    list: () => Promise.resolve((lists[count++] ?? lists.at(-1) ?? []).map((name) => ({ id: id(name) }))),
    read: (listed: { readonly id: ImageId }) => {
      const name = listed.id.replace('sha256:', '');
      return Promise.resolve(gone.includes(name) ? undefined : image(name));
    },
  };
}

describe('all images of an engine', () => {
  it('come once each, also when it lists one twice', async () => {
    const images = await readImages(connection, source([['a', 'b', 'a']], []));
    expect([...images.keys()].sort()).toEqual([id('a'), id('b')]);
  });

  it('are those that are there, when one went while they were read', async () => {
    const images = await readImages(connection, source([['a', 'b'], ['a']], ['b']));
    expect([...images.keys()]).toEqual([id('a')]);
  });

  it('are not told when one is listed again and again and cannot be read', async () => {
    const reading = readImages(connection, source([['a', 'b']], ['b']));
    await expect(reading).rejects.toMatchObject({ code: 'EVIDENCE_ENGINE', exitCode: 5 });
  });

  it('are not told when one of them fails', async () => {
    const failing = { ...source([['a']], []), read: () => Promise.reject(new Error('broken')) };
    await expect(readImages(connection, failing)).rejects.toThrow('broken');
  });
});
