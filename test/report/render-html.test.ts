// The pages that users see, as golden files to open in a browser: test/golden/html. `npx vitest run test/report -u` writes them anew.

import { describe, expect, it } from 'vitest';
import { renderComment } from '../../src/report/render-comment.ts';
import { renderMarkdown } from '../../src/report/render-markdown.ts';
import { worlds } from '../builders/report-worlds.ts';
import { readHtml } from '../support/html-structure.ts';
import { renderGithubHtml, renderGithubPage } from '../support/render-github-html.ts';

const summary = (name: string): string => renderMarkdown(worlds[name]!(), { frontEnd: 'action' });
const comment = (name: string): string => renderComment(worlds[name]!(), { key: '5f0e1d' });

const pages: Readonly<Record<string, () => string>> = {
  'summary-plan-github': () => summary('plan-github'),
  'summary-plan-several-repositories': () => summary('plan-several-repositories'),
  'summary-plan-fork': () => summary('plan-fork'),
  'summary-apply-quota-spent': () => summary('apply-quota-spent'),
  'summary-apply-protected': () => summary('apply-protected'),
  'summary-apply-with-failures': () => summary('apply-with-failures'),
  'comment-plan-difference': () => comment('plan-difference'),
  'comment-plan-fork-difference': () => comment('plan-fork-difference'),
  'comment-plan-untold-difference': () => comment('plan-untold-difference'),
  'comment-stopped-by-bad-policy': () => comment('stopped-by-bad-policy'),
};

describe.each(Object.entries(pages))('the page of %s', (name, render) => {
  it('looks as its golden file does', async () => {
    await expect(renderGithubPage(render())).toMatchFileSnapshot(`../golden/html/${name}.html`);
  });

  it('opens with an alert or a heading, and shows no Markdown as text', () => {
    const html = renderGithubHtml(render()).replace(/^<!--.*-->\s*/, '');
    expect(html).toMatch(/^<(?:h2|div class="markdown-alert)/);
    const prose = readHtml(html).texts.filter(({ within }) => !within.includes('code') && !within.includes('pre'));
    expect(prose.length).toBeGreaterThan(0);
    for (const { text } of prose) expect(text).not.toMatch(/^#+ |\*\*|`|\|\s|\[!|<\w/);
  });
});
