// What an apply finds when it looks for all that clusters use after its last step, while others are at work too.

import { writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Settings } from '../../src/config/settings.ts';
import { AuthError, NetworkError } from '../../src/errors.ts';
import { silentLog } from '../../src/log.ts';
import { type Digest, parseRepository, type Tag } from '../../src/model/reference.ts';
import { formatInstant } from '../../src/model/time.ts';
import { openOciLayout } from '../../src/registry/oci-layout.ts';
import type { Registry } from '../../src/registry/port.ts';
import { describeAlarm } from '../../src/report/describe-alarm.ts';
import type { RunResult } from '../../src/report/report.ts';
import { type ApplyProgress, applyAndVerify } from '../../src/run/apply-and-verify.ts';
import { withPlan } from '../../src/run/make-plan.ts';
import { addToLayout, type BuiltManifest, buildImage, buildIndex, makeLayout } from '../builders/image.ts';
import { kubernetesSettings } from '../builders/kubernetes-settings.ts';
import { ANY_AGE, NOW, policyOf } from '../builders/snapshot.ts';

const NAME = 'registry.example.com/team/app';
const MIRROR = 'mirror.example.com/team/app';
const repository = parseRepository(NAME);

const amd = buildImage({ seed: 'amd' });
const arm = buildImage({ seed: 'arm' });
const attestation = buildImage({ seed: 'attestation' });
const multi = buildIndex([
  { manifest: amd, platform: { os: 'linux', architecture: 'amd64' } },
  { manifest: arm, platform: { os: 'linux', architecture: 'arm64' } },
  { manifest: attestation, platform: { os: 'unknown', architecture: 'unknown' } },
]);
const single = buildImage({ seed: 'single' });
const other = buildImage({ seed: 'other' });
const doomed = buildImage({ seed: 'doomed' });

let folder: string;
let directory: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'apply-and-verify-'));
  directory = join(folder, 'layout');
  await makeLayout(directory);
  await addToLayout(directory, multi, ['multi']);
  await addToLayout(directory, single, ['single']);
  await addToLayout(directory, other, ['other']);
  await addToLayout(directory, doomed, ['doomed']);
  await deploy(`${NAME}:multi`, `${NAME}:single`);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const deploy = (...images: readonly string[]): Promise<void> => writeFile(join(folder, 'pod.json'), podText(images));

const podText = (images: readonly string[]): string => JSON.stringify(podOf('web', images));

/** A list with a pod for each of these groups of images. */
const podsText = (...groups: readonly (readonly string[])[]): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'List', items: groups.map((images, at) => podOf(`web-${at}`, images)) });

function podOf(name: string, images: readonly string[]): object {
  const containers = images.map((image, at) => ({ name: `app-${at}`, image }));
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop' }, spec: { containers } };
}

/** What others do once the steps are done, just before the look; and how they bend its answers. */
interface Others {
  readonly meanwhile?: (registry: Registry) => Promise<void> | void;
  /** Once the plan was made, before the first step. */
  readonly beforeSteps?: (registry: Registry) => Promise<void> | void;
  readonly afterStep?: () => void;
  /** Once the steps are done, before the clusters are read for the last time. */
  readonly afterSteps?: () => void;
  readonly disturb?: (asked: Tag | Digest) => void;
  readonly changes?: Partial<Settings>;
  readonly signal?: AbortSignal;
}

interface Ended {
  readonly result: RunResult | { readonly kind: 'thrown'; readonly error: unknown };
  readonly progress: ApplyProgress;
  readonly looks: number;
}

