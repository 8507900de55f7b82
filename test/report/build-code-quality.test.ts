// What GitLab's Code Quality widget gets: golden files, what it takes, and which lines a comparison with the target branch shows.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildCodeQuality, type CodeQualityItem } from '../../src/report/build-code-quality.ts';
import type { Report } from '../../src/report/report.ts';
import { HOSTILE, HOSTILE_ON_GITLAB, hostileText } from '../builders/hostile-text.ts';
import { planOf, reportFullOf, reportOf, repositoryPlan, typicalDecisions } from '../builders/report.ts';
import { fiveThousand, NAME, worlds } from '../builders/report-worlds.ts';

const options = { policyFile: '.registry-cleanup.yml' };
const build = (report: Report): readonly CodeQualityItem[] => buildCodeQuality(report, options);
const linesOf = (items: readonly CodeQualityItem[]): readonly string[] =>
  items.map(({ severity, check_name, description }) => `${severity} - ${check_name} - ${description}`);

/** As GitLab compares the report of a merge request with that of its target branch. */
function newLines(base: Report, head: Report): readonly string[] {
  const known = new Set(build(base).map(({ fingerprint }) => fingerprint));
  return linesOf(build(head).filter(({ fingerprint }) => !known.has(fingerprint)));
}

describe.each([
  'plan-typical',
  'plan-guards',
  'plan-several-repositories',
  'plan-fork-difference',
  'plan-difference',
  'plan-nothing-to-do',
  'stopped-by-bad-policy',
  'stopped-before-plan',
])('the code quality report of %s', (name) => {
  it('reads well', async () => {
    const text = `${JSON.stringify(build(worlds[name]!()), null, 2)}\n`;
    await expect(text).toMatchFileSnapshot(`../golden/code-quality-${name}.json`);
  });
});

describe('the code quality report', () => {
  it.each(Object.entries(worlds))('of %s has what GitLab wants of every line, and no line twice', (_, world) => {
    const items = build(world());
    expect(items.length).toBeGreaterThan(0);
    expect(new Set(items.map(({ fingerprint }) => fingerprint)).size).toBe(items.length);
    for (const { fingerprint, location, severity, check_name } of items) {
      expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
      expect(severity).toMatch(/^(?:info|minor|major|critical|blocker)$/);
      expect(check_name).toMatch(/^registry-cleanup [a-z-]+$/);
      expect(location).toEqual({ path: '.registry-cleanup.yml', lines: { begin: expect.any(Number) as number } });
      expect(location.lines.begin).toBeGreaterThan(0);
    }
  });

  it('goes from the most severe line to the least', () => {
    const order = ['blocker', 'critical', 'major', 'minor', 'info'];
    for (const world of Object.values(worlds)) {
      const ranks = build(world()).map(({ severity }) => order.indexOf(severity));
      expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
    }
  });

  it('holds 50 images, and counts the rest', () => {
    const lines = linesOf(build(reportOf({ plan: planOf([repositoryPlan(fiveThousand)]) })));
    expect(lines.filter((line) => line.includes('would be deleted'))).toHaveLength(50);
    expect(lines.at(-1)).toContain('and 4,950 more');
  });

  it('names what has a tag before what has none, and the larger before the smaller', () => {
    const lines = linesOf(build(worlds['plan-typical']!()));
    const untagged = lines.findIndex((line) => /registry-cleanup image - sha256:/.test(line));
    expect(lines.slice(untagged).filter((line) => !/image - sha256:/.test(line))).toEqual([]);
  });

  it('points at the line of each mistake in the policy file', () => {
    const items = build(worlds['stopped-by-bad-policy']!());
    expect(items.map(({ location }) => location.lines.begin)).toEqual([1, 2, 4, 9]);
    expect(items[1]?.description).toBe('unknown key "tagz"; did you mean "tags"?');
  });

  it('says so when the run stopped, whatever else it holds', () => {
    const [first] = build(worlds['stopped-before-plan']!());
    expect(first).toMatchObject({ severity: 'blocker', check_name: 'registry-cleanup stopped' });
    expect(first?.description).toContain('403 Forbidden');
  });

  it('holds one line of plain text for whatever comes from outside', () => {
    const check = (text: string): void => {
      for (const { description } of build({ ...reportFullOf(text), command: 'plan' })) {
        expect(description).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]|%\{/u);
        expect(description.length).toBeLessThanOrEqual(1000);
        expect(description.trim()).not.toBe('');
      }
    };
    for (const text of [...HOSTILE, ...HOSTILE_ON_GITLAB]) check(text);
    fc.assert(fc.property(hostileText, check), { numRuns: 100 });
  });
});

describe('compared with the target branch', () => {
  const decisions = typicalDecisions();
  const doomed = decisions.filter(({ decision }) => decision === 'delete');
  const plan = (all: typeof decisions, at = '2026-11-21T20:24:00Z'): Report =>
    reportOf({ plan: { ...planOf([repositoryPlan(all)]), createdAt: at } });

  it('the same plan at another time shows nothing', () => {
    expect(newLines(plan(decisions), plan(decisions, '2026-11-22T08:00:00Z'))).toEqual([]);
  });

  it('one image more shows the new verdict and this image', () => {
    const [one] = doomed;
    const lines = newLines(plan(decisions.filter((decision) => decision !== one)), plan(decisions));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(new RegExp(`^minor - registry-cleanup verdict - ${NAME}: `));
    expect(lines[1]).toContain('would be deleted');
  });

  it('the same image in another repository is another line', () => {
    const other = reportOf({ plan: planOf([repositoryPlan(decisions, { name: 'ghcr.io/team/other' })]) });
    expect(newLines(plan(decisions), other)).toHaveLength(build(other).length);
  });
});
