// What an apply finds where the registry collects what no tag leads to: an image that is there now, and will not be tomorrow.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Settings } from '../../src/config/settings.ts';
import { NetworkError } from '../../src/errors.ts';
import { silentLog } from '../../src/log.ts';
import { parseRepository, parseTag, type Tag } from '../../src/model/reference.ts';
import type { Outcome } from '../../src/plan/outcome.ts';
import type { Registry } from '../../src/registry/port.ts';
import { describeAlarm } from '../../src/report/describe-alarm.ts';
import { verifyAfterApply } from '../../src/run/verify-after-apply.ts';
import { buildImage, buildIndex } from '../builders/image.ts';
import { kubernetesSettings } from '../builders/kubernetes-settings.ts';
import { createMemoryRegistry, type MemoryRegistry } from '../builders/memory-registry.ts';
import { NOW, policyOf } from '../builders/snapshot.ts';

const NAME = 'registry.example.com/team/app';
const repository = parseRepository(NAME);
const child = buildImage({ seed: 'child' });
const multi = buildIndex([{ manifest: child, platform: { os: 'linux', architecture: 'amd64' } }]);
const newer = buildIndex([
  { manifest: child, platform: { os: 'linux', architecture: 'amd64' } },
  { manifest: buildImage({ seed: 'new' }), platform: { os: 'linux', architecture: 'arm64' } },
]);
const single = buildImage({ seed: 'single' });

let folder: string;
let memory: MemoryRegistry;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verify-untagged-'));
  memory = createMemoryRegistry({ collectsUntagged: true, undo: 'put-manifest' });
  memory.put(multi, 'multi', 'also');
  memory.put(single, 'single');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Look {
  /** Tags that the apply has taken off, of which digest. */
  readonly untagged: readonly (readonly [typeof single, readonly string[]])[];
  readonly used: readonly string[];
  readonly meanwhile?: () => void;
  readonly disturb?: Partial<Registry>;
}

async function look({ untagged, used, meanwhile, disturb = {} }: Look) {
  const { registry } = memory;
  const snapshot = await registry.readSnapshot([]);
  const outcomes = untagged.map(([{ digest }, tags]): Outcome => {
    const names = tags.map((tag): Tag => parseTag(tag));
    for (const tag of names) memory.tags.delete(tag);
    return { step: { action: 'delete', digest, precondition: { tags: names, owners: [] } }, outcome: 'deleted' };
  });
  meanwhile?.();
  const containers = used.map((image, at) => ({ name: `app-${at}`, image }));
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop' }, spec: { containers } };
  await writeFile(join(folder, 'pod.json'), JSON.stringify(pod));
  const settings: Settings = {
    command: 'apply',
    repositories: [{ kind: 'registry', provider: 'gitlab', repository }],
    policy: policyOf({}),
    registry: { plainHttp: false },
    git: 'off',
    forge: 'off',
    kubernetes: kubernetesSettings({ manifests: [join(folder, 'pod.json')] }),
    missing: [],
    journal: join(folder, 'journal.jsonl'),
    format: 'text',
    logLevel: 'info',
  };
  const after = {
    settings,
    context: { log: silentLog, environment: {}, now: () => NOW },
    repositories: [{ name: NAME, registry, snapshot }],
    usage: undefined,
    applied: [{ name: NAME, outcomes, notApplied: [] }],
    open: () => Promise.resolve({ ...registry, ...disturb }),
  };
  const found = await verifyAfterApply(after);
  if (found === undefined) throw new Error('clusters were asked');
  return found;
}

describe('an image that a cluster uses by its digest', () => {
  it.each([
    ['whose last tag the apply deleted', single, [[single, ['single']] as const]],
    ['of an index whose last tags the apply deleted', child, [[multi, ['multi', 'also']] as const]],
  ])('%s is an alarm, though it is there until the registry collects it', async (_, image, untagged) => {
    const used = `${NAME}@${image.digest}`;
    const { verification } = await look({ untagged, used: [used] });
    expect(verification.lost).toMatchObject([{ image: used, lost: [image.digest], isStranded: true, byThisRun: true }]);
    const { message, hint } = describeAlarm(verification.lost, 'j.jsonl');
    expect(message).toContain('is gone now, or about to go');
    expect(message).toContain(`${used}: there until the registry collects it`);
    expect(hint).toContain('restore --journal j.jsonl');
  });

  it('is none while another tag leads to it', async () => {
    const untagged = [[multi, ['multi']] as const];
    const { verification } = await look({ untagged, used: [`${NAME}@${child.digest}`, `${NAME}@${multi.digest}`] });
    expect(verification).toMatchObject({ images: 2, lost: [] });
  });

  it('is none when somebody has put it under a new tag meanwhile, or into a new index', async () => {
    const { verification } = await look({
      untagged: [
        [single, ['single']],
        [multi, ['multi', 'also']],
      ],
      used: [`${NAME}@${single.digest}`, `${NAME}@${child.digest}`],
      meanwhile: () => {
        memory.put(single, 'again');
        memory.put(newer, 'newer');
      },
    });
    expect(verification).toMatchObject({ images: 2, lost: [] });
  });

  it('is none when no tag led to it before either: the plan has told', async () => {
    memory.tags.delete(parseTag('single'));
    const untagged = [[multi, ['multi', 'also']] as const];
    expect((await look({ untagged, used: [`${NAME}@${single.digest}`] })).verification.lost).toEqual([]);
  });

  it('that nobody can tell of is a doubt, and no success', async () => {
    const untagged = [[single, ['single']] as const];
    const lookAround = () => Promise.reject(new NetworkError('no answer', { code: 'NETWORK' }));
    const { doubts } = await look({ untagged, used: [`${NAME}@${single.digest}`], disturb: { lookAround } });
    expect(doubts).toMatchObject([{ message: 'no answer' }]);
  });
});
