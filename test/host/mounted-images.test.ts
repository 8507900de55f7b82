import { describe, expect, it } from 'vitest';
import { type Mount, mayUse, withMountedImages } from '../../src/host/mounted-images.ts';
import type { ImageId } from '../../src/model/local-store.ts';
import { localContainer } from '../builders/memory-engine.ts';

const APP = `sha256:${'a'.repeat(64)}` as ImageId;
const TOOLS = `sha256:${'b'.repeat(64)}` as ImageId;

async function mountsOf(mounts: readonly Mount[], looks = true): Promise<readonly string[] | undefined> {
  const [container] = await withMountedImages([localContainer('x')], () => looks, {
    read: () => Promise.resolve(mounts),
    find: (name) => Promise.resolve(name === 'tools' ? TOOLS : undefined),
  });
  return container?.mounts;
}

describe('images that a container has mounted', () => {
  it.each<{ title: string; mounts: readonly Mount[]; expected: readonly string[] | undefined }>([
    { title: 'are told by their id', mounts: [{ Type: 'image', Source: 'tools' }], expected: [TOOLS] },
    {
      title: 'are told as they were called when the engine does not know them any more',
      mounts: [{ Type: 'image', Source: 'gone' }],
      expected: ['gone'],
    },
    { title: 'are told as unknown when the engine does not name them', mounts: [{ Type: 'image' }], expected: [''] },
    {
      title: 'are none where folders and volumes are mounted',
      mounts: [{ Type: 'bind', Source: '/tools' }, { Type: 'volume', Source: 'tools' }, {}],
      expected: undefined,
    },
  ])('$title', async ({ mounts, expected }) => {
    expect(await mountsOf(mounts)).toEqual(expected);
  });

  it('are not looked for where nothing is mounted', async () => {
    expect(await mountsOf([{ Type: 'image', Source: 'tools' }], false)).toBeUndefined();
  });
});

describe('a container', () => {
  const of = (more: Parameters<typeof localContainer>[1]) => localContainer('x', { imageId: TOOLS, ...more });
  it.each([
    { title: 'uses what it was made from', container: of({ imageId: APP }), uses: true },
    { title: 'does not use another image', container: of({}), uses: false },
    { title: 'may use any when the engine does not tell', container: of({ imageId: undefined }), uses: true },
    { title: 'uses what it has mounted', container: of({ mounts: [TOOLS, APP] }), uses: true },
    {
      title: 'may use any while it runs with something mounted that nobody knows',
      container: of({ state: 'running', mounts: ['gone'] }),
      uses: true,
    },
    {
      title: 'has no use any more for what it lost',
      container: of({ state: 'exited', mounts: ['gone'] }),
      uses: false,
    },
  ])('$title', ({ container, uses }) => {
    expect(mayUse(container, [APP])).toBe(uses);
  });
});
