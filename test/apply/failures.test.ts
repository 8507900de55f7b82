// What goes wrong on the way: an apply stops where going on could harm, and says for every step what became of it.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Journal, openJournal } from '../../src/apply/journal.ts';
import { EvidenceError } from '../../src/errors.ts';
import { type Digest, parseTag } from '../../src/model/reference.ts';
import type { Registry } from '../../src/registry/port.ts';
import { buildImage, buildIndex, pushImage } from '../builders/image.ts';
import { openServerRegistry } from '../contract/registry-places.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry-server.ts';
import { applyTo, beforeCall, readJournal, tell } from './scene.ts';

const images = ['1', '2', '3', '4', '5', '6'].map((seed) => buildImage({ seed }));
const amd = buildImage({ seed: 'amd' });
const arm = buildImage({ seed: 'arm' });
const multi = buildIndex([{ manifest: amd }, { manifest: arm }]);
const kept = buildImage({ seed: 'kept' });
const names = { amd, arm, multi, kept };

let server: FakeRegistry;
let registry: Registry;
let folder: string;
let count = 0;
let name = '';

beforeAll(async () => {
  server = await startFakeRegistry();
  folder = await mkdtemp(join(tmpdir(), 'apply-failures-'));
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  count += 1;
  name = `failures/repository-${count}`;
  server.script = () => undefined;
  registry = await openServerRegistry(server, name);
  for (const [at, manifest] of images.entries()) await pushImage(server.origin, name, { manifest, tags: [`t${at}`] });
  await pushImage(server.origin, name, { manifest: kept, tags: ['kept'] });
  return () => registry.close();
});

const deletesSent = (): readonly string[] => server.log.filter((line) => line.startsWith(`DELETE /v2/${name}/`));
const kinds = (outcomes: readonly { readonly outcome: string }[]): readonly string[] =>
  outcomes.map(({ outcome }) => outcome);
const answerDeletes = (status: number, code: string, which: (path: string) => boolean = () => true): void => {
  server.script = ({ method, path }) =>
    method === 'DELETE' && which(path)
      ? { status, body: JSON.stringify({ errors: [{ code, message: 'no' }] }) }
      : undefined;
};

