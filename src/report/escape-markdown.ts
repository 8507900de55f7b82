// Makes untrusted text harmless in GitHub's and GitLab's Markdown, also in a table cell: no cell, row, tag, link, mention,
// image, comment, emoji, formula or list can come out of it. Text always ends up on one line.

import { escapeTerminal } from './escape-terminal.ts';
import { truncateText } from './truncate-text.ts';

/**
 * Characters that are plain inside a code span, also in a table cell: printable, and neither fence, cell border nor tag. A dollar
 * sign next to a fence would start a formula.
 */
const PLAIN_IN_CODE = /^(?!\$)[^`|\\<>&\s]+(?: [^`|\\<>&\s]+)*(?<!\$)$/u;

/** Longer untrusted texts are cut: no single one may use up the place for the rest. */
const MAX_CHARACTERS = 2000;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
};

/**
 * Words that GitHub and GitLab look for in finished text, to notify somebody or to link somewhere: mentions and e-mail addresses,
 * issue numbers (`#1`, `owner/name#1`, `GH-1`), commit ids, addresses. They do not look into code.
 * Source: https://docs.github.com/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
 */
const NOTIFYING = /[@#]|(?<![a-z\d])(?:gh-\d|[\da-f]{7,}(?![a-z\d]))|:\/\/|www\./i;

/** Punctuation around a word that does not belong to it. */
const AROUND = /^(["'([{]*)(.*?)([)\]}"'.,;:!?…]*)$/su;

/**
 * What Markdown, or the platforms' filters on finished text, would take for structure. In one pass, so that nothing this
 * function writes is read again: 1. mentions and e-mail addresses, issue numbers; 2. addresses and emoji names; 3. formulas;
 * 4. punctuation inside a line.
 */
const STRUCTURE = /[@#]|:(?=\/\/|[\w+-]+:)|(?:www|mailto|xmpp)(?=[.:])|\$|[&<>`*_~[\]\\|]/gi;

/** Also heading, list, rule or quote at the start of a list item. */
const STRUCTURE_AT_START = new RegExp(`${STRUCTURE.source}|^[-+=:]|(?<=^\\d+)[.)]`, 'gi');

/**
 * Prose that holds untrusted names, for a paragraph, list item or table cell. What would notify or link becomes code; for the
 * rest entities for what Markdown knows, as an entity is never structure (CommonMark 0.31, 2.5); a `<wbr>` (allowed by both
 * platforms, copied as nothing) splits what is looked for in finished text; `$` stands in a span, or it would start a formula.
 */
export function escapeMarkdown(text: string): string {
  return oneLine(text)
    .split(/(\s+)/u)
    .map((word, index) => escapeWord(word, index === 0 ? STRUCTURE_AT_START : STRUCTURE))
    .join('');
}

function escapeWord(word: string, structure: RegExp): string {
  const [, before = '', core = '', after = ''] = AROUND.exec(word) ?? [];
  if (!NOTIFYING.test(core)) return word.replace(structure, neutralize);
  return `${before.replace(structure, neutralize)}${markdownCode(core)}${after.replace(STRUCTURE, neutralize)}`;
}

/**
 * A name (tag, branch, digest, path, command) as code. A plain one becomes a code span, everything else a `<code>` element
 * with entities; empty text becomes an empty element.
 */
export function markdownCode(text: string): string {
  const shown = oneLine(text);
  return PLAIN_IN_CODE.test(shown) ? `\`${shown}\`` : htmlCode(shown);
}

/** A name as a `<code>` element, for the title of a fold: inside a block of HTML no Markdown is read, backticks are just text. */
export function htmlCode(text: string): string {
  return `<code>${oneLine(text).replace(STRUCTURE, neutralize)}</code>`;
}

/** Prose for the title of a fold, as {@link htmlCode}: all of it as code when any of it could notify somebody. */
export function escapeHtml(text: string): string {
  return NOTIFYING.test(text) ? htmlCode(text) : oneLine(text).replace(STRUCTURE, neutralize);
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
