import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/log.ts';
import { RECORD_KEYS, RECORD_TYPE } from '../../src/model/build-record.ts';
import { type Digest, parseRepository } from '../../src/model/reference.ts';
import { hours, instantFromMs } from '../../src/model/time.ts';
import { decide } from '../../src/policy/decide.ts';
import { openOciLayout } from '../../src/registry/oci-layout.ts';
import { watchUsage } from '../../src/run/watch-usage.ts';
import { addToLayout, buildArtifact, buildMultiArch, makeLayout } from '../builders/image.ts';
import { kubernetesSettings } from '../builders/kubernetes-settings.ts';
import { NOW, policyOf } from '../builders/snapshot.ts';

const NAME = 'registry.example.com/shop/app';
const WINDOW_MS = 1000;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'registry-cleanup-usage-'));
  await deploy('elsewhere.example.com/other:1');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function deploy(...images: readonly string[]): Promise<void> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: { containers: images.map((image, at) => ({ name: `app-${at}`, image })) },
  };
  await writeFile(join(folder, 'pod.json'), JSON.stringify(pod));
}

const COMMIT = '0123456789abcdef0123456789abcdef01234567';

async function watch(
  clock: { ms: number; readingTakesMs?: number },
  onRead: () => Promise<void> | void = () => undefined,
  pinned: readonly string[] = [],
) {
  const directory = join(folder, 'layout');
  await makeLayout(directory);
  const index = buildMultiArch('a');
  await addToLayout(directory, index, ['v1']);
  const record = buildArtifact('record', index, { [RECORD_KEYS.commit]: COMMIT, [RECORD_KEYS.type]: RECORD_TYPE });
  await addToLayout(directory, record, [`record-${COMMIT}`]);
  const repository = parseRepository(NAME);
  const registry = await openOciLayout({ directory, repository, now: NOW, log: silentLog });
  const snapshot = await registry.readSnapshot([]);
  const readDigests = async (digests: readonly Digest[]) => {
    await onRead();
    return registry.readDigests(digests);
  };
  const evidence = { snapshot, history: undefined, forge: undefined, usage: undefined, firstSeen: undefined };
  // Nothing is too young here, and the pin is the only thing that keeps: without one, everything goes.
  const policy = policyOf({ recent: { within: hours(0) }, pins: { tags: pinned, expressions: [], list: [] } });
  const watched = watchUsage({
    decided: new Map([[NAME, decide(evidence, policy, NOW)]]),
    settings: {
      command: 'apply',
      repositories: [{ kind: 'oci-layout', directory, repository }],
      policy: policyOf(),
      registry: { plainHttp: false },
      git: 'off',
      kubernetes: kubernetesSettings({ manifests: [join(folder, 'pod.json')] }),
      forge: 'off',
      missing: [],
      journal: join(folder, 'journal.jsonl'),
      format: 'text',
      logLevel: 'info',
    },
    context: {
      log: silentLog,
      environment: {},
      // Asked when a reading has begun.
      now: () => {
        clock.ms += clock.readingTakesMs ?? 0;
        return instantFromMs(NOW + clock.ms);
      },
    },
    collected: {
      repositories: [{ name: NAME, registry: { ...registry, readDigests }, snapshot }],
      history: undefined,
      forge: undefined,
      usage: undefined,
      summary: { repositories: [] },
    },
    clockMs: () => clock.ms,
    windowMs: WINDOW_MS,
  });
  return {
    index,
    record,
    objection: watched.objectionTo(NAME),
    lookNow: watched.lookNow,
    readAt: watched.readAt,
    snapshot,
  };
}

