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
 * issue numbers (`#1`, `owner/name#1`, `GH-1`), commit ids, addresses. They do not look into code. A `www` whose dot was taken off as
 * punctuation, or that our own sentence puts a dot behind, counts as well: GitHub's parser makes a link of `www.…`.
 * Source: https://docs.github.com/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
 */
const NOTIFYING = /[@#]|(?<![a-z\d])(?:gh-\d|[\da-f]{7,}(?![a-z\d]))|:\/\/|www(?=\.|$)/i;

/**
 * Words that GitLab looks for besides: merge requests (`!1`), snippets (`$1`), epics (`&1`), milestones (`%v1`), alerts, iterations,
 * projects (`group/name>`), and commit ids in the middle of a word. An iteration counts without its colon, which {@link AROUND} may
 * have taken off: a name in quotes follows, and it may begin with a blank.
 * Source: https://docs.gitlab.com/user/markdown/#gitlab-specific-references
 */
const NOTIFYING_ON_GITLAB =
  /[!$&]\d|%(?=\S*[^\s)\]}"'.,;:!?…])|\^alert|\*iteration|[\w.-]\/[\w.-]+>|(?=[a-f]*\d)[\da-f]{7,}/i;

/** What punctuation may be a part of: labels, names in quotes or brackets, placeholders, inline diffs (`{+`). Such a word is taken whole. */
const WHOLE = /~\S|%[{"]|\[[a-z_]+:|[{[][+-]/i;

/** Punctuation around a word that does not belong to it. */
const AROUND = /^(["'([{]*)(.*?)([)\]}"'.,;:!?…]*)$/su;

/**
 * What Markdown, or the platforms' filters on finished text, would take for structure. In one pass, so that nothing this
 * function writes is read again: 1. mentions and e-mail addresses, issue numbers; 2. issues of other trackers (`ABC-1`); 3. addresses and
 * emoji names; 4. formulas; 5. punctuation inside a line.
 */
const STRUCTURE =
  /[@#]|(?<=(?<![a-z\d_])[a-z][a-z\d_]*)-(?=\d)|:(?=\/\/|[\w+-]+:)|(?:www|mailto|xmpp)(?=[.:])|\$|[&<>`*_~[\]\\|]/gi;

/**
 * Also heading, list, rule or quote at the start of a list item, and GitLab's quick actions at the start of a line: it acts upon `/close`.
 * Source: https://docs.gitlab.com/user/project/quick_actions/
 */
const STRUCTURE_AT_START = new RegExp(`${STRUCTURE.source}|^[-+=:/]|(?<=^\\d+)[.)]`, 'gi');

/**
 * Prose that holds untrusted names, for a paragraph, list item or table cell. What would notify or link becomes code; for the
 * rest entities for what Markdown knows, as an entity is never structure (CommonMark 0.31, 2.5); a `<wbr>` (allowed by both
 * platforms, copied as nothing) splits what is looked for in finished text; `$` stands in a span, or it would start a formula on GitHub,
 * and as an entity, or it would start one on GitLab, whose parser reads formulas. No backslash: GitLab's own escapes came late and with
 * exceptions, entities are CommonMark, which it speaks since 11.1.
 */
export function escapeMarkdown(text: string): string {
  return oneLine(text)
    .split(/(\s+)/u)
    .map((word, index) => escapeWord(word, index === 0 ? STRUCTURE_AT_START : STRUCTURE))
    .join('');
}

function escapeWord(word: string, structure: RegExp): string {
  const [, before = '', core = '', after = ''] = AROUND.exec(word) ?? [];
  if (WHOLE.test(word)) return markdownCode(word);
  if (!isLookedFor(core)) return word.replace(structure, neutralize);
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
  const isCode = isLookedFor(text) || WHOLE.test(text);
  return isCode ? htmlCode(text) : oneLine(text).replace(STRUCTURE, neutralize);
}

function isLookedFor(text: string): boolean {
  return NOTIFYING.test(text) || NOTIFYING_ON_GITLAB.test(text);
}

function oneLine(text: string): string {
  return truncateText(escapeTerminal(text), MAX_CHARACTERS).trim();
}

function neutralize(found: string): string {
  if (found === '@') return '<wbr>@<wbr>';
  if (found === '$') return '<span>&#36;</span>';
  if (found === '[') return '&#91;<wbr>';
  if (found === '-') return '&#45;<wbr>';
  if (found === '#' || /^[a-z]/i.test(found)) return `${found}<wbr>`;
  if (found === ':') return '&#58;<wbr>';
  return ENTITIES[found] ?? `&#${found.codePointAt(0) ?? 0};`;
}
