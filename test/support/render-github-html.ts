// Markdown as GitHub shows it, nearly: GFM, and alerts, which marked does not know. Mermaid stays the fence that it is.

import { Marked, type Tokens } from 'marked';

/** Where the style lies, seen from test/golden/html and from any folder as deep. */
const GITHUB_STYLE = '../../../node_modules/github-markdown-css/github-markdown-light.css';

const ALERT = /^\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\n?/;

const github = new Marked({ gfm: true }).use({
  renderer: {
    /** https://docs.github.com/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#alerts */
    blockquote(quote: Tokens.Blockquote): string | false {
      const kind = ALERT.exec(quote.text)?.[1];
      if (kind === undefined) return false;
      const inner = github.parser(github.lexer(quote.text.replace(ALERT, '')));
      const name = kind.toLowerCase();
      const title = `${kind.slice(0, 1)}${kind.slice(1).toLowerCase()}`;
      return `<div class="markdown-alert markdown-alert-${name}">\n<p class="markdown-alert-title">${title}</p>\n${inner}</div>\n`;
    },
  },
});

/** The elements alone. */
export function renderGithubHtml(markdown: string): string {
  return github.parse(markdown, { async: false });
}

/** A page to open in a browser. */
export function renderGithubPage(markdown: string, style: string = GITHUB_STYLE): string {
  return `<!doctype html>
<meta charset="utf-8">
<link rel="stylesheet" href="${style}">
<article class="markdown-body">
${renderGithubHtml(markdown)}</article>
`;
}