async function apply({
  meanwhile,
  beforeSteps,
  afterStep,
  afterSteps,
  disturb,
  changes,
  signal,
}: Others = {}): Promise<Ended> {
  const settings: Settings = {
    command: 'apply',
    repositories: [{ kind: 'oci-layout', directory, repository }],
    policy: policyOf({
      ...ANY_AGE,
      git: { enabled: false, keepPolicies: [] },
      kubernetes: { enabled: true, mirrors: new Map([['mirror.example.com', 'registry.example.com']]) },
      pins: { tags: ['other'], expressions: [], list: [] },
    }),
    registry: { plainHttp: false },
    git: 'off',
    forge: 'off',
    kubernetes: kubernetesSettings({ manifests: [join(folder, 'pod.json')] }),
    missing: [],
    journal: join(folder, 'journal.jsonl'),
    format: 'text',
    logLevel: 'info',
    ...changes,
  };
  const log = { ...silentLog, progress: (step: string) => (step === `apply ${NAME}` ? afterStep?.() : undefined) };
  const context = { log, environment: {}, now: () => NOW, ...(signal === undefined ? {} : { signal }) };
  let progress: ApplyProgress = { applied: [] };
  let looks = 0;
  const openOne = () => openOciLayout({ directory, repository, now: NOW, log: silentLog });
  const open = async (): Promise<Registry> => {
    looks += 1;
    await meanwhile?.(await openOne());
    return bent(await openOne(), disturb);
  };
  const result = await withPlan({ settings, context, previous: undefined, also: new Map() }, async (planned) => {
    await beforeSteps?.(await openOne());
    const request = { settings, context, reviewed: undefined, open };
    return await applyAndVerify(planned, request, (told) => {
      progress = told;
      if (told.verification === undefined) afterSteps?.();
    });
  }).catch((error: unknown) => ({ kind: 'thrown', error }) as const);
  return { result, progress, looks };
}

function bent(registry: Registry, disturb: Others['disturb']): Registry {
  return {
    ...registry,
    resolveTag: async (tag) => {
      disturb?.(tag);
      return registry.resolveTag(tag);
    },
    readManifest: async (digest) => {
      disturb?.(digest);
      return registry.readManifest(digest);
    },
  };
}

/** The layout itself keeps what an index lists: a disk that fails does not. */
const lose = (image: BuiltManifest) => async (registry: Registry) => {
  await registry.deleteManifest(image.digest, []);
  await rm(join(directory, 'blobs', ...image.digest.split(':')), { force: true });
};
const move = (tag: string, image: BuiltManifest) => async (registry: Registry) => {
  const found = await registry.readManifest(image.digest);
  if (found !== 'absent') await registry.putManifest(found, tag as Tag);
};
const deleted = ({ applied }: ApplyProgress) =>
  applied.flatMap(({ outcomes }) => outcomes).filter(({ outcome }) => outcome === 'deleted').length;

describe('an apply ends with a look', () => {
  it('that finds everything there, and says how much', async () => {
    const { result, progress } = await apply();
    expect(result).toEqual({ kind: 'applied' });
    expect(deleted(progress)).toBe(1);
    expect(progress.verification).toMatchObject({ images: 2, lost: [], goneBefore: [], unknown: [] });
  });

  it('only where something was deleted: nothing is claimed otherwise', async () => {
    await deploy(`${NAME}:multi`, `${NAME}:single`, `${NAME}:doomed`);
    const { result, progress, looks } = await apply();
    expect(result).toEqual({ kind: 'applied' });
    expect(progress.verification).toBeUndefined();
    expect(looks).toBe(0);
  });

  it('also where nothing was deleted, when metrics were asked for', async () => {
    await deploy(`${NAME}:multi`, `${NAME}:single`, `${NAME}:doomed`);
    const metrics = join(folder, 'out.prom');
    const { progress } = await apply({ changes: { metrics } });
    expect(progress.verification).toMatchObject({ images: 3 });
    expect(await readFile(metrics, 'utf8')).toContain('registry_cleanup_verify_images{state="available"} 3\n');
  });

  it('but not where no cluster is asked', async () => {
    const { result, progress } = await apply({ changes: { kubernetes: 'off' } });
    expect(result).toEqual({ kind: 'applied' });
    expect(deleted(progress)).toBeGreaterThan(0);
    expect(progress.verification).toBeUndefined();
  });
});

