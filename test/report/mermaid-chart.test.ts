import { describe, expect, it } from 'vitest';
import { mermaidChart } from '../../src/report/mermaid-chart.ts';
import { renderMarkdown } from '../../src/report/render-markdown.ts';
import { HOSTILE } from '../builders/hostile-text.ts';
import { because, decisionOf, planOf, reportFullOf, reportOf, repositoryPlan } from '../builders/report.ts';
import { worlds } from '../builders/report-worlds.ts';

const countIn = (lines: readonly string[]): number =>
  lines.reduce((sum, line) => sum + Number(/^ {4}"[^"]+" : (\d+)$/.exec(line)?.[1] ?? 0), 0);

describe('the chart of reasons', () => {
  it.each(['plan-github', 'plan-several-repositories', 'apply-with-failures', 'apply-quota-spent', 'apply-refused'])(
    'counts every image of %s once',
    (name) => {
      const report = worlds[name]!();
      const images = report.plan!.repositories.reduce((sum, { decisions }) => sum + decisions.length, 0);
      expect(countIn(mermaidChart(report))).toBe(images);
    },
  );

  it('is not drawn for one reason alone, nor for nothing', () => {
    const one = decisionOf({ decision: 'keep', name: 'a', reasons: [because.branch('main')] });
    expect(mermaidChart(reportOf({ plan: planOf([repositoryPlan([one, one])]) }))).toEqual([]);
    expect(mermaidChart(reportOf({ plan: planOf([repositoryPlan([])]) }))).toEqual([]);
    expect(mermaidChart(worlds['stopped-before-plan']!())).toEqual([]);
  });

  it.each(HOSTILE)('holds our own words only, whatever names say: %j', (text) => {
    expect(mermaidChart(reportFullOf(text))).toEqual(mermaidChart(reportFullOf('benign')));
  });

  it('is what a summary gives up first when its place is short', () => {
    const report = worlds['plan-github']!();
    const whole = renderMarkdown(report);
    expect(whole).toContain('```mermaid');
    const maxBytes = new TextEncoder().encode(whole).length - 1;
    const shorter = renderMarkdown(report, { maxBytes });
    expect(shorter.replace(/\n_Parts of.*_\n$/, '')).toBe(whole.replace(/```mermaid[\s\S]*?```\n\n/, ''));
  });
});
