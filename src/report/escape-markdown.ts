// Makes untrusted text harmless in GitHub's and GitLab's Markdown, also in a table cell: no cell, row, tag, link, mention,
// image, comment, emoji, formula or list can come out of it. Text always ends up on one line.

import { escapeTerminal } from './escape-terminal.ts';
import { truncateText } from './truncate-text.ts';

/** Characters that are plain inside a code span, also in a table cell: printable, and neither fence, cell border nor tag. */
const PLAIN_IN_CODE = /^[^`|\\<>&\s]+(?: [^`|\\<>&\s]+)*$/u;

/** Longer untrusted texts are cut: no single one may use up the place for the rest. */
const MAX_CHARACTERS = 2000;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
};

/**
 * What Markdown, or the platforms' filters on finished text, would take for structure. In one pass, so that nothing this
 * function writes is read again: 1. mentions and e-mail addresses, issue numbers; 2. addresses and emoji names; 3. formulas;
 * 4. punctuation inside a line; 5. heading, list, rule or quote at the start of a list item.
 */
const STRUCTURE = /[@#]|:(?=\/\/|[\w+-]+:)|(?:www|mailto|xmpp)(?=[.:])|\$|[&<>`*_~[\]\\|]|^[-+=:]|(?<=^\d+)[.)]/gi;

/**
 * Prose that holds untrusted names, for a paragraph, list item or table cell. Entities for what Markdown knows, as an entity
 * is never structure (CommonMark 0.31, 2.5); a `<wbr>` (allowed by both platforms, copied as nothing) splits what is looked
 * for in finished text; `$` stands in a span, or it would start a formula.
 */
export function escapeMarkdown(text: string): string {
  return oneLine(text).replace(STRUCTURE, neutralize);
}

/**
 * A name (tag, branch, digest, path, command) as code. A plain one becomes a code span, everything else a `<code>` element
 * with entities; empty text becomes an empty element.
 */
export function markdownCode(text: string): string {
  const shown = oneLine(text);
  return PLAIN_IN_CODE.test(shown) ? `\`${shown}\`` : `<code>${shown.replace(STRUCTURE, neutralize)}</code>`;
}

function oneLine(text: string): string {
  return truncateText(escapeTerminal(text), MAX_CHARACTERS).trim();
}

function neutralize(found: string): string {
  if (found === '@') return '<wbr>@<wbr>';
  if (found === '$') return '<span>$</span>';
  if (found === '#' || /^[a-z]/i.test(found)) return `${found}<wbr>`;
  if (found === ':') return '&#58;<wbr>';
  return ENTITIES[found] ?? `&#${found.codePointAt(0) ?? 0};`;
}
