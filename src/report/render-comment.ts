// The report as a comment on a pull request: what the change would do first, then the verdict, all of it within GitHub's limit.

import { describeNextChange, describeOrigin, type FrontEnd } from './describe-status.ts';
import { escapeMarkdown, markdownCode } from './escape-markdown.ts';
import { paragraph } from './markdown-blocks.ts';
import { type Block, fitBlocks } from './markdown-document.ts';
import { PRIORITY } from './markdown-priority.ts';
import { markdownDifference } from './render-markdown-difference.ts';
import { markdownRepository } from './render-markdown-repository.ts';
import { errorBlocks, evidenceBlocks, guardBlocks, missingBlocks, verdictBlocks } from './render-markdown-verdict.ts';
import { alarmBlocks } from './render-markdown-verification.ts';
import type { Report } from './report.ts';

/** How the comment is rendered. */
export interface CommentOptions {
  /** Tells this comment from those of other steps: the same for every run of one step, as a hash of what it is for. */
  readonly key: string;
  /** Default: the action. */
  readonly frontEnd?: FrontEnd;
  /** The page of the run; shown as text unless it is a plain address. */
  readonly runUrl?: string;
  /** UTF-16 code units that the result never exceeds. Default: what fits into a comment. */
  readonly maxCharacters?: number;
}

/**
 * GitHub takes 65,536 characters and answers 422 above; it does not say how it counts those outside the basic plane, so each counts
 * as two here, and some are left over.
 * Source: https://github.com/danger/danger/issues/424
 */
const COMMENT_CHARACTERS = 65_000;

/** Characters that need no escape in a comment of HTML, nor in an address in brackets. */
const PLAIN_URL = /^https?:\/\/[\w.-]+(?::\d+)?(?:\/[\w./-]*)?$/;

/**
 * The hidden first line of every comment with this key: `<!-- registry-cleanup:KEY -->`. It is how a later run finds the comment again.
 * Letters and digits of the key stand as they are, everything else as `_` and its code in hex: distinct keys have distinct markers.
 */
export function commentMarker(key: string): string {
  const safe = key.replace(/[^a-z0-9]/gi, (char) => `_${char.charCodeAt(0).toString(16)}.`);
  return `<!-- registry-cleanup:${safe} -->`;
}

/**
 * The comment, which begins with its marker and ends in a newline. Nothing that came from outside can add structure to it, hide
 * anything, notify anybody or link anywhere; lists are cut at row boundaries to stay within `maxCharacters`.
 */
export function renderComment(report: Report, options: CommentOptions): string {
  const { frontEnd = 'action', maxCharacters = COMMENT_CHARACTERS } = options;
  const repositories = report.plan?.repositories ?? [];
  const marker = `${commentMarker(options.key)}\n\n`;
  const blocks = [
    ...alarmBlocks(report),
    ...missingBlocks(report),
    ...markdownDifference(report, '##'),
    ...verdictBlocks(report, describeNextChange(report, frontEnd)),
    ...errorBlocks(report),
    ...guardBlocks(report),
    ...evidenceBlocks(report, frontEnd),
    ...repositories.flatMap((one) => markdownRepository(report, one, 'short')),
    originBlock(report, options.runUrl),
  ];
  return `${marker}${fitBlocks(blocks, maxCharacters - marker.length, countCharacters)}`;
}

function originBlock(report: Report, runUrl: string | undefined): Block {
  const origin = escapeMarkdown(describeOrigin(report));
  return paragraph(PRIORITY.recovery, `<sub>${origin}${runUrl === undefined ? '' : ` · ${linkTo(runUrl)}`}</sub>`);
}

function linkTo(url: string): string {
  return PLAIN_URL.test(url) ? `[the run with the whole report](${url})` : `run ${markdownCode(url)}`;
}

function countCharacters(text: string): number {
  return text.length;
}
