// Restoring versions on GitHub, whatever it does with tags that somebody else has by then.

import { describe, expect, it } from 'vitest';
import type { Digest } from '../../src/model/reference.ts';
import type { Registry, RestoreAnswer } from '../../src/registry/port.ts';
import { buildImage } from '../builders/image.ts';
import { NOW } from '../contract/registry-places.ts';
import { startScene } from './ghcr-scene.ts';

const old = buildImage({ seed: 'old' });
const fresh = buildImage({ seed: 'fresh' });
const other = buildImage({ seed: 'other' });

async function restore(registry: Registry, digest: Digest): Promise<RestoreAnswer | undefined> {
  let told: RestoreAnswer | undefined;
  await registry.restore?.([digest], async (_, answer) => {
    told = answer;
  });
  return told;
}

describe('a restored version', () => {
  it.each([true, false])('never keeps a tag that a newer image has (GitHub takes tags: %s)', async (takes) => {
    const scene = await startScene();
    const { app } = scene;
    app.add(other, { tags: ['other'] });
    app.add(old, { tags: ['latest', 'v1'] });
    app.erase(old.digest);
    app.add(fresh, { tags: ['latest'] });
    app.restoreTakesTags = takes;
    expect(await restore(await scene.open(), old.digest)).toEqual({ kind: 'restored', tags: ['v1'] });
    expect(app.tags().get('latest')).toBe(fresh.digest);
    expect(app.tags().get('v1')).toBe(old.digest);
  });

  it('is found by what the run itself deleted, where the list of the deleted is behind', async () => {
    const scene = await startScene();
    const { app, github } = scene;
    app.add(other, { tags: ['other'] });
    app.add(old);
    const registry = await scene.open();
    await registry.readSnapshot([]);
    expect(await registry.deleteManifest(old.digest, [])).toEqual({ kind: 'deleted' });
    github.onRequest = ({ path }) => (path.includes('state=deleted') ? { status: 200, json: [] } : undefined);
    expect(await restore(registry, old.digest)).toEqual({ kind: 'restored', tags: [] });
    expect(app.find(old.digest)).toBeDefined();
  });

  it('that GitHub still lists after 30 days is refused with the reason, and is no missing right', async () => {
    const scene = await startScene();
    const { app } = scene;
    app.add(other, { tags: ['other'] });
    const { id } = app.add(old);
    app.erase(old.digest);
    Object.assign(app.findById(id) ?? {}, { deletedAtMs: NOW - 31 * 86_400_000 });
    const answer = await restore(await scene.open(), old.digest);
    expect(answer).toEqual({ kind: 'refused', why: expect.stringContaining('restores for 30 days only') as string });
  });
});
