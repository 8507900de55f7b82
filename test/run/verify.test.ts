import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuthError, NetworkError, ProtocolError, RegistryError } from '../../src/errors.ts';
import { silentLog } from '../../src/log.ts';
import type { Digest } from '../../src/model/reference.ts';
import { verifyExitCodeOf } from '../../src/report/build-verify-report.ts';
import type { VerifyReport } from '../../src/report/verify-report.ts';
import { mergeImages } from '../../src/run/verify.ts';
import { readUsedNow } from '../../src/run/verify-clusters.ts';
import { buildImage, buildIndex, sha256 } from '../builders/image.ts';
import { kubernetesSettings } from '../builders/kubernetes-settings.ts';
import { NOW } from '../contract/registry-places.ts';
import { makeVerifyScene, NAME, type VerifyScene } from './verify-scene.ts';

const amd = buildImage({ seed: 'amd' });
const arm = buildImage({ seed: 'arm' });
const attestation = buildImage({ seed: 'attestation' });
const multi = buildIndex([
  { manifest: amd, platform: { os: 'linux', architecture: 'amd64' } },
  { manifest: arm, platform: { os: 'linux', architecture: 'arm64' } },
  { manifest: attestation, platform: { os: 'unknown', architecture: 'unknown' } },
]);
const nested = buildIndex([{ manifest: multi }]);
const NOWHERE = `sha256:${'e'.repeat(64)}`;

const nothing = (): void => undefined;

let scene: VerifyScene;

beforeEach(async () => {
  scene = await makeVerifyScene();
  scene.memory.put(amd, 'single');
  scene.memory.put(multi, 'multi');
  scene.memory.put(nested, 'nested');
});
afterEach(() => scene.remove());

const lose = (...manifests: readonly { readonly digest: Digest }[]): void => {
  for (const { digest } of manifests) scene.memory.manifests.delete(digest);
};
const standing = ({ images }: VerifyReport) =>
  Object.fromEntries(images.map(({ image, availability }) => [image.replace(`${NAME}`, ''), availability.kind]));

describe('how an image stands', () => {
  it.each<[string, string, () => void, string, number]>([
    ['a tag that resolves is there', ':single', nothing, 'available', 0],
    ['a name without a tag means latest', '', nothing, 'absent', 1],
    ['a tag that does not resolve is absent', ':gone', nothing, 'absent', 1],
    ['a digest that is there is there', `@${amd.digest}`, nothing, 'available', 0],
    ['a digest that is not there is absent', `@${NOWHERE}`, nothing, 'absent', 1],
    ['of a tag and a digest only the digest is pulled', `:gone@${amd.digest}`, nothing, 'available', 0],
    ['and a tag beside it does not make up for it', `:single@${NOWHERE}`, nothing, 'absent', 1],
    ['an index without a child is incomplete', ':multi', () => lose(arm), 'incomplete', 1],
    ['an index that an index lists is looked into', ':nested', () => lose(arm), 'incomplete', 1],
    ['a nested index that has gone makes it incomplete', ':nested', () => lose(multi), 'incomplete', 1],
    ['nobody pulls an attestation', ':multi', () => lose(attestation), 'available', 0],
    ['a tag that leads nowhere is absent', ':single', () => lose(amd), 'absent', 1],
    ['a digest of a config is absent when no image that has it is in use', `@${configOf(amd)}`, nothing, 'absent', 1],
  ])('%s', async (_name, suffix, change, kind, code) => {
    change();
    await scene.deploy(`${NAME}${suffix}`);
    const report = await scene.verify();
    expect(report.images).toHaveLength(1);
    expect(report.images[0]).toMatchObject({
      availability: { kind },
      workloads: [{ kind: 'Pod', name: 'web', namespace: 'shop', container: 'app-0' }],
    });
    expect(verifyExitCodeOf(report)).toBe(code);
  });

  it('a config by digest is there when an image that has it was read', async () => {
    await scene.deploy(`${NAME}:single`, `${NAME}@${configOf(amd)}`);
    expect(Object.values(standing(await scene.verify()))).toEqual(['available', 'available']);
  });

  it('what is incomplete names all that is missing', async () => {
    lose(amd, arm);
    await scene.deploy(`${NAME}:multi`);
    const [image] = (await scene.verify()).images;
    expect(image?.availability).toEqual({ kind: 'incomplete', missing: [amd.digest, arm.digest] });
  });

  it('a text that no puller understands is a bad reference when it may mean ours, and nobody is asked about it', async () => {
    await scene.deploy(`${NAME}:Not A Tag`, 'Somewhere/Else');
    const report = await scene.verify();
    expect(report.images.map(({ availability }) => availability.kind)).toEqual(['bad-reference']);
    expect(verifyExitCodeOf(report)).toBe(1);
    expect(scene.asked).toEqual([]);
  });

  it.each([
    ['names it', `${NAME}:$(params.tag)`, 1],
    ['names another one', 'golang:$(params.version)', 0],
    ['is filled in with a name', '$(params.repo):$(params.tag)', 0],
  ])(
    'tells an open text of a custom object as bad only when it names what is verified: it %s',
    async (_, image, count) => {
      const task = { apiVersion: 'tekton.dev/v1', kind: 'Task', metadata: { name: 't' }, spec: { image, repo: NAME } };
      await writeFile(join(scene.folder, 'task.json'), JSON.stringify(task));
      const report = await scene.verify({
        kubernetes: kubernetesSettings({ manifests: [join(scene.folder, 'task.json')] }),
      });
      expect(report.images).toHaveLength(count);
    },
  );

  it('what is absent is asked for twice: one answer out of a stale cache is no proof', async () => {
    await scene.deploy(`${NAME}:gone`);
    await scene.verify();
    expect(scene.asked).toEqual(['resolve gone', 'resolve gone']);
  });

  it('a tag that was moved while it was looked at counts as it is now', async () => {
    await scene.deploy(`${NAME}:single`);
    scene.disturb = (asked) => {
      if (asked !== amd.digest) return;
      lose(amd);
      scene.memory.put(arm, 'single');
    };
    expect(standing(await scene.verify())).toEqual({ ':single': 'available' });
  });
});

