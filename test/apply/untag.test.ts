// Taking one tag off an image that stays: whatever the registry makes of it, the image is there afterwards.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NetworkError, RegistryError } from '../../src/errors.ts';
import { parseTag } from '../../src/model/reference.ts';
import type { Registry } from '../../src/registry/port.ts';
import { buildImage, eraseManifest, pushImage } from '../builders/image.ts';
import { openServerRegistry } from '../contract/registry-places.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry-server.ts';
import { applyTo, beforeCall, tell } from './scene.ts';

const one = buildImage({ seed: 'one' });
const two = buildImage({ seed: 'two' });
const names = { one, two };
const [a, b, c, x] = ['a', 'b', 'c', 'x'].map(parseTag);
if (a === undefined || b === undefined || c === undefined || x === undefined) throw new Error('there are four');

let server: FakeRegistry;
let registry: Registry;
let count = 0;
let name = '';

beforeAll(async () => {
  server = await startFakeRegistry();
});
afterAll(() => server.stop());
beforeEach(async () => {
  count += 1;
  name = `untag/repository-${count}`;
  registry = await openServerRegistry(server, name);
  await pushImage(server.origin, name, { manifest: one, tags: ['a', 'b', 'c'] });
  await pushImage(server.origin, name, { manifest: two, tags: ['x'] });
  return () => registry.close();
});

/** A registry that takes the whole manifest, with all its tags, when one tag is to be deleted. */
const greedy = (): Registry => ({
  ...registry,
  deleteTag: async (tag, digest) => {
    const answer = await registry.deleteTag(tag, digest);
    await eraseManifest(server.origin, name, digest);
    return answer;
  },
});

describe('an untag', () => {
  it('takes away the tag and nothing else', async () => {
    const { outcomes, journal } = await applyTo(registry, { untag: ['a', 'c'] });
    expect(tell(outcomes, names)).toEqual(['deleted tag a', 'deleted tag c']);
    expect([...(await registry.listTags())].sort()).toEqual(['b', 'x']);
    expect(journal.filter(({ kind }) => kind === 'intent')).toMatchObject([
      { action: 'untag', digest: one.digest, tags: ['a'] },
      { action: 'untag', digest: one.digest, tags: ['c'] },
    ]);
  });

  it('is skipped when the tag has moved', async () => {
    const { outcomes } = await applyTo(
      registry,
      { untag: ['a'] },
      {
        interlude: beforeCall('lookAround', 1, () => pushImage(server.origin, name, { manifest: two, tags: ['a'] })),
      },
    );
    expect(tell(outcomes, names)).toEqual(['skipped tag a']);
    expect(await registry.resolveTag(a)).toBe(two.digest);
  });

  it('puts the manifest back at once with its other tags, and ends the run, where the registry takes all of it', async () => {
    const { outcomes } = await applyTo(greedy(), { untag: ['a', 'x'] });
    expect(tell(outcomes, names)).toEqual(['failed tag a', 'skipped tag x']);
    expect(outcomes[0]?.why).toContain('deleted the whole manifest');
    expect(outcomes[0]?.why).toContain('put back');
    expect(outcomes[1]?.why).toContain('not tried');
    expect([...(await registry.listTags())].sort()).toEqual(['b', 'c', 'x']);
    expect(await registry.resolveTag(b)).toBe(one.digest);
    expect(await registry.resolveTag(c)).toBe(one.digest);
    expect(await registry.readManifest(one.digest)).toEqual({
      mediaType: one.mediaType,
      bytes: Buffer.from(one.bytes),
    });
  });

  it('does not put a tag back that somebody has moved in the meantime', async () => {
    const { outcomes } = await applyTo(
      greedy(),
      { untag: ['a'] },
      {
        interlude: async ({ method, target }) => {
          if (method === 'putManifest' && target === one.digest)
            await pushImage(server.origin, name, { manifest: two, tags: ['b'] });
        },
      },
    );
    expect(tell(outcomes, names)).toEqual(['failed tag a']);
    expect(await registry.resolveTag(b)).toBe(two.digest);
    expect(await registry.resolveTag(c)).toBe(one.digest);
  });

  it('looks after the manifest, and puts it back, also when the answer to the delete is lost', async () => {
    const lost: Registry = {
      ...greedy(),
      deleteTag: async (tag, digest) => {
        await greedy().deleteTag(tag, digest);
        throw new NetworkError('the connection broke', { code: 'NETWORK' });
      },
    };
    const { outcomes } = await applyTo(lost, { untag: ['a', 'x'] });
    expect(tell(outcomes, names)).toEqual(['failed tag a', 'skipped tag x']);
    expect([...(await registry.listTags())].sort()).toEqual(['b', 'c', 'x']);
  });

  it('is a plain failure when the answer to the delete is lost and the manifest is there', async () => {
    const lost: Registry = {
      ...registry,
      deleteTag: () => Promise.reject(new NetworkError('the connection broke', { code: 'NETWORK' })),
    };
    const { outcomes } = await applyTo(lost, { untag: ['a', 'x'] });
    expect(tell(outcomes, names)).toEqual(['failed tag a', 'failed tag x']);
    expect(outcomes[0]?.why).toBe('the connection broke');
  });

  it('puts the manifest back, and ends the run, when nobody can tell whether it is still there', async () => {
    let deleted = false;
    const { outcomes } = await applyTo(
      greedy(),
      { untag: ['a', 'x'] },
      {
        interlude: ({ method }) => {
          if (method === 'deleteTag') deleted = true;
          if (method === 'readManifest' && deleted) throw new NetworkError('the connection broke', { code: 'NETWORK' });
        },
      },
    );
    expect(tell(outcomes, names)).toEqual(['failed tag a', 'skipped tag x']);
    expect([...(await registry.listTags())].sort()).toEqual(['b', 'c', 'x']);
  });

  it('ends the run and says where the bytes are when the manifest cannot be put back', async () => {
    const { outcomes, journal } = await applyTo(
      greedy(),
      { untag: ['a', 'x'] },
      {
        interlude: ({ method }) => {
          if (method === 'putManifest') throw new RegistryError('quota exceeded', { code: 'REGISTRY_REFUSED' });
        },
      },
    );
    expect(tell(outcomes, names)).toEqual(['failed tag a', 'skipped tag x']);
    expect(outcomes[0]?.why).toContain('could not be put back: quota exceeded');
    expect(outcomes[0]?.why).toContain('journal');
    expect(journal[0]).toMatchObject({ kind: 'intent', manifestBase64: Buffer.from(one.bytes).toString('base64') });
  });
});
