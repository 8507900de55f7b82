import { describe, expect, it } from 'vitest';
import { EvidenceError } from '../../../src/errors.ts';
import { silentLog } from '../../../src/log.ts';
import type { HostOutcome, HostPlan, HostStep, ImageDecision } from '../../../src/model/host-plan.ts';
import type { LocalImage } from '../../../src/model/local-store.ts';
import { durationFromMs, hours, instantFromMs } from '../../../src/model/time.ts';
import { applyHost } from '../../../src/run/host/apply-host.ts';
import {
  containerIdOf,
  createMemoryEngine,
  localContainer,
  localImage,
  type MemoryEngine,
} from '../../builders/memory-engine.ts';

const DISK = { path: '/var/lib/docker', capacityBytes: 100_000_000, availableBytes: 5_000_000 };
const LOW = { kind: 'percent', percent: 80 } as const;

function deletion(image: LocalImage, more: { readonly onlyFor?: 'disk' } = {}): HostStep {
  const { id, names, sizeBytes } = image;
  return { action: 'delete-image', id, names, reasons: [{ rule: 'flush' }], freesBytes: sizeBytes, ...more };
}

function untag(image: LocalImage, ...names: readonly string[]): HostStep {
  return { action: 'untag-image', id: image.id, names, reasons: [{ rule: 'flush' }] };
}

const containerStep: HostStep = {
  action: 'delete-container',
  id: containerIdOf('old'),
  name: 'old',
  reasons: [{ rule: 'max-containers', limit: 0 }],
};

function planOf(engine: MemoryEngine, steps: readonly HostStep[]): HostPlan {
  const images = [...engine.images.values()].map(
    ({ id, names }): ImageDecision => ({ decision: 'keep', id, names, reasons: [{ rule: 'not-asked' }] }),
  );
  return {
    createdAt: instantFromMs(Date.UTC(2026, 10, 21)),
    engine: engine.gateway.engine,
    images,
    containersKept: 0,
    steps,
    findings: [],
    remarks: [],
  };
}

interface Applied {
  readonly outcomes: readonly HostOutcome[];
  readonly thrown?: unknown;
}

async function apply(engine: MemoryEngine, steps: readonly HostStep[], signal?: AbortSignal): Promise<Applied> {
  const outcomes: HostOutcome[] = [];
  const plan = planOf(engine, steps);
  try {
    await applyHost({
      plan,
      gateway: engine.gateway,
      low: LOW,
      deleteFolder: async () => await Promise.resolve({ outcome: 'deleted' }),
      log: silentLog,
      ...(signal === undefined ? {} : { signal }),
      onOutcome: (outcome) => outcomes.push(outcome),
    });
    return { outcomes };
  } catch (thrown) {
    return { outcomes, thrown };
  }
}

async function applyOne(engine: MemoryEngine, step: HostStep): Promise<Omit<HostOutcome, 'step'>> {
  const { outcomes } = await apply(engine, [step]);
  expect(outcomes).toHaveLength(1);
  const { step: _step, ...result } = outcomes[0] ?? expect.fail('no outcome');
  return result;
}

/** What was done, without what was only looked at. */
function deeds({ log }: MemoryEngine): readonly string[] {
  return log.filter((line) => line.startsWith('delete') || line.startsWith('prune'));
}

const app = localImage('app', { names: ['r.example/app:v1'] });
const twice = localImage('twice', { names: ['r.example/app:a', 'r.example/app:b'] });
const dangling = localImage('dangling');