describe('no answer', () => {
  it.each([
    ['401', new AuthError('no', { code: 'AUTH' }), 'unauthenticated', 3],
    ['403', new AuthError('no', { code: 'FORBIDDEN' }), 'forbidden', 3],
    ['a hidden repository', new AuthError('no', { code: 'REPOSITORY_UNKNOWN' }), 'forbidden', 3],
    ['503', new NetworkError('no', { code: 'NETWORK' }), 'unavailable', 4],
    ['a timeout', new NetworkError('no', { code: 'TIMEOUT' }), 'unavailable', 4],
    ['a certificate that is not trusted', new NetworkError('no', { code: 'TLS' }), 'unavailable', 4],
    ['too many requests', new RegistryError('no', { code: 'RATE_LIMITED' }), 'unavailable', 4],
    ['a page of a proxy', new ProtocolError('no', { code: 'PROTOCOL' }), 'other', 4],
  ])('is unknown and never absent: %s', async (_name, error, why, code) => {
    await scene.deploy(`${NAME}:single`);
    scene.disturb = () => {
      throw error;
    };
    const report = await scene.verify();
    expect(report.images[0]?.availability).toMatchObject({ kind: 'unknown', error: { why, name: error.name } });
    expect(verifyExitCodeOf(report)).toBe(code);
  });

  const hidden = new AuthError('hidden', { code: 'REPOSITORY_UNKNOWN' });
  const proved = new AuthError('not there', { code: 'REPOSITORY_UNKNOWN', details: { isProved: true } });
  it.each<[string, readonly (Error | undefined)[], object, number]>([
    ['hidden twice is unknown', [hidden, hidden], { kind: 'unknown', error: { why: 'forbidden' } }, 3],
    ['hidden once is asked no further', [hidden], { kind: 'unknown' }, 3],
    ['proved twice is absent', [proved, proved], { kind: 'absent', withoutRepository: true }, 1],
    ['proved once, and there after all, is there', [proved, undefined], { kind: 'available' }, 0],
    ['proved once, and hidden then, is unknown', [proved, hidden], { kind: 'unknown' }, 3],
    ['proved once, and no answer then, is unknown', [proved, new NetworkError('reset', { code: 'NETWORK' })], {}, 4],
  ])('of a repository that the registry does not know: %s', async (_name, answers, availability, code) => {
    await scene.deploy(`${NAME}:single`);
    const left = [...answers];
    scene.disturb = () => {
      const error = left.shift();
      if (error !== undefined) throw error;
    };
    const report = await scene.verify();
    expect(report.images[0]?.availability).toMatchObject(availability);
    expect(verifyExitCodeOf(report)).toBe(code);
  });

  it('a digest of another name is not in a repository that is proved not to be there, and may be in one that is hidden', async () => {
    await scene.deploy(`renamed.example.com/x@${multi.digest}`);
    const verifyWith = async (error: Error): Promise<VerifyReport> => {
      scene.disturb = () => {
        throw error;
      };
      return scene.verify();
    };
    expect(await verifyWith(proved)).toMatchObject({ images: [], problems: [] });
    expect(await verifyWith(hidden)).toMatchObject({ images: [], problems: [{ error: { why: 'forbidden' } }] });
  });

  it('about one child is unknown, and does not hide that another has gone', async () => {
    await scene.deploy(`${NAME}:multi`, `${NAME}:single`);
    scene.disturb = (asked) => {
      if (asked === arm.digest) throw new NetworkError('reset', { code: 'NETWORK' });
    };
    expect(standing(await scene.verify())).toEqual({ ':multi': 'unknown', ':single': 'available' });
    lose(amd);
    const report = await scene.verify();
    expect(standing(report)).toEqual({ ':multi': 'incomplete', ':single': 'absent' });
    expect(verifyExitCodeOf(report)).toBe(1);
  });

  it('an oversized manifest is there', async () => {
    await scene.deploy(`${NAME}:single`);
    scene.disturb = (asked) => {
      if (asked === amd.digest) throw new ProtocolError('too large', { code: 'TOO_LARGE' });
    };
    expect(standing(await scene.verify())).toEqual({ ':single': 'available' });
  });

  it('our own fault is not taken for the registry being away', async () => {
    await scene.deploy(`${NAME}:single`);
    scene.disturb = () => {
      throw new TypeError('a slip');
    };
    const report = await scene.verify();
    expect(report.result).toMatchObject({ kind: 'stopped', error: { exitCode: 70 } });
    expect(verifyExitCodeOf(report)).toBe(70);
  });

  it('a registry that answers nobody is not asked about every image', async () => {
    await scene.deploy(...Array.from({ length: 60 }, (_, at) => `${NAME}:tag-${at}`));
    scene.disturb = () => {
      throw new NetworkError('away', { code: 'NETWORK' });
    };
    const report = await scene.verify();
    expect(report.totals).toMatchObject({ unknown: 60, absent: 0 });
    expect(scene.asked.length).toBeLessThan(20);
  });

  it('an unreadable source of usage stops it with exit code 5', async () => {
    await writeFile(join(scene.folder, 'pod.json'), '{');
    const report = await scene.verify();
    expect(report).toMatchObject({ result: { kind: 'stopped' }, images: [] });
    expect(verifyExitCodeOf(report)).toBe(5);
  });
});