describe('the alarm', () => {
  const used = { multi: `${NAME}:multi`, single: `${NAME}:single` };
  it.each<[string, readonly string[], (registry: Registry) => Promise<void>, string, string]>([
    ['a tag in use has gone', [used.single], lose(single), 'absent', used.single],
    ['a digest in use has gone', [`${NAME}@${single.digest}`], lose(single), 'absent', `${NAME}@${single.digest}`],
    ['a child of an index in use has gone', [used.multi], lose(arm), 'incomplete', used.multi],
    ['what is pulled through a mirror has gone', [`${MIRROR}:single`], lose(single), 'absent', `${MIRROR}:single`],
    [
      'a digest under any name has gone',
      [`renamed.example.com/x@${single.digest}`],
      lose(single),
      'absent',
      `renamed.example.com/x@${single.digest}`,
    ],
    [
      'the same path on another host has gone',
      ['cache.example.com/team/app:single'],
      lose(single),
      'absent',
      'cache.example.com/team/app:single',
    ],
    [
      'the tag of a mirror has gone that only a digest in use proves',
      ['registry.example.com/virtual/app:single', `registry.example.com/virtual/app@${multi.digest}`],
      lose(single),
      'absent',
      'registry.example.com/virtual/app:single',
    ],
  ])('is raised when %s', async (_name, images, meanwhile, kind, image) => {
    await deploy(...images);
    const { result, progress } = await apply({ meanwhile });
    expect(result).toMatchObject({ kind: 'alarm', error: { name: 'VerifyAlarm', code: 'VERIFY_ALARM', exitCode: 7 } });
    expect(progress.verification?.lost).toMatchObject([
      { image, availability: { kind }, repository: NAME, byThisRun: false, workloads: [{ kind: 'Pod', name: 'web' }] },
    ]);
    const { message = '', hint = '' } = 'error' in result ? (result.error as { message?: string; hint?: string }) : {};
    expect(message).toContain(image);
    expect(message).toContain('shop/Pod/web (container app-0)');
    expect(hint).toContain('This run did not delete');
    expect(hint).toContain(join(folder, 'journal.jsonl'));
  });

  it('is raised when the registry forgets the whole repository, as many do when the last of it has gone', async () => {
    const unknown = new AuthError('never heard of it', { code: 'REPOSITORY_UNKNOWN' });
    const { result, progress } = await apply({
      afterSteps: () =>
        writeFileSync(join(folder, 'pod.json'), podText([used.single, `${NAME}:never`, `${NAME}:doomed`])),
      disturb: () => {
        throw unknown;
      },
    });
    expect(result).toMatchObject({ kind: 'alarm', error: { exitCode: 7 } });
    expect(progress.verification).toMatchObject({
      lost: [
        { image: `${NAME}:doomed`, byThisRun: true },
        { image: used.single, availability: { kind: 'absent', withoutRepository: true }, byThisRun: false },
      ],
      goneBefore: [{ image: `${NAME}:never` }],
      unknown: [],
    });
    const { message = '', hint = '' } = 'error' in result ? (result.error as { message?: string; hint?: string }) : {};
    expect(message).toContain(
      `${used.single}: absent, and the registry does not show the repository any more, without`,
    );
    expect(message).toContain('shop/Pod/web (container app-0)');
    expect(hint).toContain(join(folder, 'journal.jsonl'));
  });

  it('is not raised when the registry says so once, and then shows the repository again', async () => {
    let isFirst = true;
    const { result } = await apply({
      disturb: () => {
        if (!isFirst) return;
        isFirst = false;
        throw new AuthError('a moment', { code: 'REPOSITORY_UNKNOWN' });
      },
    });
    expect(result).toEqual({ kind: 'applied' });
  });

  it.each(['AUTH', 'FORBIDDEN'] as const)('is not raised by %s: what was read before may be there', async (code) => {
    const { result } = await apply({
      disturb: () => {
        throw new AuthError('no', { code });
      },
    });
    expect(result).toMatchObject({ kind: 'stopped', error: { name: 'AuthError', exitCode: 3 } });
  });

  it('is raised for what no node would pull, when it was there before: it was protected', async () => {
    await deploy(used.multi);
    const { result } = await apply({ meanwhile: lose(attestation) });
    expect(result.kind).toBe('alarm');
  });

  it('is raised for what this run deleted itself, when it has come into use since', async () => {
    const { result, progress } = await apply({
      afterSteps: () => writeFileSync(join(folder, 'pod.json'), podText([`${NAME}:doomed`])),
    });
    expect(result.kind).toBe('alarm');
    expect(progress.verification?.lost).toMatchObject([{ image: `${NAME}:doomed`, byThisRun: true, undo: 'none' }]);
  });

  it('is raised after an interrupt, too: the look is taken all the same', async () => {
    const controller = new AbortController();
    await addToLayout(directory, buildImage({ seed: 'doomed too' }), ['doomed-too']);
    const { result, progress } = await apply({
      signal: controller.signal,
      afterStep: () => controller.abort(),
      meanwhile: lose(single),
    });
    expect(progress.applied.flatMap(({ outcomes }) => outcomes.map(({ outcome }) => outcome))).toEqual([
      'deleted',
      'skipped',
    ]);
    expect(result.kind).toBe('alarm');
  });

  it('is not lost when the metrics cannot be written', async () => {
    await writeFile(join(folder, 'file'), '');
    const { result } = await apply({ meanwhile: lose(single), changes: { metrics: join(folder, 'file/out.prom') } });
    expect(result.kind).toBe('alarm');
  });

  it.each([
    ['a tag was moved meanwhile', move('single', other)],
    [
      'a tag was moved, and what it was on has gone',
      async (registry: Registry) => {
        await move('single', other)(registry);
        await lose(single)(registry);
      },
    ],
    ['something that nobody uses has gone', lose(other)],
  ])('is not raised when %s', async (_name, meanwhile) => {
    const { result, progress } = await apply({ meanwhile });
    expect(result).toEqual({ kind: 'applied' });
    expect(progress.verification).toMatchObject({ lost: [], goneBefore: [] });
  });

  it('is not raised for what had gone before: that is a remark', async () => {
    await deploy(`${NAME}:never`, `${NAME}:single`);
    const { result, progress } = await apply();
    expect(result).toEqual({ kind: 'applied' });
    expect(progress.verification).toMatchObject({ lost: [], goneBefore: [{ image: `${NAME}:never` }] });
  });
});

