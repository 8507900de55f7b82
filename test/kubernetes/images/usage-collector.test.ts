import * as fc from 'fast-check';
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

describe('an image that very many use', () => {
  const SIDECAR = 'mesh/proxy:1';
  const podNamed = (number: number): Workload => ({
    context: 'prod',
    namespace: 'shop',
    kind: 'Pod',
    name: `web-${String(number).padStart(5, '0')}`,
    container: 'proxy',
  });

  /** What every pod of so many says, in this order: its spec, and twice its status. */
  function collectPods(numbers: readonly number[]) {
    const collector = createUsageCollector();
    for (const number of numbers) {
      collector.add({ text: SIDECAR, workload: podNamed(number) });
      collector.add({ text: `docker.io/${SIDECAR}`, workload: podNamed(number) });
      collector.add({ text: SIDECAR, workload: podNamed(number) });
    }
    return collector;
  }

  it.each([
    [999, undefined],
    [1000, undefined],
    [1001, 1],
    [2500, 1500],
  ])('names the first thousand of %i users and counts the others', (count, unlisted) => {
    const [use] = collectPods(Array.from({ length: count }, (_, at) => at)).build([]).uses;
    expect(use?.workloads).toEqual(Array.from({ length: Math.min(count, 1000) }, (_, at) => podNamed(at)));
    expect(use?.unlisted).toBe(unlisted);
  });

  it('names and counts the same whatever the order, and in however many lists they were', () => {
    const expected = collectPods(Array.from({ length: 3300 }, (_, at) => at)).build([]);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 3300 }), { maxLength: 3 }), fc.boolean(), (cuts, isBackwards) => {
        // 7 has no factor in common with 3300: every number comes once.
        const numbers = Array.from({ length: 3300 }, (_, at) => (at * 7) % 3300);
        const places = [0, ...cuts.toSorted((a, b) => a - b), 3300];
        const parts = places.slice(1).map((to, at) => collectPods(numbers.slice(places[at], to)));
        const all = createUsageCollector();
        for (const part of isBackwards ? parts.toReversed() : parts) all.addAll(part);
        expect(all.build([])).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  it('keeps bare digests and texts that are no reference in bounds, too', () => {
    const collector = createUsageCollector();
    for (let number = 0; number < 3000; number++)
      for (const text of [DIGEST_A, 'Not An Image']) collector.add({ text, workload: podNamed(number) });
    const usage = collector.build([]);
    expect(usage.bareDigests).toMatchObject([{ digest: DIGEST_A, unlisted: 2000 }]);
    expect(usage.bareDigests[0]?.workloads).toHaveLength(1000);
    expect(usage.unparsable).toHaveLength(1000);
  });

  it('keeps users apart of whom one has an empty name', () => {
    const workloads = [
      WEB,
      { ...WEB, container: '' },
      { context: 'prod', namespace: 'shop', kind: 'Deployment', name: 'web' },
    ];
    for (const order of [workloads, workloads.toReversed()])
      expect(collect(order.map((workload) => ['a:1', workload])).uses[0]?.workloads).toHaveLength(3);
  });
});
