import { expect, it } from 'vitest';
import { renderMarkdown } from '../../src/report/render-markdown.ts';
import { summarizeForgeUse } from '../../src/report/summarize-forge-use.ts';
import { because, commitOf, decisionOf, planOf, reportOf, repositoryPlan } from '../builders/report.ts';

const keep = (name: string, ...reasons: Parameters<typeof decisionOf>[0]['reasons']) =>
  decisionOf({ decision: 'keep', name, reasons });
const short = (name: string): string => commitOf(name).slice(0, 10);

it('counts an image once for each thing that holds it, and names by what', () => {
  const rows = summarizeForgeUse([
    keep('a', because.pullRequest(7, 'x'), because.pullRequestTag(7), because.deployed('prod', 'active', 'x')),
    keep('b', because.testMerge(7, 'y')),
    keep('c', because.published('v1'), because.branch('main')),
    keep('d', because.deployed('prod', 'inactive', 'z'), because.deployed('test', 'pending', 'z')),
  ]);
  expect(rows).toEqual([
    { kind: 'environment', name: 'prod', images: 2, by: [`active ${short('x')}`, `inactive ${short('z')}`] },
    { kind: 'environment', name: 'test', images: 1, by: [`pending ${short('z')}`] },
    { kind: 'release', name: 'v1', images: 1, by: [short('v1')] },
    { kind: 'pull request', name: '#7', images: 2, by: [short('x'), 'tag pr-7', `test merge ${short('y')}`] },
  ]);
});

it('is empty where nothing on the forge holds an image', () => {
  expect(summarizeForgeUse([keep('a', because.branch('main'))])).toEqual([]);
});

it('keeps an environment and a release of one name apart', () => {
  const rows = summarizeForgeUse([keep('a', because.published('x'), because.deployed('x', 'active', 'x'))]);
  expect(rows.map(({ kind }) => kind)).toEqual(['environment', 'release']);
});

it('shows the first of hundreds of pull requests, and how many more there are', () => {
  const many = Array.from({ length: 300 }, (_, index) => keep(`i${index}`, because.pullRequest(index, `c${index}`)));
  const text = renderMarkdown(reportOf({ plan: planOf([repositoryPlan(many)]) }));
  expect(text.match(/^\| pull request \|/gm)).toHaveLength(25);
  expect(text).toContain('| … | and 275 more | | |');
});