describe('an apply', () => {
  it('stops at the first 403 and calls it forbidden', async () => {
    answerDeletes(403, 'DENIED');
    const { outcomes } = await applyTo(registry, { delete: images });
    expect(kinds(outcomes)).toEqual(['failed', ...Array<string>(5).fill('skipped')]);
    expect(outcomes[0]).toMatchObject({ forbidden: true });
    expect(outcomes[0]?.why).toContain('permission to delete');
    expect(outcomes[1]?.why).toBe('not tried: the registry does not allow it');
    expect(deletesSent()).toHaveLength(1);
  });

  it('stops when a missing right shows as a 404 on something that is there', async () => {
    answerDeletes(404, 'MANIFEST_UNKNOWN');
    const { outcomes } = await applyTo(registry, { delete: images });
    expect(kinds(outcomes)).toEqual(['failed', ...Array<string>(5).fill('skipped')]);
    expect(outcomes[0]).toMatchObject({ forbidden: true });
  });

  it('goes on after a refusal of a single manifest, but never touches what the refused one lists', async () => {
    await pushImage(server.origin, name, { manifest: multi, tags: ['multi'] });
    answerDeletes(409, 'CONFLICT', (path) => path.endsWith(multi.digest));
    const { outcomes } = await applyTo(registry, { delete: [multi, amd, arm, ...images] });
    expect(kinds(outcomes).filter((kind) => kind === 'deleted')).toHaveLength(6);
    const told = tell(outcomes, names);
    expect(told).toContain('failed multi');
    expect(told).toContain('skipped amd');
    expect(told).toContain('skipped arm');
    expect(deletesSent()).toHaveLength(7);
  });

  it('never touches what an index lists whose delete was accepted and not done', async () => {
    await pushImage(server.origin, name, { manifest: multi, tags: ['multi'] });
    const lazy: Registry = {
      ...registry,
      deleteManifest: (digest, tags) =>
        digest === multi.digest ? Promise.resolve({ kind: 'deleted' }) : registry.deleteManifest(digest, tags),
    };
    const { outcomes } = await applyTo(lazy, { delete: [multi, amd, arm] });
    expect(kinds(outcomes)).toEqual(['deleted', 'skipped', 'skipped']);
    expect(outcomes[1]?.why).toBe(`${multi.digest}, which it belongs to, is still there`);
  });

  it('never touches what an index lists that was left, even when the registry then denies having the index', async () => {
    await pushImage(server.origin, name, { manifest: multi, tags: ['multi'] });
    const forgetful: Registry = {
      ...registry,
      readEdges: (digest) => (digest === multi.digest ? Promise.resolve('absent') : registry.readEdges(digest)),
    };
    const { outcomes } = await applyTo(
      forgetful,
      { delete: [multi, amd, arm] },
      {
        interlude: beforeCall('lookAround', 1, () =>
          pushImage(server.origin, name, { manifest: multi, tags: ['release'] }),
        ),
      },
    );
    expect(kinds(outcomes)).toEqual(['skipped', 'skipped', 'skipped']);
    expect(outcomes[1]?.why).toBe(`${multi.digest}, which it belongs to, was not deleted`);
  });

  it('skips what has come into use, with everything that belongs to it', async () => {
    await pushImage(server.origin, name, { manifest: multi, tags: ['multi'] });
    const { outcomes } = await applyTo(
      registry,
      { delete: [multi, amd, arm] },
      { objectionTo: async (digest) => (digest === multi.digest ? 'it has come into use' : undefined) },
    );
    expect(kinds(outcomes)).toEqual(['skipped', 'skipped', 'skipped']);
    expect(outcomes[0]?.why).toBe('it has come into use');
    expect(deletesSent()).toEqual([]);
  });

  it('stops when nobody can tell any more what is in use', async () => {
    const { outcomes } = await applyTo(
      registry,
      { delete: images },
      { objectionTo: () => Promise.reject(new EvidenceError('The cluster is gone.', { code: 'EVIDENCE_KUBERNETES' })) },
    );
    expect(kinds(outcomes)).toEqual(['failed', ...Array<string>(5).fill('skipped')]);
    expect(deletesSent()).toEqual([]);
  });

  it('stops after three failures in a row', async () => {
    answerDeletes(500, 'UNKNOWN');
    const { outcomes } = await applyTo(registry, { delete: images });
    expect(kinds(outcomes)).toEqual(['failed', 'failed', 'failed', 'skipped', 'skipped', 'skipped']);
    expect(outcomes[3]?.why).toBe('not tried: 3 steps failed in a row');
    expect(outcomes[0]).not.toHaveProperty('forbidden');
  });

  it('goes on when fewer than three failures come in a row', async () => {
    const bad = new Set<string>([0, 1, 3, 4].map((at) => images[at]?.digest ?? ''));
    answerDeletes(500, 'UNKNOWN', (path) => bad.has(path.slice(path.lastIndexOf('/') + 1)));
    const { outcomes } = await applyTo(registry, { delete: images });
    expect(kinds(outcomes)).toEqual(['failed', 'failed', 'deleted', 'failed', 'failed', 'deleted']);
  });

  it('deletes nothing when the tags cannot be listed any more', async () => {
    const { outcomes } = await applyTo(
      registry,
      { delete: images },
      {
        interlude: beforeCall('lookAround', 1, () => {
          server.script = ({ path }) =>
            path.includes('/tags/list') ? { status: 502, body: 'bad gateway' } : undefined;
        }),
      },
    );
    expect(kinds(outcomes)).toEqual(['failed', 'failed', 'failed', 'skipped', 'skipped', 'skipped']);
    expect(deletesSent()).toEqual([]);
  });

  it('deletes nothing when one tag of many cannot be resolved any more', async () => {
    const { outcomes } = await applyTo(
      registry,
      { delete: images },
      {
        interlude: beforeCall('lookAround', 1, () => {
          server.script = ({ path }) => (path.endsWith('/manifests/kept') ? { status: 503 } : undefined);
        }),
      },
    );
    expect(new Set(kinds(outcomes))).toEqual(new Set(['failed', 'skipped']));
    expect(deletesSent()).toEqual([]);
  });

  it('deletes nothing untagged while a new index cannot be read', async () => {
    await pushImage(server.origin, name, { manifest: multi, tags: ['multi'] });
    const other = buildIndex([{ manifest: amd }]);
    const { outcomes } = await applyTo(
      registry,
      { delete: [multi, amd, arm] },
      {
        interlude: beforeCall('deleteManifest', 1, async () => {
          await pushImage(server.origin, name, { manifest: other, tags: ['other'] });
          server.script = ({ method, path }) =>
            method === 'GET' && path.endsWith(other.digest) ? { status: 500 } : undefined;
        }),
      },
    );
    expect(tell(outcomes, names)[0]).toBe('deleted multi');
    expect(kinds(outcomes).slice(1)).toEqual(['failed', 'failed']);
    expect(deletesSent()).toHaveLength(1);
  });

  it('finishes the step under way and begins no other when it is interrupted', async () => {
    const controller = new AbortController();
    const { outcomes } = await applyTo(
      registry,
      { delete: images },
      { signal: controller.signal, interlude: beforeCall('deleteManifest', 2, () => controller.abort()) },
    );
    expect(kinds(outcomes)).toEqual(['deleted', 'deleted', 'skipped', 'skipped', 'skipped', 'skipped']);
    expect(outcomes[2]?.why).toBe('not tried: the run was interrupted');
    expect(deletesSent()).toHaveLength(2);
  });

  it('does nothing when it was interrupted before the first step', async () => {
    const { outcomes, journal } = await applyTo(registry, { delete: images }, { signal: AbortSignal.abort() });
    expect(new Set(kinds(outcomes))).toEqual(new Set(['skipped']));
    expect(journal.filter(({ kind }) => kind === 'intent')).toEqual([]);
    expect(deletesSent()).toEqual([]);
  });

  it('does not delete a manifest whose bytes do not fit its digest any more', async () => {
    const [victim] = images;
    if (victim === undefined) throw new Error('there are six');
    const { outcomes } = await applyTo(
      registry,
      { delete: [victim] },
      {
        interlude: beforeCall('readManifest', 1, () => {
          server.script = ({ method, path }) =>
            method === 'GET' && path.endsWith(victim.digest)
              ? { status: 200, headers: { 'content-type': victim.mediaType }, body: kept.bytes }
              : undefined;
        }),
      },
    );
    expect(kinds(outcomes)).toEqual(['failed']);
    expect(deletesSent()).toEqual([]);
  });
});