describe('deleting an image', () => {
  it.each([
    ['without a name', dangling, [`deleteImage ${dangling.id}`]],
    ['with one name, by its id: the name may have moved on', app, [`deleteImage ${app.id}`]],
    ['with two names, one after the other', twice, ['deleteName r.example/app:b', `deleteImage ${twice.id}`]],
  ])('goes %s', async (_what, image, expected) => {
    const engine = createMemoryEngine([image]);
    expect(await applyOne(engine, deletion(image))).toEqual({ outcome: 'deleted' });
    expect(deeds(engine)).toEqual(expected);
    expect(engine.images.size).toBe(0);
  });

  it('that is gone already is told so', async () => {
    expect(await applyOne(createMemoryEngine([]), deletion(app))).toEqual({ outcome: 'already-gone' });
  });

  it.each(['running', 'exited', 'created'] as const)('is skipped for a container that is %s', async (state) => {
    const engine = createMemoryEngine([app], [localContainer('ci', { imageId: app.id, state })]);
    const text = `the container ci (${state}) uses it now`;
    expect(await applyOne(engine, deletion(app))).toEqual({ outcome: 'skipped', text });
    expect(deeds(engine)).toEqual([]);
  });

  it.each<[string, readonly string[], string]>([
    ['has got a name', ['r.example/app:v1', 'r.example/app:v2'], 'it has a name now that it had not: r.example/app:v2'],
    ['has lost its name', [], 'a name of it is gone: r.example/app:v1'],
  ])('is skipped when it %s since the plan', async (_what, names, text) => {
    const engine = createMemoryEngine([{ ...app, names }]);
    expect(await applyOne(engine, deletion(app))).toEqual({ outcome: 'skipped', text });
    expect(deeds(engine)).toEqual([]);
  });

  it('is skipped, not forced, when a container begins to use it at the last moment', async () => {
    const engine = createMemoryEngine([app]);
    engine.before = (call) => {
      if (call.startsWith('deleteImage'))
        engine.containers.set(containerIdOf('late'), localContainer('late', { imageId: app.id, state: 'running' }));
    };
    const text = 'the container late (running) uses it now';
    expect(await applyOne(engine, deletion(app))).toEqual({ outcome: 'skipped', text });
    expect(engine.images.has(app.id)).toBe(true);
  });

  it('fails in the words of the engine when nothing explains its refusal', async () => {
    const engine = createMemoryEngine([app, localImage('child', { parent: app.id })]);
    const text = 'image has dependent child images';
    expect(await applyOne(engine, deletion(app))).toEqual({ outcome: 'failed', text });
  });

  it('deletes nothing else when its last name has moved on to another image', async () => {
    const engine = createMemoryEngine([app]);
    const newer = localImage('newer', { names: app.names });
    engine.before = (call) => {
      if (!call.startsWith('deleteImage')) return;
      engine.images.set(app.id, { ...app, names: [] });
      engine.images.set(newer.id, newer);
    };
    expect(await applyOne(engine, deletion(app))).toEqual({ outcome: 'deleted' });
    expect([...engine.images.values()]).toEqual([newer]);
  });

  it('says which names had gone when it had to stop half way', async () => {
    const engine = createMemoryEngine([twice]);
    engine.before = (call) => {
      if (call === `deleteName r.example/app:b`)
        engine.containers.set(containerIdOf('late'), localContainer('late', { imageId: twice.id, state: 'running' }));
    };
    expect(await applyOne(engine, deletion(twice))).toEqual({
      outcome: 'skipped',
      text: 'the container late (running) uses it now; its names r.example/app:b had been taken off',
    });
    expect(engine.images.get(twice.id)?.names).toEqual(['r.example/app:a']);
  });

  it('says which names had gone when the engine was lost half way', async () => {
    const engine = createMemoryEngine([twice]);
    engine.before = (call) => {
      if (deeds(engine).length === 1 && call === 'readImage')
        throw new EvidenceError('The engine does not answer.', { code: 'EVIDENCE_ENGINE' });
    };
    expect(await applyOne(engine, deletion(twice))).toEqual({
      outcome: 'failed',
      text: 'The engine does not answer; its names r.example/app:b had been taken off',
    });
  });
});

describe('taking names off', () => {
  it('leaves the image with the others, also while a container uses it', async () => {
    const engine = createMemoryEngine([twice], [localContainer('c', { imageId: twice.id, state: 'running' })]);
    expect(await applyOne(engine, untag(twice, 'r.example/app:a'))).toEqual({ outcome: 'deleted' });
    expect(engine.images.get(twice.id)?.names).toEqual(['r.example/app:b']);
  });

  it('never takes the last one: the image would go', async () => {
    const engine = createMemoryEngine([twice]);
    expect(await applyOne(engine, untag(twice, ...twice.names))).toMatchObject({ outcome: 'failed' });
    expect(deeds(engine)).toEqual([]);
  });

  it('is skipped when the name that was to stay is gone since', async () => {
    const engine = createMemoryEngine([twice]);
    engine.before = () => engine.images.set(twice.id, { ...twice, names: ['r.example/app:a'] });
    expect(await applyOne(engine, untag(twice, 'r.example/app:a'))).toMatchObject({ outcome: 'skipped' });
    expect(deeds(engine)).toEqual([]);
  });
});

describe('deleting a container', () => {
  it.each(['created', 'exited', 'dead'] as const)('goes when it is %s', async (state) => {
    const engine = createMemoryEngine([], [localContainer('old', { state })]);
    expect(await applyOne(engine, containerStep)).toEqual({ outcome: 'deleted' });
  });

  it.each(['running', 'paused', 'restarting', 'removing', 'unknown'] as const)(
    'is skipped when it is %s by now',
    async (state) => {
      const engine = createMemoryEngine([], [localContainer('old', { state })]);
      expect(await applyOne(engine, containerStep)).toEqual({ outcome: 'skipped', text: `it is ${state} now` });
      expect(deeds(engine)).toEqual([]);
    },
  );

  it('that is gone already is told so', async () => {
    expect(await applyOne(createMemoryEngine([]), containerStep)).toEqual({ outcome: 'already-gone' });
  });

  it('is skipped when it was started at the last moment', async () => {
    const engine = createMemoryEngine([], [localContainer('old')]);
    engine.before = (call) => {
      if (call.startsWith('deleteContainer'))
        engine.containers.set(containerStep.id, localContainer('old', { state: 'running' }));
    };
    expect(await applyOne(engine, containerStep)).toEqual({ outcome: 'skipped', text: 'it is running now' });
  });
});