describe('what cannot be told', () => {
  it('about an image is the end of the run, and what was deleted stays known', async () => {
    const { result, progress } = await apply({
      disturb: (asked) => {
        if (asked === single.digest) throw new NetworkError('reset', { code: 'NETWORK', hint: 'Try again.' });
      },
    });
    expect(result).toMatchObject({
      kind: 'stopped',
      error: {
        name: 'NetworkError',
        exitCode: 4,
        hint: 'Try again.',
        message: expect.stringContaining('could not be told') as string,
      },
    });
    expect(deleted(progress)).toBe(1);
    expect(progress.verification?.unknown).toMatchObject([{ image: `${NAME}:single` }]);
  });

  it('does not hide an alarm', async () => {
    const { result } = await apply({
      meanwhile: lose(single),
      disturb: (asked) => {
        if (asked === multi.digest) throw new NetworkError('reset', { code: 'NETWORK' });
      },
    });
    expect(result.kind).toBe('alarm');
  });

  it('about a registry that cannot be reached any more ends the run', async () => {
    const { result } = await apply({
      meanwhile: () => {
        throw new NetworkError('no route', { code: 'NETWORK' });
      },
    });
    expect(result).toMatchObject({ kind: 'stopped', error: { exitCode: 4 } });
  });

  it('about clusters that have gone ends the run with exit code 5', async () => {
    const { result, progress } = await apply({ afterSteps: () => writeFileSync(join(folder, 'pod.json'), '{') });
    expect(result).toMatchObject({ kind: 'thrown', error: { name: 'EvidenceError', exitCode: 5 } });
    expect(deleted(progress)).toBe(1);
  });
});

