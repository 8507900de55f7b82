// A restore by the journal of a real apply, on a registry that gives back what was deleted.

import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runRestore } from '../../src/cleanup.ts';
import type { RestoreSettings } from '../../src/config/settings.ts';
import { AuthError, RegistryError } from '../../src/errors.ts';
import { silentLog } from '../../src/log.ts';
import { type Digest, parseRepository, parseTag } from '../../src/model/reference.ts';
import type { Registry } from '../../src/registry/port.ts';
import { restoreExitCodeOf } from '../../src/report/build-restore-report.ts';
import type { RestoreReport } from '../../src/report/restore-report.ts';
import { applyTo } from '../apply/scene.ts';
import { buildImage, buildIndex } from '../builders/image.ts';
import { createMemoryRegistry, type MemoryRegistry } from '../builders/memory-registry.ts';
import { NOW } from '../contract/registry-places.ts';

const amd = buildImage({ seed: 'amd' });
const arm = buildImage({ seed: 'arm' });
const multi = buildIndex([{ manifest: amd }, { manifest: arm }]);
const one = buildImage({ seed: 'one' });
const kept = buildImage({ seed: 'kept' });
const doomed = [multi, amd, arm, one];
/** What the scene calls its repository, as a journal has it. */
const NAME = 'team/app';

let folder: string;
let journal: string;
let memory: MemoryRegistry;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'restore-'));
  journal = join(folder, 'journal.jsonl');
  memory = createMemoryRegistry();
  memory.put(multi, 'multi', 'latest');
  memory.put(one, 'one');
  memory.put(kept, 'kept', 'extra');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const settingsOf = (extra: Partial<RestoreSettings> = {}): RestoreSettings => ({
  journal,
  repositories: [],
  githubHosts: 'any',
  registry: { plainHttp: false, github: { apiUrl: 'https://api.github.com', token: 'x', budgetShare: 0.8 } },
  format: 'text',
  logLevel: 'info',
  ...extra,
});

async function restore(
  registry: Registry = memory.registry,
  extra: Partial<RestoreSettings> = {},
  signal?: AbortSignal,
) {
  const context = { log: silentLog, environment: {}, now: () => NOW, ...(signal === undefined ? {} : { signal }) };
  return await runRestore(settingsOf(extra), context, () => Promise.resolve(registry));
}

async function deleteAll(): Promise<void> {
  await applyTo(memory.registry, { delete: doomed }, { journalPath: journal });
  expect([...memory.manifests.keys()]).toEqual([kept.digest]);
}

const rowsOf = (report: RestoreReport): readonly string[] =>
  report.repositories.flatMap(({ images }) => images.map(({ outcome, digest }) => `${outcome} ${nameOf(digest)}`));
const nameOf = (digest: Digest): string =>
  Object.entries({ multi, amd, arm, one, kept }).find(([, built]) => built.digest === digest)?.[0] ?? digest;

/** Asks for a restore and answers only as told. */
const answering = (answer: (digest: Digest) => Error | undefined): Registry => ({
  ...memory.registry,
  restore: async (digests, onAnswer) => {
    for (const digest of digests) {
      const error = answer(digest);
      if (error instanceof Error) throw error;
      await memory.registry.restore?.([digest], onAnswer);
    }
  },
});

