// Records in reports: one line about those that go, never rows; a row for each that does not go as it should.

import { describe, expect, it } from 'vitest';
import { buildCodeQuality } from '../../src/report/build-code-quality.ts';
import { decodeReport } from '../../src/report/decode-report.ts';
import { describeEvidence } from '../../src/report/describe-evidence.ts';
import { describeNextStep, describeStatus } from '../../src/report/describe-status.ts';
import { describeVerdict } from '../../src/report/describe-verdict.ts';
import { countLeftToCollect } from '../../src/report/left-to-collect.ts';
import { listChanges } from '../../src/report/list-changes.ts';
import { mermaidChart } from '../../src/report/mermaid-chart.ts';
import { renderComment } from '../../src/report/render-comment.ts';
import { renderMarkdown } from '../../src/report/render-markdown.ts';
import { renderText } from '../../src/report/render-text.ts';
import type { Report } from '../../src/report/report.ts';
import { tallyReasons } from '../../src/report/tally-reasons.ts';
import { decisionOf, deleteStep, outcomeOf, planOf, reportOf, repositoryPlan } from '../builders/report.ts';
import { worlds } from '../builders/report-worlds.ts';

const LINE = '4,812 records of what images were published for';

describe('a plan with records', () => {
  const report = worlds['plan-records']!();
  const [plan] = report.plan!.repositories;

  it('says it once, in every format', () => {
    const texts = [
      renderText(report, { color: false, width: 200 }),
      renderMarkdown(report),
      renderComment(report, { key: 'k' }),
      buildCodeQuality(report, { policyFile: 'p.yml' })
        .map(({ description }) => description)
        .join('\n'),
    ];
    for (const text of texts) {
      expect(text.split(LINE)).toHaveLength(2);
      expect(text).toContain('5 of 14 images would go');
      expect(text).not.toContain('meta-c8c39214');
    }
  });

  it('counts them apart', () => {
    expect(report.totals).toMatchObject({ kept: 9, deleted: 5, records: { kept: 188, deleted: 4812 } });
  });

  it('has no reason, row or slice for them', () => {
    const { go, stay } = tallyReasons(report, plan!);
    expect([go.title, stay.title]).toEqual(['Why 5 would go', 'Why 9 stay']);
    expect(listChanges(report, plan!).deletions).toHaveLength(5);
    expect(mermaidChart(report).join('\n')).not.toMatch(/record/i);
  });

  it('looked at images, tags and records', () => {
    expect(describeEvidence(report.plan!.evidence, 'cli')[0]?.text).toBe(
      '14 images (indexes and attachments counted), 15 tags, 5,000 records of what they were published for',
    );
  });

  it('is read back with them', () => {
    const decoded = decodeReport(JSON.stringify(report), 'report.json');
    expect(decoded.evidence?.repositories).toEqual(report.plan!.evidence.repositories);
  });
});

describe('an apply with records', () => {
  const report = worlds['apply-records']!();
  const [plan] = report.plan!.repositories;

  it('counts what went, and what did not', () => {
    expect(report.totals).toMatchObject({
      kept: 9,
      deleted: 5,
      failed: 1,
      skipped: 2,
      records: { kept: 191, deleted: 4808 },
    });
    const { tone, lines } = describeVerdict(report);
    expect(tone).toBe('bad');
    expect(lines[0]?.text).toMatch(/^5 of 14 images deleted \(and 4,808 records of .+\), 9 stay; 1 FAILED; 2 skipped/);
  });

  it('lists only what did not go as it should', () => {
    const { deletions, alreadyGone, problems } = listChanges(report, plan!);
    expect([deletions.length, alreadyGone.length, problems.length]).toEqual([5, 0, 3]);
    expect(problems.map(({ outcome }) => outcome)).toEqual(['failed', 'skipped', 'skipped']);
  });
});

