// The main job against the real registry: plan, apply, and then skopeo reads back what was kept and what is gone.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/report/report.ts';
import { cosignTag, fallbackTag } from '../builders/image.ts';
import { requireProgram } from '../support/real-parts.ts';
import { type RegistryServer, type RegistryServerOptions, startRegistry } from '../support/registry-server.ts';
import { measureBlobs } from './hands.ts';
import { digestsOf, makeRealWorld, type RealWorld } from './real-world.ts';

const hasAll = (['docker-registry', 'skopeo', 'htpasswd', 'openssl', 'git'] as const).every(requireProgram);

const KINDS: readonly { readonly name: string; readonly options: RegistryServerOptions }[] = [
  { name: 'over plain HTTP', options: {} },
  { name: 'over TLS with an authority of its own, for users', options: { tls: true, htpasswd: true } },
  { name: 'with tokens', options: { tokenAuth: true } },
];

const WRITE = /^(?:DELETE|PUT|POST|PATCH) /;

describe.runIf(hasAll).each(KINDS)('a real registry $name', ({ options }) => {
  let server: RegistryServer;
  let world: RealWorld;
  let planned: Report;
  let before: { readonly count: number; readonly bytes: number };
  const doomed = (): readonly string[] => {
    const { images, signed, attached } = world;
    return [images.gone, images.goneMulti, images.goneNested, signed.gone, attached.gone].flatMap(digestsOf);
  };
  beforeAll(async () => {
    server = await startRegistry(options);
    world = await makeRealWorld(server);
    before = await measureBlobs(server);
  });
  afterAll(async () => {
    await world.remove();
    await server.stop();
  });

  it('is planned without any request that changes something', async () => {
    const seen = (await server.accessLog()).length;
    planned = await world.plan({ 'plan-file': join(world.folder, 'plan.json') });
    expect(planned.result).toEqual({ kind: 'planned' });
    const sent = (await server.accessLog()).slice(seen);
    expect(sent.length).toBeGreaterThan(20);
    expect(sent.filter((line) => WRITE.test(line))).toEqual([]);
    const going = planned.plan?.repositories[0]?.decisions.filter(({ decision }) => decision === 'delete') ?? [];
    const lists = going.filter(({ what }) => what === 'referrers list').map(({ digest }) => digest);
    expect(lists).toHaveLength(1);
    expect(going.map(({ digest }) => digest).toSorted()).toEqual([...doomed(), ...lists].toSorted());
  });

  it('is applied as planned, and no request deletes anything else', async () => {
    const seen = (await server.accessLog()).length;
    const applied = await world.apply();
    expect(applied.result).toEqual({ kind: 'applied' });
    expect(applied.totals).toMatchObject({ deleted: planned.totals.deleted, failed: 0, skipped: 0 });
    // A 401 is how a request for a token begins.
    const sent = (await server.accessLog()).slice(seen).filter((line) => WRITE.test(line) && !line.endsWith(' 401'));
    const steps = planned.plan?.repositories[0]?.steps.map(({ digest }) => digest) ?? [];
    expect(sent).toEqual(steps.map((digest) => `DELETE /v2/team/app/manifests/${digest} 202`));
  });

  it('pulls everything that was kept, with all children, signatures and attachments', async () => {
    const { images } = world;
    const tags = await world.listTags();
    const referrers = [cosignTag(images.head, 'sig'), fallbackTag(images.head)];
    expect(tags).toEqual(['head', 'head-nested', 'pinned', ...referrers, 'used', 'used-too'].toSorted());
    for (const tag of tags) await world.pullWhole(`:${tag}`);
    const nested = await world.pullWhole(':head-nested');
    expect(nested.slice(1)).toEqual(
      digestsOf(images.headNested)
        .slice(1)
        .map((digest) => `@${digest}`),
    );
    for (const tag of ['used', 'head'])
      await world.skopeo('copy', `docker://${world.repository}:${tag}`, `dir:${join(world.folder, `whole-${tag}`)}`);
  });

  it('does not know any more what was deleted', async () => {
    for (const digest of doomed())
      expect({ digest, has: await world.has(`@${digest}`) }).toEqual({ digest, has: false });
    for (const tag of ['gone', 'gone-multi', 'gone-too', 'gone-nested'])
      expect({ tag, has: await world.has(`:${tag}`) }).toEqual({ tag, has: false });
  });

  it('frees exactly the bytes that the plan told, once its garbage is collected', async () => {
    expect(await measureBlobs(server)).toEqual(before);
    await server.collectGarbage();
    const after = await measureBlobs(server);
    expect(before.bytes - after.bytes).toBe(planned.totals.reclaimableBytes);
    expect(planned.totals.reclaimableBytes).toBeGreaterThan(0);
    for (const tag of await world.listTags()) await world.pullWhole(`:${tag}`);
  });

  it('has nothing left to do', async () => {
    const again = await world.apply();
    expect(again.result).toEqual({ kind: 'applied' });
    expect(again.totals).toMatchObject({ deleted: 0, failed: 0, skipped: 0 });
    expect(again).not.toHaveProperty('journal');
  });
});