describe('what is looked for', () => {
  it('each tag and manifest once, however many use it', async () => {
    await scene.deploy(`${NAME}:multi`, `${NAME}:nested`, `${NAME}@${multi.digest}`, `${NAME}@${amd.digest}`);
    await scene.verify();
    expect(new Set(scene.asked).size).toBe(scene.asked.length);
    expect(scene.asked).toHaveLength(2 + 4);
  });

  it('nothing of other repositories', async () => {
    await scene.deploy('registry.example.com/team/other:1', 'registry.example.com/team/app2:1', 'nginx');
    expect(await scene.verify()).toMatchObject({ images: [], result: { kind: 'verified' } });
    expect(scene.asked).toEqual([]);
  });

  it('what comes through a declared mirror, in the repository that it stands for', async () => {
    await scene.deploy('mirror.example.com/hub/team/app:gone');
    const mirrors = new Map([['mirror.example.com/hub', 'registry.example.com']]);
    const [image] = (await scene.verify({ mirrors })).images;
    expect(image).toMatchObject({
      image: 'mirror.example.com/hub/team/app:gone',
      askedIn: NAME,
      availability: { kind: 'absent' },
    });
  });

  it('digests under any name: what is here must be whole, and what is not here is elsewhere', async () => {
    lose(arm);
    await scene.deploy(`renamed.example.com/x@${multi.digest}`, `renamed.example.com/y@${NOWHERE}`);
    const report = await scene.verify();
    expect(report.images).toHaveLength(1);
    expect(report.images[0]).toMatchObject({ askedIn: NAME, availability: { kind: 'incomplete' } });
  });

  it('when digests under other names cannot be looked for, that is told, and no success', async () => {
    await scene.deploy(`${NAME}:single`, `renamed.example.com/x@${multi.digest}`);
    scene.disturb = (asked) => {
      if (asked === multi.digest) throw new NetworkError('reset', { code: 'NETWORK' });
    };
    const report = await scene.verify();
    expect(report.problems).toMatchObject([{ repository: NAME, error: { why: 'unavailable' } }]);
    expect(verifyExitCodeOf(report)).toBe(4);
  });

  it.each([
    ['a host', 'registry.example.com', true],
    ['a path', 'registry.example.com/team', true],
    ['a whole name', NAME, true],
    ['a part of a component', 'registry.example.com/te', false],
    ['another host', 'example.com', false],
  ])('every repository under a prefix: %s', async (_name, prefix, isUnder) => {
    await scene.deploy(`${NAME}:gone`);
    const report = await scene.verify({ repositories: [], registries: [{ prefix, provider: 'oci' }] });
    expect(report.images).toHaveLength(isUnder ? 1 : 0);
    expect(report.scope).toEqual([prefix]);
  });

  it('the worst ones come first', async () => {
    lose(arm);
    await scene.deploy(`${NAME}:single`, `${NAME}:multi`, `${NAME}:gone`);
    expect(Object.keys(standing(await scene.verify()))).toEqual([':gone', ':multi', ':single']);
  });
});