describe('the journal of an apply', () => {
  const lines: string[] = [];
  const memory = (failAt: number): Journal => ({
    path: 'memory',
    write: (line) => {
      if (lines.length >= failAt) return Promise.reject(new Error('ENOSPC: no space left on device, write'));
      lines.push(JSON.stringify(line));
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  });
  beforeEach(() => {
    lines.length = 0;
  });

  it('holds the exact bytes of a manifest, on disk, before its delete is sent', async () => {
    const path = join(folder, 'before.jsonl');
    const seen: boolean[] = [];
    await applyTo(
      registry,
      { delete: images },
      {
        journalPath: path,
        interlude: async ({ method, target }) => {
          if (method !== 'deleteManifest') return;
          expect(deletesSent()).toHaveLength(seen.length);
          const intent = (await readJournal(path)).at(-1);
          const built = images.find(({ digest }) => digest === target);
          seen.push(
            intent?.kind === 'intent' &&
              intent.digest === target &&
              Buffer.from(intent.manifestBase64, 'base64').equals(built?.bytes ?? Buffer.alloc(0)),
          );
        },
      },
    );
    expect(seen).toEqual(Array<boolean>(6).fill(true));
    expect(deletesSent()).toHaveLength(6);
  });

  it('has for each step an intent with all tags and an outcome, and what it holds makes the image pull again', async () => {
    await pushImage(server.origin, name, { manifest: multi, tags: ['multi', 'also'] });
    const { journal } = await applyTo(registry, { delete: [multi, amd, arm] });
    expect(journal.map(({ kind }) => kind)).toEqual(['intent', 'outcome', 'intent', 'outcome', 'intent', 'outcome']);
    expect(await registry.resolveTag(parseTag('multi'))).toBe('absent');
    for (const line of journal.toReversed()) {
      if (line.kind !== 'intent') continue;
      const manifest = { mediaType: line.mediaType, bytes: Buffer.from(line.manifestBase64, 'base64') };
      await registry.putManifest(manifest, line.digest as Digest);
      for (const tag of line.tags) await registry.putManifest(manifest, parseTag(tag));
    }
    const snapshot = await registry.readSnapshot([]);
    expect(snapshot.tags.get(parseTag('multi'))).toBe(multi.digest);
    expect(snapshot.tags.get(parseTag('also'))).toBe(multi.digest);
    expect([...snapshot.absent]).toEqual([]);
  });

  it('that cannot take the first line means that nothing is deleted', async () => {
    const { outcomes } = await applyTo(registry, { delete: images }, { journal: memory(0) });
    expect(kinds(outcomes)).toEqual(['failed', ...Array<string>(5).fill('skipped')]);
    expect(outcomes[0]?.why).toContain('no space left on device');
    expect(deletesSent()).toEqual([]);
  });

  it.each([
    { failAt: 1, deleted: 1, what: 'the first outcome' },
    { failAt: 2, deleted: 1, what: 'the second intent' },
    { failAt: 5, deleted: 3, what: 'the third outcome' },
  ])('that cannot take $what stops the run, and what was done is told', async ({ failAt, deleted }) => {
    const { outcomes } = await applyTo(registry, { delete: images }, { journal: memory(failAt) });
    expect(kinds(outcomes).filter((kind) => kind === 'deleted')).toHaveLength(deleted);
    expect(deletesSent()).toHaveLength(deleted);
    expect(kinds(outcomes).at(-1)).toBe('skipped');
    const intents = lines.filter((line) => line.includes('"kind":"intent"'));
    expect(intents).toHaveLength(deleted);
  });

  it('cannot be opened: a usage error before anything is deleted', async () => {
    await expect(openJournal(join(folder, 'before.jsonl', 'below-a-file'))).rejects.toMatchObject({
      code: 'USAGE',
      hint: 'Give a writable place with --journal.',
    });
  });

  it('goes on in a new line after a line that a crash cut short', async () => {
    const path = join(folder, 'cut.jsonl');
    await writeFile(path, '{"kind":"intent","at":"2026-11-21T20:2');
    const journal = await openJournal(path);
    await journal.write({
      kind: 'outcome',
      at: '2026-11-21T20:24:00Z',
      repository: 'team/app',
      digest: kept.digest,
      outcome: 'deleted',
    });
    await journal.close();
    const [cut, next, end] = (await readFile(path, 'utf8')).split('\n');
    expect(cut).toBe('{"kind":"intent","at":"2026-11-21T20:2');
    expect(JSON.parse(next ?? '')).toMatchObject({ kind: 'outcome', digest: kept.digest });
    expect(end).toBe('');
  });

  it('has whole lines in the order in which they were written, also when several write at once', async () => {
    const path = join(folder, 'at-once.jsonl');
    const journal = await openJournal(path);
    const digests = Array.from({ length: 50 }, (_, at) => buildImage({ seed: `line ${at}` }).digest);
    const line = { kind: 'outcome', at: '2026-11-21T20:24:00Z', repository: 'team/app', outcome: 'deleted' } as const;
    const written = digests.map((digest) => journal.write({ ...line, digest }));
    await journal.close();
    await Promise.all(written);
    expect((await readJournal(path)).map(({ digest }) => digest)).toEqual(digests);
  });

  it('leaves no empty line when it is opened again', async () => {
    const path = join(folder, 'again.jsonl');
    for (let round = 0; round < 2; round += 1) await applyTo(registry, { delete: images }, { journalPath: path });
    expect(await readJournal(path)).toHaveLength(12);
  });
});

describe('the journal on a full disk', () => {
  it('refuses every line after the first that was not written, so that no later one is mixed up with it', async () => {
    const journal = await openJournal('/dev/full');
    const line = {
      kind: 'outcome',
      at: '2026-11-21T20:24:00Z',
      repository: 'team/app',
      digest: kept.digest,
      outcome: 'deleted',
    } as const;
    await expect(journal.write(line)).rejects.toThrow('ENOSPC');
    await expect(journal.write(line)).rejects.toThrow('an earlier line was not written');
    await journal.close();
    const { outcomes } = await applyTo(registry, { delete: images }, { journalPath: '/dev/full' });
    expect(kinds(outcomes)).toEqual(['failed', ...Array<string>(5).fill('skipped')]);
    expect(deletesSent()).toEqual([]);
  });
});
