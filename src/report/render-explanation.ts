// The answer of `explain` for people: the verdict first, then every reason, then what the image hangs together with.

import { shortDigest } from '../model/reference.ts';
import type { ShownDecision } from '../plan/plan.ts';
import { describeLink } from './describe-link.ts';
import { escapeMarkdown, markdownCode } from './escape-markdown.ts';
import type { Explanation, RelatedNode } from './explanation.ts';
import { formatBytes } from './format-bytes.ts';
import { fitBlocks } from './markdown-document.ts';
import { createTextPage, joinLines, type TextOptions, type TextPage } from './text-page.ts';

/** An index rarely lists more; the JSON form has all of them. */
const MAX_RELATED = 40;
/** As for the report: well under what a job summary or a comment's fold can show. */
const MAX_MARKDOWN_BYTES = 60_000;

const NO_LINK = 'Nothing on it tells the commit it was built from.';

/** The explanation as text that ends in a newline; lines fit, names from outside are escaped. */
export function renderExplanation(explanation: Explanation, options: TextOptions): string {
  const page = createTextPage(options);
  const { node, links } = explanation;
  const paint = node.decision === 'keep' ? page.paint.good : page.paint.attention;
  return joinLines([
    ...page.statement(verdictOf(explanation), (line) => page.paint.bold(paint(line))),
    ...page.title('What it is'),
    ...page.prose(node.digest),
    ...factsOf(node).flatMap(([name, value]) => page.prose(`${name.padEnd(6)}${value}`, 6)),
    ...page.title(node.decision === 'keep' ? 'Why it stays' : 'Why it would go'),
    ...node.reasons.flatMap(({ rule, text }) => page.prose(`- ${text} [${rule}]`, 2)),
    ...(node.untag.length === 0
      ? []
      : [...page.title('Tags that would come off it'), ...node.untag.flatMap((tag) => page.prose(tag))]),
    ...page.title('Links to commits'),
    ...(links.length === 0 ? page.prose(NO_LINK) : links.flatMap((link) => page.prose(`- ${describeLink(link)}`, 2))),
    ...renderRelated(explanation.related, page),
  ]);
}

/** The same as Markdown of at most 60,000 bytes. */
export function renderExplanationMarkdown(explanation: Explanation): string {
  const { node, links, related } = explanation;
  const list = (title: string, rows: readonly string[]) => ({
    priority: 1,
    head: [`**${title}**`, ''],
    rows,
    tail: [],
  });
  return fitBlocks(
    [
      { priority: 0, head: [`## ${escapeMarkdown(verdictOf(explanation))}`], rows: [], tail: [] },
      {
        priority: 0,
        head: ['| | |', '| --- | --- |'],
        rows: [['digest', node.digest] as const, ...factsOf(node)].map(
          ([name, value]) => `| ${escapeMarkdown(name)} | ${markdownCode(value)} |`,
        ),
        tail: [],
      },
      list(
        node.decision === 'keep' ? 'Why it stays' : 'Why it would go',
        node.reasons.map(({ rule, text }) => `- ${escapeMarkdown(text)} (${markdownCode(rule)})`),
      ),
      ...(node.untag.length === 0
        ? []
        : [
            list(
              'Tags that would come off it',
              node.untag.map((tag) => `- ${markdownCode(tag)}`),
            ),
          ]),
      list(
        'Links to commits',
        links.length === 0 ? [NO_LINK] : links.map((link) => `- ${escapeMarkdown(describeLink(link))}`),
      ),
      ...(related.length === 0
        ? []
        : [
            {
              priority: 2,
              head: ['| Hangs together with | Digest | Tags | |', '| --- | --- | --- | --- |'],
              rows: related.map(
                ({ relation, digest, tags, decision }) =>
                  `| ${relation} | ${markdownCode(shortDigest(digest))} | ${tags.map(markdownCode).join(', ')} | ${inWords(decision)} |`,
              ),
              tail: [],
            },
          ]),
    ],
    MAX_MARKDOWN_BYTES,
  );
}

function verdictOf({ repository, target, node }: Explanation): string {
  return `${repository}, ${target}: ${node.decision === 'keep' ? 'stays' : 'would be deleted'}`;
}

function factsOf({ tags, what, sizeBytes }: ShownDecision): readonly (readonly [string, string])[] {
  return [
    ['tags', tags.length === 0 ? 'none' : tags.join(', ')],
    ['kind', what],
    ['size', `${formatBytes(sizeBytes)}, shared layers counted`],
  ];
}

function renderRelated(related: readonly RelatedNode[], page: TextPage): readonly string[] {
  if (related.length === 0) return [];
  const rows = related.map(({ relation, digest, tags, decision }) => [
    relation,
    shortDigest(digest),
    inWords(decision),
    tags.join(', '),
  ]);
  return [
    ...page.title('Hangs together with'),
    ...page.table(rows, [{}, { maxShare: 0.4 }, { maxShare: 0.25 }, {}], MAX_RELATED),
  ];
}

function inWords(decision: RelatedNode['decision']): string {
  if (decision === 'absent') return 'not there';
  return decision === 'keep' ? 'stays' : 'would go';
}