describe('a restore', () => {
  it('brings back all that an apply deleted, with its tags, what is listed before what lists it', async () => {
    await deleteAll();
    const asked: Digest[] = [];
    const registry: Registry = {
      ...memory.registry,
      restore: (digests, onAnswer) => {
        asked.push(...digests);
        return memory.registry.restore?.(digests, onAnswer) ?? Promise.resolve();
      },
    };
    const report = await restore(registry);
    expect(report).toMatchObject({
      result: { kind: 'finished' },
      journal,
      totals: { restored: 4, alreadyThere: 0, refused: 0, left: 0, tagsLost: 0 },
    });
    expect(restoreExitCodeOf(report)).toBe(0);
    expect(asked.indexOf(amd.digest)).toBeLessThan(asked.indexOf(multi.digest));
    expect(asked.indexOf(arm.digest)).toBeLessThan(asked.indexOf(multi.digest));
    for (const { digest } of doomed) expect(memory.manifests.has(digest)).toBe(true);
    expect(memory.tags.get(parseTag('latest'))).toBe(multi.digest);
    const row = report.repositories[0]?.images.find(({ digest }) => digest === multi.digest);
    expect(row).toEqual({
      what: 'image',
      digest: multi.digest,
      outcome: 'restored',
      tags: ['latest', 'multi'],
      tagsBack: ['latest', 'multi'],
    });
  });

  it('done a second time asks for nothing and says so', async () => {
    await deleteAll();
    await restore();
    const report = await restore(answering(() => new Error('nobody asks')));
    expect(report).toMatchObject({ result: { kind: 'finished' }, repositories: [], restoredBefore: 4 });
    expect(restoreExitCodeOf(report)).toBe(0);
  });

  it('says of each tag that did not come back', async () => {
    await deleteAll();
    memory.put(kept, 'latest');
    const report = await restore();
    expect(report.totals).toMatchObject({ restored: 4, tagsLost: 1 });
    expect(report.repositories[0]?.images.find(({ digest }) => digest === multi.digest)).toMatchObject({
      tags: ['latest', 'multi'],
      tagsBack: ['multi'],
    });
    expect(memory.tags.get(parseTag('latest'))).toBe(kept.digest);
  });

  it('tells what is refused, and ends with 1; the next one asks for that only', async () => {
    await deleteAll();
    memory.deleted.delete(one.digest);
    const report = await restore();
    expect(report.totals).toMatchObject({ restored: 3, refused: 1 });
    expect(rowsOf(report)).toContain('refused one');
    expect(restoreExitCodeOf(report)).toBe(1);
    const again = await restore();
    expect(rowsOf(again)).toEqual(['refused one']);
    expect(again.restoredBefore).toBe(3);
  });

  it('tries what a killed run may have deleted, and what it had not is there already', async () => {
    await deleteAll();
    const lines = (await readFile(journal, 'utf8')).split('\n');
    const at = lines.findIndex((line) => line.includes('"kind":"outcome"') && line.includes(multi.digest));
    // Killed after the delete of the index was sent, and in the middle of a line.
    await writeFile(journal, `${lines.slice(0, at).join('\n')}\n{"kind":"outc`);
    expect(rowsOf(await restore())).toContain('restored multi');
    await writeFile(journal, `${lines.slice(0, at).join('\n')}\n{"kind":"outc`);
    expect(rowsOf(await restore())).toEqual(expect.arrayContaining(['already-there multi']));
  });

  it('puts back a single tag that was taken off, where nobody has put it elsewhere', async () => {
    await applyTo(memory.registry, { untag: ['extra', 'latest'] }, { journalPath: journal });
    expect(memory.tags.has(parseTag('extra'))).toBe(false);
    memory.put(one, 'latest');
    const report = await restore();
    expect(
      report.repositories[0]?.images.map(({ what, outcome, tags }) => [what, outcome, tags[0]]).toSorted(),
    ).toEqual([
      ['tag', 'refused', 'latest'],
      ['tag', 'restored', 'extra'],
    ]);
    expect(memory.tags.get(parseTag('extra'))).toBe(kept.digest);
    expect(memory.tags.get(parseTag('latest'))).toBe(one.digest);
    expect((await restore()).totals).toMatchObject({ restored: 0, refused: 1 });
  });

  it('leaves a tag to whoever pushes it while the image is looked for', async () => {
    await applyTo(memory.registry, { untag: ['extra'] }, { journalPath: journal });
    const registry: Registry = {
      ...memory.registry,
      readManifest: async (digest) => {
        memory.put(one, 'extra');
        return memory.registry.readManifest(digest);
      },
    };
    expect((await restore(registry)).totals).toMatchObject({ restored: 0, refused: 1 });
    expect(memory.tags.get(parseTag('extra'))).toBe(one.digest);
  });

  it.each([
    ['the registry says so', 'answer'],
    ['the registry answers nothing but that', 'throw'],
  ])('leaves the rest to another time when the quota is used up: %s', async (_what, how) => {
    await deleteAll();
    let asked = 0;
    const registry: Registry = {
      ...memory.registry,
      restore: async (digests, onAnswer) => {
        for (const digest of digests) {
          asked += 1;
          if (asked <= 2) await memory.registry.restore?.([digest], onAnswer);
          else if (how === 'throw') throw new RegistryError('No more for now.', { code: 'QUOTA' });
          else await onAnswer(digest, { kind: 'not-now', why: 'No more for now.' });
        }
      },
    };
    const report = await restore(registry);
    expect(report).toMatchObject({ result: { kind: 'finished' }, totals: { restored: 2, left: 2 } });
    expect(report.repositories[0]?.images.at(-1)?.why).toContain('No more for now.');
    expect(restoreExitCodeOf(report)).toBe(0);
    expect((await restore()).totals).toMatchObject({ restored: 2, left: 0 });
    for (const { digest } of doomed) expect(memory.lackOf(digest)).toEqual([]);
  });

  it('asks for nothing in a further repository of a registry whose quota is used up', async () => {
    await deleteAll();
    const text = await readFile(journal, 'utf8');
    await appendFile(journal, text.replaceAll(`"${NAME}"`, '"team/second"'));
    let opened = 0;
    const registry: Registry = {
      ...memory.registry,
      restore: async (digests, onAnswer) => {
        opened += 1;
        for (const digest of digests) await onAnswer(digest, { kind: 'not-now', why: 'No more for now.' });
      },
    };
    const report = await restore(registry);
    expect(opened).toBe(1);
    expect(report.repositories.map(({ name, images }) => [name, images.length])).toEqual([
      [NAME, 4],
      ['team/second', 4],
    ]);
    expect(report.totals).toMatchObject({ restored: 0, left: 8 });
    expect(report.repositories[1]?.images[0]?.why).toBe('not tried: No more for now.');
  });

  it('that an error stops still tells what is back, and that the rest is left', async () => {
    await deleteAll();
    let asked = 0;
    const registry = answering(() => {
      asked += 1;
      return asked > 1
        ? new AuthError('The token may not restore.', { code: 'FORBIDDEN', hint: 'Give it the right.' })
        : undefined;
    });
    const report = await restore(registry);
    expect(report).toMatchObject({
      result: { kind: 'stopped', error: { code: 'FORBIDDEN', hint: 'Give it the right.' } },
      totals: { restored: 1, left: 3 },
    });
    expect(restoreExitCodeOf(report)).toBe(3);
  });

  it('that is interrupted asks for no further image', async () => {
    await deleteAll();
    const controller = new AbortController();
    const report = await restore(
      answering(() => {
        controller.abort();
        return undefined;
      }),
      {},
      controller.signal,
    );
    expect(report.totals).toMatchObject({ restored: 1, left: 3 });
  });

  it('has nothing to do by a journal that names no deletion', async () => {
    await writeFile(journal, '');
    const report = await restore();
    expect(report).toMatchObject({ result: { kind: 'finished' }, repositories: [], restoredBefore: 0 });
    expect(restoreExitCodeOf(report)).toBe(0);
  });

  it('writes the report that is asked for', async () => {
    await deleteAll();
    const reportFile = join(folder, 'report.json');
    const report = await restore(memory.registry, { reportFile });
    expect(JSON.parse(await readFile(reportFile, 'utf8'))).toEqual(report);
  });

  it('keeps what it did in the report that is shown when the report file cannot be written at the end', async () => {
    await deleteAll();
    const reportFile = join(folder, 'sub', 'report.json');
    const registry: Registry = {
      ...memory.registry,
      close: async () => {
        await rm(join(folder, 'sub'), { recursive: true });
        await writeFile(join(folder, 'sub'), '');
      },
    };
    const report = await restore(registry, { reportFile });
    expect(report).toMatchObject({ result: { kind: 'stopped', error: { exitCode: 2 } }, totals: { restored: 4 } });
  });
});

