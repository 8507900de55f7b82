import { describe, expect, it } from 'vitest';
import { createUsageCollector } from '../../../src/kubernetes/images/usage-collector.ts';
import type { Workload } from '../../../src/model/usage.ts';
import { DIGEST_A, DIGEST_B, linesOf } from '../objects.ts';

const WEB: Workload = { context: 'prod', namespace: 'shop', kind: 'Deployment', name: 'web', container: 'app' };
const JOB: Workload = { context: 'prod', namespace: 'shop', kind: 'Job', name: 'migrate' };

function collect(found: readonly [string, Workload][]) {
  const collector = createUsageCollector();
  for (const [text, workload] of found) collector.add({ text, workload });
  return collector.build([]);
}

describe('the collected usage', () => {
  it('groups all spellings of a reference, with each user once', () => {
    const usage = collect([
      ['nginx', WEB],
      ['docker.io/library/nginx:latest', WEB],
      ['index.docker.io/nginx', JOB],
    ]);
    expect(linesOf(usage)).toEqual([
      'docker.io/library/nginx:latest < prod: shop/Deployment/web (container app), prod: shop/Job/migrate',
    ]);
  });

  it('keeps the tag and the digest of a reference together, apart from the tag alone', () => {
    const usage = collect([
      [`app:1@${DIGEST_A}`, WEB],
      ['app:1', WEB],
    ]);
    expect(usage.uses).toHaveLength(2);
  });

  it.each(['first', 'last'])(
    'keeps a text that must be an image, and need not be one elsewhere, as both (weak %s)',
    (when) => {
      const collector = createUsageCollector();
      const texts = [
        { text: '$IMAGE', workload: WEB },
        { text: '$IMAGE', workload: JOB, isWeak: true as const },
      ];
      for (const found of when === 'first' ? texts.toReversed() : texts) collector.add(found);
      const all = createUsageCollector();
      all.addAll(collector);
      expect(new Set(all.build([]).unparsable)).toEqual(new Set(texts));
    },
  );

  it('keeps users apart that differ only in their container', () => {
    const usage = collect([
      ['app:1', WEB],
      ['app:1', { ...WEB, container: 'sidecar' }],
    ]);
    expect(usage.uses[0]?.workloads).toHaveLength(2);
  });

  it('keeps digests without a repository, with their users', () => {
    const usage = collect([
      [DIGEST_B, JOB],
      [DIGEST_A, WEB],
      [`docker://${DIGEST_A}`, JOB],
    ]);
    expect(usage.bareDigests).toEqual([
      { digest: DIGEST_A, workloads: [WEB, JOB] },
      { digest: DIGEST_B, workloads: [JOB] },
    ]);
    expect(usage.uses).toEqual([]);
  });

  it('reports what is no reference, with its user, and forgets blank texts', () => {
    const usage = collect([
      ['Not An Image', WEB],
      ['', WEB],
      ['  ', JOB],
    ]);
    expect(usage.unparsable).toEqual([{ text: 'Not An Image', workload: WEB }]);
    expect(usage.uses).toEqual([]);
  });

  it('does not depend on the order of what was found', () => {
    const found: [string, Workload][] = [
      ['b:1', WEB],
      ['a:1', JOB],
      ['a:1', WEB],
      [DIGEST_B, WEB],
      [DIGEST_A, JOB],
      ['!', WEB],
      ['?', JOB],
    ];
    expect(JSON.stringify(collect(found.toReversed()))).toBe(JSON.stringify(collect(found)));
  });
});