describe('making room', () => {
  const images = ['a', 'b', 'c'].map((seed) => localImage(seed));
  const steps = images.map((image) => deletion(image, { onlyFor: 'disk' }));

  it('stops as soon as the disk is at low, whatever the plan guessed', async () => {
    const engine = createMemoryEngine(images);
    engine.disk = DISK;
    const { outcomes } = await apply(engine, steps);
    expect(outcomes.map(({ outcome, text }) => [outcome, text])).toEqual([
      ['deleted', undefined],
      ['deleted', undefined],
      ['skipped', 'the disk is at 75 %'],
    ]);
  });

  it('never goes beyond the plan, however full the disk is still', async () => {
    const engine = createMemoryEngine(images);
    engine.disk = { ...DISK, availableBytes: 0 };
    const { outcomes } = await apply(engine, steps.slice(0, 1));
    expect(outcomes).toHaveLength(1);
    expect(engine.images.size).toBe(2);
  });

  it('stops where the disk cannot be measured any more', async () => {
    const engine = createMemoryEngine(images);
    expect(await applyOne(engine, steps[0] ?? expect.fail())).toEqual({
      outcome: 'skipped',
      text: 'the disk cannot be measured any more: a test',
    });
  });

  it('measures nothing for images that go anyhow', async () => {
    const engine = createMemoryEngine([app]);
    await applyOne(engine, deletion(app));
    expect(engine.log).not.toContain('measureDisk');
  });
});

describe('a whole plan', () => {
  const prune: HostStep = { action: 'prune-build-cache', olderThan: hours(48), entries: 2, freesBytes: 10 };

  it('goes on after a step that failed, in its order', async () => {
    const parent = localImage('parent');
    const engine = createMemoryEngine(
      [parent, localImage('child', { parent: parent.id }), app],
      [localContainer('old', { imageId: app.id })],
    );
    const { outcomes } = await apply(engine, [containerStep, deletion(parent), deletion(app)]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['deleted', 'failed', 'deleted']);
    expect(deeds(engine)[0]).toBe(`deleteContainer ${containerStep.id}`);
  });

  it('ends after the step under way when a signal comes', async () => {
    const engine = createMemoryEngine([app, dangling]);
    const controller = new AbortController();
    engine.before = (call) => {
      if (call.startsWith('deleteImage')) controller.abort();
    };
    const { outcomes } = await apply(engine, [deletion(app), deletion(dangling)], controller.signal);
    expect(outcomes.map(({ outcome, text }) => [outcome, text])).toEqual([
      ['deleted', undefined],
      ['skipped', 'a signal ended the run before it'],
    ]);
    expect(engine.images.has(dangling.id)).toBe(true);
  });

  it('ends at once when the engine is lost, with what was done told', async () => {
    const engine = createMemoryEngine([app, dangling]);
    engine.before = (call) => {
      if (deeds(engine).length === 1 && call === 'readImage')
        throw new EvidenceError('The engine does not answer.', { code: 'EVIDENCE_ENGINE' });
    };
    const { outcomes, thrown } = await apply(engine, [deletion(app), deletion(dangling)]);
    expect(thrown).toBeInstanceOf(EvidenceError);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['deleted']);
  });

  it("prunes the engine's build cache as the engine does it", async () => {
    const engine = createMemoryEngine([]);
    const unused = { id: 'x', sizeBytes: 7, lastUsed: { kind: 'unknown', why: '' } } as const;
    engine.buildCache = { entries: 1, sizeBytes: 7, prunable: [unused] };
    expect(await applyOne(engine, prune)).toEqual({ outcome: 'deleted', freedBytes: 7 });
    expect(await applyOne(engine, prune)).toMatchObject({ outcome: 'already-gone' });
    expect(deeds(engine)[0]).toBe(`pruneBuildCache ${durationFromMs(48 * 3_600_000)}`);
  });

  it('does nothing twice', async () => {
    const engine = createMemoryEngine([app, twice], [localContainer('old')]);
    const steps = [containerStep, deletion(app), deletion(twice)];
    await apply(engine, steps);
    expect((await apply(engine, steps)).outcomes.map(({ outcome }) => outcome)).toEqual(Array(3).fill('already-gone'));
  });
});