describe('where nothing but records goes', () => {
  const image = decisionOf({ decision: 'keep', name: 'v1', reasons: [{ rule: 'pin', pin: 'v*' }] });
  const record = (name: string, decision: 'keep' | 'delete' = 'delete') =>
    decisionOf({
      decision,
      name,
      what: 'record',
      isRecord: true,
      reasons: decision === 'keep' ? [{ rule: 'record', why: 'x' }] : [{ rule: 'record-needless', why: 'x' }],
    });
  const verdictOf = (report: Report) => describeVerdict(report).lines[0]?.text;
  const of = (...decisions: readonly ReturnType<typeof decisionOf>[]) => planOf([repositoryPlan(decisions)]);

  it.each<[string, Report, string]>([
    [
      'a plan says so',
      reportOf({ plan: of(image, record('r')) }),
      'no image would go, only 1 record of what images were published for; its one image stays',
    ],
    [
      'a repository of records alone is not empty',
      reportOf({ plan: of(record('r'), record('s', 'keep')) }),
      'no image in it; 1 of 2 records of what images were published for would go',
    ],
    [
      'nor has it anything to do when none goes',
      reportOf({ plan: of(record('s', 'keep')) }),
      'no image in it, nothing to delete',
    ],
    [
      'kept records are not told of',
      reportOf({ plan: of(image, record('s', 'keep')) }),
      'nothing to delete, its one image stays',
    ],
    [
      'an apply says so',
      appliedOf([image, record('r')], 'deleted'),
      '0 of 1 image deleted (and 1 record of what images were published for), 1 stays',
    ],
    [
      'an apply in a repository of records alone says so',
      appliedOf([record('r')], 'deleted'),
      'no image in it; 1 record of what images were published for deleted',
    ],
  ])('%s', (_, report, text) => {
    expect(verdictOf(report)).toBe(text);
  });

  it('there is something to apply, and it was applied', () => {
    expect(describeNextStep(reportOf({ plan: of(record('r')) }), 'cli')?.command).toBe('registry-cleanup apply');
    expect(describeStatus(appliedOf([record('r')], 'deleted'))).toBe('Applied in full.');
    expect(describeStatus(appliedOf([record('r')], 'already-gone'))).toMatch(/had already gone/);
  });

  it('a run that an error stopped counts them', () => {
    const error = { name: 'NetworkError', code: 'NETWORK', message: 'down', exitCode: 4 };
    const stopped = { ...appliedOf([record('r')], 'deleted'), result: { kind: 'stopped', error } as const };
    expect(describeStatus(stopped)).toBe(
      'Stopped by an error: 1 record of what images were published for had been deleted by then.',
    );
  });

  it('the widget of a merge request shows that something would go', () => {
    const items = buildCodeQuality(reportOf({ plan: of(image, record('r')) }), { policyFile: 'p.yml' });
    expect(items.map(({ severity }) => severity)).toEqual(['minor']);
  });
});

it('what the registry collects is images, and no records', () => {
  const doomed = (name: string, isRecord: boolean) => ({
    ...decisionOf({
      decision: 'delete',
      name,
      tags: [],
      reasons: [{ rule: 'unused' }],
      ...(isRecord ? { isRecord } : {}),
    }),
    collectedWith: [],
  });
  const plan = repositoryPlan([doomed('a', false), doomed('r', true)]);
  expect(countLeftToCollect(plan, [])).toBe(1);
});

function appliedOf(decisions: readonly ReturnType<typeof decisionOf>[], outcome: 'deleted' | 'already-gone'): Report {
  const plan = repositoryPlan(decisions);
  const doomed = decisions.filter(({ decision }) => decision === 'delete');
  const outcomes = doomed.map((one) => outcomeOf(deleteStep(one), outcome));
  return reportOf({
    command: 'apply',
    result: { kind: 'applied' },
    plan: planOf([plan]),
    applied: [{ name: plan.name, outcomes, notApplied: [] }],
  });
}
