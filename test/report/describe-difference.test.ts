import { describe, expect, it } from 'vitest';
import { describeDifference } from '../../src/report/describe-difference.ts';
import { because, decisionOf, differenceOf, planOf, reportOf, repositoryPlan } from '../builders/report.ts';

const images = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    decisionOf({ decision: 'delete', name: `i${index}`, reasons: [because.superseded('x')], sizeBytes: 75_000_000 }),
  );

function headlineOf(more: number, kept: number, extra: object = {}): string | undefined {
  const plan = planOf([repositoryPlan([])]);
  const difference = differenceOf('main at 1a2b3c4d5e', [{ name: 'a', more: images(more), kept: images(kept) }]);
  const report = reportOf({ plan: { ...plan, evidence: { ...plan.evidence, ...extra } }, difference });
  return describeDifference(report)?.headline;
}

describe('the difference in words', () => {
  it.each([
    [124, 3, 'This change would delete 124 more images (9.3 GB) and keep 3 more'],
    [1, 0, 'This change would delete 1 more image (75 MB)'],
    [0, 1, 'This change would keep 1 more image, and delete no other'],
    [0, 0, 'This change of the policy decides the same as before'],
  ])('for %d more deleted and %d more kept is %s', (more, kept, headline) => {
    expect(headlineOf(more, kept)).toBe(headline);
  });

  it('is an upper bound where something was not looked at', () => {
    const missing = [{ source: 'kubernetes', why: 'no secrets' }];
    expect(headlineOf(2, 0, { missing })).toBe('This change would delete at most 2 more images (150 MB)');
  });

  it('sums over repositories', () => {
    const part = (name: string) => ({ name, more: images(2), kept: images(1) });
    const difference = differenceOf('the built-in policy', [part('a'), part('b')]);
    const words = describeDifference(reportOf({ plan: planOf([]), difference }));
    expect(words?.headline).toBe('This change would delete 4 more images (300 MB) and keep 2 more');
    expect(words?.detail).toBe('Compared with the built-in policy, on the same evidence.');
  });

  it('never claims that nothing changes when it cannot be told', () => {
    const difference = { kind: 'untold', base: 'main at 1a2b3c4d5e', why: 'no YAML' } as const;
    const words = describeDifference(reportOf({ plan: planOf([]), difference }));
    expect(words?.headline).toBe('What this change of the policy does cannot be told');
    expect(words?.detail).toBe('The policy of main at 1a2b3c4d5e gives nothing to compare with: no YAML');
    expect(words?.tone).toBe('attention');
  });

  it('is undefined where nothing is compared', () => {
    expect(describeDifference(reportOf({ plan: planOf([]) }))).toBeUndefined();
  });
});
