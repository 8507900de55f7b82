import { describe, expect, it } from 'vitest';
import type { Reason } from '../../src/model/decision.ts';
import { durationFromMs } from '../../src/model/time.ts';
import { countUnlistedUse, summarizeClusterUse } from '../../src/report/summarize-cluster-use.ts';
import { summarizeReasons } from '../../src/report/summarize-reasons.ts';
import { because, decisionOf, typicalDecisions } from '../builders/report.ts';

const DAY_MS = 86_400_000;

const keep = (name: string, ...reasons: Parameters<typeof decisionOf>[0]['reasons'][number][]) =>
  decisionOf({ decision: 'keep', name, reasons });

describe('summarizeReasons', () => {
  it('counts every decision once, so that the rows add up', () => {
    const decisions = typicalDecisions();
    const total = summarizeReasons(decisions).reduce((sum, { count }) => sum + count, 0);
    expect(total).toBe(decisions.length);
  });

  it('counts a decision under its strongest reason, wherever that stands', () => {
    const used = because.cluster(['prod', 'shop', 'web']);
    expect(summarizeReasons([keep('a', because.unlinked, used), keep('b', used, because.unlinked)])).toEqual([
      { count: 2, text: 'used by a cluster', names: ['prod'] },
    ]);
  });

  it.each<[string, Reason]>([
    ['it has no record', { rule: 'unrecorded', age: durationFromMs(9 * DAY_MS), within: durationFromMs(7 * DAY_MS) }],
    ['it goes elsewhere', { rule: 'counterpart-goes', stage: 'x', repository: 'registry.example.com/shop' }],
  ])('says that %s sooner than that it is no longer young', (_what, reason) => {
    const older: Reason = { rule: 'older', age: durationFromMs(9 * DAY_MS), within: durationFromMs(7_200_000) };
    const [row] = summarizeReasons([keep('a', older, reason)]);
    expect(row?.text).not.toContain('older than 2h');
  });

  it('names each branch, context or tag once', () => {
    expect(summarizeReasons([keep('a', because.branch('main')), keep('b', because.branch('main'))])).toEqual([
      { count: 2, text: 'Git, default policy 3', names: ['main'] },
    ]);
  });

  it('shows the largest number first', () => {
    const rows = summarizeReasons([
      keep('a', because.recent),
      keep('b', because.unlinked),
      keep('c', because.unlinked),
    ]);
    expect(rows.map(({ count }) => count)).toEqual([2, 1]);
  });

  it('says so when a decision carries no reason', () => {
    expect(summarizeReasons([keep('a')])).toEqual([{ count: 1, text: 'no reason recorded', names: [] }]);
  });

  it('is empty for no decisions', () => {
    expect(summarizeReasons([])).toEqual([]);
  });
});

describe('summarizeClusterUse', () => {
  it('groups images and workloads by context and namespace, most images first', () => {
    const rows = summarizeClusterUse([
      keep('a', because.cluster(['staging', 'shop', 'web'])),
      keep('b', because.cluster(['prod', 'shop', 'web'], ['prod', 'shop', 'worker'])),
      keep('c', because.cluster(['prod', 'shop', 'web'])),
    ]);
    expect(rows).toEqual([
      { context: 'prod', namespace: 'shop', images: 2, workloads: ['Deployment/web', 'Deployment/worker'] },
      { context: 'staging', namespace: 'shop', images: 1, workloads: ['Deployment/web'] },
    ]);
  });

  it('keeps places apart whose names only look alike when joined', () => {
    const rows = summarizeClusterUse([keep('a', because.cluster(['a/b', 'c', 'web'], ['a', 'b/c', 'web']))]);
    expect(rows).toHaveLength(2);
  });

  it('is empty when no cluster uses anything', () => {
    expect(summarizeClusterUse([keep('a', because.recent)])).toEqual([]);
  });
});

describe('countUnlistedUse', () => {
  const many = (unlisted: number): Reason => ({
    rule: 'kubernetes',
    by: 'digest',
    workloads: [{ context: 'prod', kind: 'Pod', name: 'web' }],
    unlisted,
  });

  it('counts who could not be named, once where an image is used by its tag and by its digest', () => {
    const decisions = [keep('a', many(500), many(400)), keep('b', many(500)), keep('c', because.recent)];
    expect(countUnlistedUse(decisions)).toEqual({ images: 2, users: 1000 });
  });

  it('is nothing when everybody was named', () => {
    expect(countUnlistedUse([keep('a', because.cluster(['prod', 'shop', 'web']))])).toBeUndefined();
  });
});