describe('in a long apply', () => {
  it('the reading of the plan counts for nothing, however young it is', async () => {
    const { index, objection } = await watch({ ms: 0 });
    await deploy(`${NAME}:v1`);
    expect(await objection(index.digest)).toMatch(/has come into use.*Pod\/web/);
  });

  it('a reading of its own is good for a while', async () => {
    const clock = { ms: 0 };
    const { index, objection, lookNow } = await watch(clock);
    await lookNow();
    await deploy(`${NAME}:v1`);
    clock.ms = WINDOW_MS;
    expect(await objection(index.digest)).toBeUndefined();
  });

  it('then clusters are read again, and what has come into use is kept with everything that it lists', async () => {
    const clock = { ms: 0 };
    const { objection, lookNow, snapshot } = await watch(clock);
    await lookNow();
    await deploy(`${NAME}:v1`);
    clock.ms = WINDOW_MS + 1;
    for (const digest of snapshot.nodes.keys()) expect(await objection(digest)).toMatch(/has come into use/);
  });

  it('a reading is as old as its beginning, however long it takes', async () => {
    const clock = { ms: 0, readingTakesMs: WINDOW_MS };
    const { index, objection, lookNow } = await watch(clock);
    await lookNow();
    await deploy(`${NAME}:v1`);
    clock.ms = WINDOW_MS + 1;
    expect(await objection(index.digest)).toMatch(/has come into use/);
  });

  it('the first and the last whole reading are told by when they began', async () => {
    const clock = { ms: 0 };
    const { index, objection, lookNow, readAt } = await watch(clock);
    expect(readAt()).toBeUndefined();
    await lookNow();
    expect(readAt()).toEqual({ first: NOW, last: NOW });
    clock.ms = 10 * WINDOW_MS;
    await objection(index.digest);
    const told = { first: NOW, last: NOW + 10 * WINDOW_MS };
    expect(readAt()).toEqual(told);
    clock.ms = 20 * WINDOW_MS;
    await writeFile(join(folder, 'pod.json'), '{');
    await expect(lookNow()).rejects.toThrow();
    expect(readAt()).toEqual(told);
  });

  it('clusters that are read for longer than the window are read for every answer', async () => {
    const clock = { ms: 0, readingTakesMs: 2 * WINDOW_MS };
    const { index, objection } = await watch(clock);
    expect(await objection(index.digest)).toBeUndefined();
    await deploy(`${NAME}:v1`);
    expect(await objection(index.digest)).toMatch(/has come into use/);
  });

  it('clusters that cannot be read any more stop it', async () => {
    const clock = { ms: 0 };
    const { index, objection, lookNow } = await watch(clock);
    await lookNow();
    await writeFile(join(folder, 'pod.json'), '{');
    clock.ms = WINDOW_MS + 1;
    await expect(objection(index.digest)).rejects.toMatchObject({ name: 'EvidenceError' });
  });

  it('one reading is enough for all who ask at once, and none of them goes by the old one', async () => {
    const clock = { ms: 0 };
    let readings = 0;
    const { index, objection } = await watch(clock, () => {
      readings += 1;
    });
    // A digest that nobody knows yet: the repository is asked for it once for every reading.
    await deploy(`${NAME}:v1@sha256:${'a'.repeat(64)}`, `${NAME}:v1`);
    clock.ms = WINDOW_MS + 1;
    const answers = await Promise.all(Array.from({ length: 8 }, () => objection(index.digest)));
    expect(readings).toBe(1);
    for (const answer of answers) expect(answer).toMatch(/has come into use/);
  });

  it('a reading that breaks off half-way is none: the next who asks has it read again', async () => {
    const clock = { ms: 0 };
    let isBroken = true;
    const { index, objection } = await watch(clock, () => {
      if (isBroken) throw new Error('reset');
    });
    await deploy(`${NAME}:v1@sha256:${'a'.repeat(64)}`, `${NAME}:v1`);
    clock.ms = WINDOW_MS + 1;
    await expect(objection(index.digest)).rejects.toThrow('reset');
    await expect(objection(index.digest)).rejects.toThrow('reset');
    isBroken = false;
    expect(await objection(index.digest)).toMatch(/has come into use/);
  });

  it('a record is needed with its image, but not when it goes although its image stays', async () => {
    await deploy(`${NAME}:v1`);
    const going = await watch({ ms: 0 });
    expect(await going.objection(going.record.digest)).toMatch(/has come into use since the plan was made/);
    await rm(join(folder, 'layout'), { recursive: true });
    const staying = await watch({ ms: 0 }, undefined, ['v1']);
    expect(await staying.objection(staying.index.digest)).toMatch(/has come into use since the plan was made/);
    expect(await staying.objection(staying.record.digest)).toBeUndefined();
  });
});
