// What a merge request on GitLab shows of a run, nearly: the Code Quality widget's lines, and the note below them.

import type { CodeQualityItem } from '../../src/report/build-code-quality.ts';
import { renderGithubHtml } from './render-github-html.ts';

const STYLE = `
body { font: 14px/1.5 "GitLab Sans", Inter, "Helvetica Neue", sans-serif; color: #28272d; max-width: 990px; margin: 24px auto; }
.widget, .note { border: 1px solid #dcdcde; border-radius: 8px; margin-bottom: 24px; }
.widget > p { margin: 0; padding: 12px 16px; font-weight: 600; background: #fbfafd; border-radius: 8px 8px 0 0; }
.widget ul { list-style: none; margin: 0; padding: 8px 16px; border-top: 1px solid #dcdcde; max-height: 330px; overflow: hidden; }
.widget li { padding: 4px 0 4px 24px; position: relative; }
.widget li::before { content: ""; position: absolute; left: 4px; top: 11px; width: 10px; height: 10px; border-radius: 50%; background: #63a6e9; }
.widget li.blocker::before, .widget li.critical::before { background: #8d1300; border-radius: 2px; }
.widget li.major::before { background: #dd2b0e; } .widget li.minor::before { background: #e9be74; }
.widget a { color: #1068bf; }
.note { padding: 12px 16px; } .note > header { color: #626168; margin-bottom: 12px; } .note > header b { color: #28272d; }
.md h2 { font-size: 1.4em; border-bottom: 1px solid #dcdcde; padding-bottom: .2em; margin: 0 0 14px; } .md h3 { font-size: 1.2em; }
.md table { border-collapse: collapse; margin: 0 0 16px; } .md th, .md td { border: 1px solid #dcdcde; padding: 8px 12px; text-align: left; }
.md th { background: #fff; border-bottom: 2px solid #dcdcde; }
.md code { font: 90% "GitLab Mono", "JetBrains Mono", Menlo, monospace; background: #ececef; border-radius: 4px; padding: 1px 4px; }
.md details { margin-bottom: 12px; } .md summary { cursor: pointer; }
.markdown-alert { border-left: 4px solid #63a6e9; background: #f2f8fd; padding: 8px 16px; margin: 0 0 16px; }
.markdown-alert p { margin: 4px 0; } .markdown-alert-title { font-weight: 600; }
.markdown-alert-warning { border-color: #ab6100; background: #fdf1dd; } .markdown-alert-caution { border-color: #dd2b0e; background: #fcf1ef; }
`;

/** A page to open in a browser; the widget shows these lines as new ones. */
export function renderGitlabPage(note: string, items: readonly CodeQualityItem[]): string {
  return `<!doctype html>
<meta charset="utf-8">
<style>${STYLE}</style>
<section class="widget">
<p>Code Quality scans found ${items.length} new finding${items.length === 1 ? '' : 's'}.</p>
<ul>
${items.map(renderItem).join('\n')}
</ul>
</section>
<section class="note">
<header><b>registry-cleanup</b> @project_34_bot · just now</header>
<div class="md">
${renderGithubHtml(note)}</div>
</section>
`;
}

/** `Minor - registry-cleanup verdict - … in .registry-cleanup.yml:1`, as the widget writes it. */
function renderItem({ severity, check_name: check, description, location }: CodeQualityItem): string {
  const text = `${severity.charAt(0).toUpperCase()}${severity.slice(1)} - ${check} - ${description}`;
  const place = `${location.path}:${location.lines.begin}`;
  return `<li class="${severity}">${escapeHtml(text)} <a>in ${escapeHtml(place)}</a></li>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