describe('clusters that show far less after the last step than when the plan was made', () => {
  const deployed = [[`${NAME}:multi`], [`${NAME}:single`], ['elsewhere.example.com/other:1'], [`${NAME}:never`]];
  const showOnly =
    (...groups: readonly (readonly string[])[]) =>
    (): void =>
      writeFileSync(join(folder, 'pod.json'), podsText(...groups));
  beforeEach(() => writeFile(join(folder, 'pod.json'), podsText(...deployed)));

  it.each<[string, () => void]>([
    ['nothing', showOnly()],
    ['under half of it', showOnly(['elsewhere.example.com/other:1'])],
  ])('do not prove that anything is there: %s', async (_name, afterSteps) => {
    const { result, progress } = await apply({ afterSteps, meanwhile: lose(single) });
    expect(result.kind).toBe('alarm');
    expect(progress.verification).toMatchObject({
      shrunk: [{ kind: 'manifests', before: { objects: 4 } }],
      images: 3,
      lost: [{ image: `${NAME}:single`, workloads: [{ name: 'web-1' }] }],
      goneBefore: [{ image: `${NAME}:never` }],
    });
  });

  it('are told of when all that was in use then is there', async () => {
    const { result, progress } = await apply({ afterSteps: showOnly() });
    expect(result).toEqual({ kind: 'applied' });
    expect(progress.verification).toMatchObject({ shrunk: [{ now: { objects: 0 } }], images: 3, lost: [] });
  });

  it('are not those that show half of it: what is not in use any more may go', async () => {
    const afterSteps = showOnly([`${NAME}:multi`], ['elsewhere.example.com/other:1']);
    const { result, progress } = await apply({ afterSteps, meanwhile: lose(single) });
    expect(result).toEqual({ kind: 'applied' });
    expect(progress.verification).toMatchObject({ images: 1, lost: [] });
    expect(progress.verification).not.toHaveProperty('shrunk');
  });

  it('and showed nothing then either prove nothing: no metrics, where nothing was deleted and they were asked for', async () => {
    showOnly()();
    const metrics = join(folder, 'out.prom');
    const pins = { tags: ['*'], expressions: [], list: [] };
    const { result, progress } = await apply({ changes: { metrics, policy: policyOf({ ...ANY_AGE, pins }) } });
    expect(deleted(progress)).toBe(0);
    expect(result).toMatchObject({ kind: 'thrown', error: { name: 'EvidenceError', exitCode: 5 } });
    expect(await readdir(folder)).not.toContain('out.prom');
  });

  it('are looked at with what has come into use since', async () => {
    const { progress } = await apply({ afterSteps: showOnly([`${NAME}:other`]) });
    expect(progress.verification).toMatchObject({ images: 4, lost: [] });
  });
});

describe('the readings of the clusters', () => {
  it('are told by the times when they began', async () => {
    const { progress } = await apply();
    const at = formatInstant(NOW);
    expect(progress.usageReadAt).toEqual({ beforeFirstStep: at, beforeLastStep: at, afterLastStep: at });
  });

  it('have no times where no cluster is asked', async () => {
    const { progress } = await apply({ changes: { kubernetes: 'off' } });
    expect(deleted(progress)).toBeGreaterThan(0);
    expect(progress).not.toHaveProperty('usageReadAt');
  });
});

describe('before the first step', () => {
  it('what has come into use since the plan was made is skipped, and the reason names the workload', async () => {
    const { result, progress } = await apply({ beforeSteps: () => deploy(`${NAME}:doomed`) });
    expect(result).toEqual({ kind: 'applied' });
    const [outcome] = progress.applied.flatMap(({ outcomes }) => outcomes);
    expect(outcome).toMatchObject({
      outcome: 'skipped',
      why: expect.stringMatching(/come into use.*Pod\/web/) as string,
    });
    expect(await readFile(join(folder, 'journal.jsonl'), 'utf8')).toMatch(/"outcome":"skipped".*come into use/);
  });

  it.each([
    ['cannot be read any more', () => '{'],
    ['show nothing any more', () => podsText()],
  ])('clusters that %s stop the run, and nothing is deleted', async (_name, text) => {
    const { result, progress } = await apply({ beforeSteps: () => writeFile(join(folder, 'pod.json'), text()) });
    expect(result).toMatchObject({ kind: 'thrown', error: { name: 'EvidenceError', exitCode: 5 } });
    expect(progress.applied).toEqual([]);
    expect(await readdir(directory)).toContain('index.json');
    expect(await readFile(join(directory, 'index.json'), 'utf8')).toContain(doomed.digest);
  });
});

describe('the way back', () => {
  const image = {
    image: `${NAME}:v1`,
    availability: { kind: 'absent' },
    workloads: [{ context: 'prod', kind: 'Pod', name: 'web' }],
    repository: NAME,
    lost: ['v1'],
    byThisRun: true,
  } as const;
  it.each([
    ['restore', 'registry-cleanup restore --journal j.jsonl'],
    ['put-manifest', "before the registry's garbage collection runs: registry-cleanup restore --journal j.jsonl"],
    ['none', 'push it again'],
  ] as const)('is what the registry can do: %s', (undo, text) => {
    expect(describeAlarm([{ ...image, undo }], 'j.jsonl').hint).toContain(text);
  });
});