describe('a restore brings back nothing and stops', () => {
  const expectStopped = async (extra: Partial<RestoreSettings>, message: string | RegExp) => {
    const report = await restore(
      answering(() => new Error('nobody asks')),
      extra,
    );
    expect(report).toMatchObject({
      result: { kind: 'stopped', error: { code: 'USAGE', exitCode: 2 } },
      totals: { restored: 0 },
    });
    expect(report.result.kind === 'stopped' && report.result.error.message).toMatch(message);
    return report;
  };

  it('when there is no journal', () => expectStopped({ journal: join(folder, 'none') }, /cannot be read/));

  it('when a line of the journal is none of ours', async () => {
    await deleteAll();
    await appendFile(journal, 'oops\n');
    await expectStopped({}, /line 9: not JSON/);
  });

  it('when the journal does not name the repository that is asked for', async () => {
    await deleteAll();
    await expectStopped(
      { repositories: [parseRepository('ghcr.io/team/other')] },
      'names nothing in ghcr.io/team/other',
    );
  });

  it('when the repository is on another registry', async () => {
    await deleteAll();
    await expectStopped(
      { githubHosts: [parseRepository('ghcr.io/x/y').host] },
      `${NAME} is not on the GitHub of this run`,
    );
  });

  it('when the registry has no undo at all', async () => {
    await deleteAll();
    const text = await readFile(journal, 'utf8');
    await writeFile(journal, text.replaceAll('"undo":"restore"', '"undo":"none"'));
    await expectStopped({}, 'its blobs went with the images, so these cannot be brought back');
  });

  it('when there is no token', async () => {
    await deleteAll();
    await expectStopped({ registry: { plainHttp: false } }, 'There is no token');
  });

  it('when the registry turns out to have no undo', async () => {
    await deleteAll();
    const { registry } = createMemoryRegistry({ undo: 'put-manifest' });
    const report = await restore(registry);
    expect(report.result).toMatchObject({ kind: 'stopped', error: { code: 'USAGE' } });
  });
});
