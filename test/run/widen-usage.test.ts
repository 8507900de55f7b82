import { describe, expect, it } from 'vitest';
import { parseImageReference } from '../../src/model/reference.ts';
import type { ImageUse, Usage, UsageSource } from '../../src/model/usage.ts';
import { widenUsage } from '../../src/run/widen-usage.ts';
import { sha256 } from '../builders/image.ts';

const source = (kind: UsageSource['kind'], pods: number, objects: number, name = 'prod'): UsageSource => ({
  kind,
  name,
  pods,
  objects,
});
const user = (name: string) => ({ context: 'prod', namespace: 'shop', kind: 'Pod', name });
const use = (text: string, names: readonly string[], unlisted?: number): ImageUse => ({
  reference: parseImageReference(text),
  workloads: names.map(user),
  ...(unlisted === undefined ? {} : { unlisted }),
});
const digest = sha256(new Uint8Array());

function usageOf(sources: readonly UsageSource[], uses: readonly ImageUse[] = []): Usage {
  return { complete: true, sources, uses, bareDigests: [], unparsable: [] };
}

describe('a later reading', () => {
  it.each<[string, UsageSource, UsageSource | undefined, boolean]>([
    ['stands for itself when it shows the same', source('cluster', 9, 20), source('cluster', 9, 20), false],
    ['stands for itself when it shows more', source('cluster', 9, 20), source('cluster', 90, 200), false],
    ['stands for itself when it shows half', source('cluster', 9, 20), source('cluster', 1, 10), false],
    ['needs the earlier one when it shows under half', source('cluster', 9, 21), source('cluster', 9, 10), true],
    ['needs the earlier one when it shows no pod any more', source('cluster', 9, 20), source('cluster', 0, 20), true],
    ['needs the earlier one when a context is missing', source('cluster', 9, 20), undefined, true],
    ['stands for itself when there was no pod before either', source('cluster', 0, 7), source('cluster', 0, 7), false],
    ['needs no pod in manifests', source('manifests', 0, 4), source('manifests', 0, 4), false],
    ['needs the earlier one when the manifests are gone', source('manifests', 0, 1), source('manifests', 0, 0), true],
    ['does not take manifests for a cluster', source('cluster', 9, 20), source('manifests', 9, 20), true],
  ])('%s', (_name, before, now, isShrunk) => {
    const others = source('cluster', 1, 1, 'other');
    const used = use('example.com/app:1', ['web']);
    const read = usageOf([others, ...(now === undefined ? [] : [now])]);
    const { usage, shrunk } = widenUsage(read, usageOf([before, others], [used]));
    expect(shrunk.map(({ name }) => name)).toEqual(isShrunk ? ['prod'] : []);
    expect(usage.uses).toEqual(isShrunk ? [used] : []);
  });

  it('stands for itself when there was no earlier one', () => {
    const now = usageOf([source('cluster', 0, 0)]);
    expect(widenUsage(now, undefined)).toEqual({ usage: now, shrunk: [] });
  });

  it('is joined by images, digests and users, each once', () => {
    const now = usageOf([source('cluster', 0, 1)], [use('example.com/app:1', ['web', 'api'], 3)]);
    const before: Usage = {
      ...usageOf(
        [source('cluster', 9, 20)],
        [use('example.com/app:1', ['api', 'job'], 5), use('example.com/app:2', ['web'])],
      ),
      bareDigests: [{ digest, workloads: [user('web')] }],
    };
    const { usage } = widenUsage({ ...now, bareDigests: [{ digest, workloads: [user('api')] }] }, before);
    expect(usage.uses).toEqual([use('example.com/app:1', ['web', 'api', 'job'], 5), use('example.com/app:2', ['web'])]);
    expect(usage.bareDigests).toEqual([{ digest, workloads: [user('api'), user('web')] }]);
    expect(usage.sources).toEqual(now.sources);
  });
});