it('of an image that was asked for in several places the worst answer counts, whichever came first', () => {
  const workloads = [{ context: 'prod', kind: 'Pod', name: 'web' }];
  const rows = (['available', 'absent', 'available'] as const).map((kind, at) => ({
    image: 'app:v1',
    askedIn: `place-${at}`,
    availability: { kind },
    workloads,
  }));
  expect(mergeImages(rows)).toEqual([rows[1]]);
  expect(mergeImages(rows.toReversed())).toEqual([rows[1]]);
});

it('manifests are places whose platforms are not known, also for users that are only counted', async () => {
  const settings = kubernetesSettings({ manifests: [join(scene.folder, 'pod.json')] });
  const { nodes, notes } = await readUsedNow(settings, { log: silentLog, environment: {}, now: () => NOW });
  expect([...nodes.values()]).toEqual(['unknown']);
  expect(notes).toEqual([expect.stringContaining('manifests tell no platforms')]);
});

describe('the files', () => {
  it('report and metrics are written, whole, and nothing else is left', async () => {
    await scene.deploy(`${NAME}:gone`, `${NAME}:single`);
    const reportFile = join(scene.folder, 'out/report.json');
    const metrics = join(scene.folder, 'out/app.prom');
    const report = await scene.verify({ reportFile, metrics });
    expect(JSON.parse(await readFile(reportFile, 'utf8'))).toEqual(report);
    expect(report.metricsFile).toBe(metrics);
    expect(await readFile(metrics, 'utf8')).toContain('registry_cleanup_verify_images{state="absent"} 1\n');
    expect(await readdir(join(scene.folder, 'out'))).toEqual(['app.prom', 'report.json']);
  });

  it('metrics of a run that was stopped would lie: the old ones stay', async () => {
    const metrics = join(scene.folder, 'app.prom');
    await writeFile(metrics, 'old\n');
    await writeFile(join(scene.folder, 'pod.json'), '{');
    await scene.verify({ metrics });
    expect(await readFile(metrics, 'utf8')).toBe('old\n');
  });

  it('a file that cannot be written is told before anybody is asked', async () => {
    await scene.deploy(`${NAME}:single`);
    await writeFile(join(scene.folder, 'file'), '');
    const report = await scene.verify({ metrics: join(scene.folder, 'file/app.prom') });
    expect(report.result).toMatchObject({ kind: 'stopped', error: { exitCode: 2 } });
    expect(scene.asked).toEqual([]);
  });
});

function configOf(image: typeof amd): Digest {
  const [config] = image.blobs;
  return config === undefined ? sha256(new Uint8Array()) : config.digest;
}
