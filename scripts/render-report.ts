// Shows a report file as GitHub would: `node scripts/render-report.ts REPORT.json PAGE.html [summary|comment]`. Open the page in a browser.

import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { decodeReport } from '../src/report/decode-report.ts';
import { renderComment } from '../src/report/render-comment.ts';
import { renderMarkdown } from '../src/report/render-markdown.ts';
import type { Report } from '../src/report/report.ts';
import { renderGithubPage } from '../test/support/render-github-html.ts';

const STYLE = join(import.meta.dirname, '..', 'node_modules', 'github-markdown-css', 'github-markdown-light.css');

async function main(): Promise<void> {
  const [from, to, kind = 'summary'] = process.argv.slice(2);
  if (from === undefined || to === undefined || !['summary', 'comment'].includes(kind))
    throw new Error('usage: node scripts/render-report.ts REPORT.json PAGE.html [summary|comment]');
  const text = await readFile(from, 'utf8');
  decodeReport(text, from);
  const report = JSON.parse(text) as Report;
  const markdown =
    kind === 'comment' ? renderComment(report, { key: 'shown' }) : renderMarkdown(report, { frontEnd: 'action' });
  await writeFile(to, renderGithubPage(markdown, pathToFileURL(STYLE).href));
  process.stdout.write(`${pathToFileURL(resolve(to)).href}\n`);
}

await main();
