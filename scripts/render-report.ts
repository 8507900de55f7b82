// Shows a report file as GitHub or GitLab would: `node scripts/render-report.ts REPORT.json PAGE.html [summary|comment|merge-request]`. Open
// the page in a browser.

import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildCodeQuality } from '../src/report/build-code-quality.ts';
import { decodeReport } from '../src/report/decode-report.ts';
import { renderComment } from '../src/report/render-comment.ts';
import { renderMarkdown } from '../src/report/render-markdown.ts';
import type { Report } from '../src/report/report.ts';
import { renderGithubPage } from '../test/support/render-github-html.ts';
import { renderGitlabPage } from '../test/support/render-gitlab-html.ts';

const STYLE = join(import.meta.dirname, '..', 'node_modules', 'github-markdown-css', 'github-markdown-light.css');

const KINDS: Readonly<Record<string, (report: Report) => string>> = {
  summary: (report) => renderGithubPage(renderMarkdown(report, { frontEnd: 'action' }), pathToFileURL(STYLE).href),
  comment: (report) => renderGithubPage(renderComment(report, { key: 'shown' }), pathToFileURL(STYLE).href),
  'merge-request': (report) =>
    renderGitlabPage(
      renderComment(report, { key: 'shown', frontEnd: 'gitlab' }),
      buildCodeQuality(report, { policyFile: '.registry-cleanup.yml' }),
    ),
};

async function main(): Promise<void> {
  const [from, to, kind = 'summary'] = process.argv.slice(2);
  const render = KINDS[kind];
  if (from === undefined || to === undefined || render === undefined)
    throw new Error(`usage: node scripts/render-report.ts REPORT.json PAGE.html [${Object.keys(KINDS).join('|')}]`);
  const text = await readFile(from, 'utf8');
  decodeReport(text, from);
  await writeFile(to, render(JSON.parse(text) as Report));
  process.stdout.write(`${pathToFileURL(resolve(to)).href}\n`);
}

await main();
