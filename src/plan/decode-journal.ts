// Reading a journal back: every line must be one that an apply or a restore wrote. Only what a crash cut short is let go.

import { createHash } from 'node:crypto';
import * as z from 'zod';
import { UsageError } from '../errors.ts';
import { type Digest, isDigest, isTag, type Tag } from '../model/reference.ts';
import type { IntentLine, JournalLine } from './journal-line.ts';

/** A journal's lines, and where a crash had cut one short. */
export interface DecodedJournal {
  readonly lines: readonly JournalLine[];
  /** Numbers from 1 of lines that were not written to their end: what they would have said was never done, or is not known. */
  readonly cut: readonly number[];
}

/** Wrong lines that a message names. */
const MAX_SHOWN = 20;

const digest = z.custom<Digest>((value) => typeof value === 'string' && isDigest(value), 'not a digest');
const tag = z.custom<Tag>((value) => typeof value === 'string' && isTag(value), 'not a tag');
const common = { at: z.string(), repository: z.string().min(1), digest };
const lineSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('intent'),
    ...common,
    action: z.enum(['delete', 'untag']),
    tags: z.array(tag),
    mediaType: z.string(),
    manifestBase64: z.base64(),
    undo: z.enum(['put-manifest', 'restore', 'none']).exactOptional(),
  }),
  z.object({
    kind: z.literal('outcome'),
    ...common,
    tag: tag.exactOptional(),
    outcome: z.enum(['deleted', 'already-gone', 'skipped', 'failed']),
    why: z.string().exactOptional(),
    left: z.boolean().exactOptional(),
  }),
  z.object({ kind: z.literal('restored'), ...common, tag: tag.exactOptional() }),
]);

/**
 * The lines of a journal in their order. `source` names the file in messages. Empty for an empty file.
 * A run that was killed leaves half a line, and the next one begins a new line after it (see `openJournal`): such a line is left out.
 * @throws UsageError USAGE that names every other line that is none of ours, or whose bytes do not fit its digest.
 */
export function decodeJournal(text: string, source: string): DecodedJournal {
  const lines: JournalLine[] = [];
  const cut: number[] = [];
  const wrong: string[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const decoded = decodeLine(line);
    if (decoded === 'cut') cut.push(at + 1);
    else if (typeof decoded === 'string') wrong.push(`line ${at + 1}: ${decoded}`);
    else lines.push(decoded);
  }
  if (wrong.length > 0) throw notAJournal(wrong, source);
  return { lines, cut };
}

/** The line, `cut`, or what is wrong with it. */
function decodeLine(line: string): JournalLine | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Lines are flat objects: what does not end like one was not written to its end.
    return line.startsWith('{') && !line.trimEnd().endsWith('}') ? 'cut' : 'not JSON';
  }
  const decoded = lineSchema.safeParse(value);
  if (!decoded.success) return z.prettifyError(decoded.error).replaceAll(/\s*\n\s*/g, ' ');
  const found = decoded.data;
  if (found.kind === 'intent' && !fits(found)) return `its bytes are not those of ${found.digest}`;
  return found;
}

function fits({ digest: expected, manifestBase64 }: IntentLine): boolean {
  const algorithm = expected.startsWith('sha512:') ? 'sha512' : 'sha256';
  const bytes = Buffer.from(manifestBase64, 'base64');
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}` === expected;
}

function notAJournal(wrong: readonly string[], source: string): UsageError {
  const left = wrong.length - MAX_SHOWN;
  const shown = [...wrong.slice(0, MAX_SHOWN), ...(left > 0 ? [`and ${left} more`] : [])];
  return new UsageError(`${source} is not a journal of this version:\n  ${shown.join('\n  ')}`, {
    code: 'USAGE',
    hint: 'Give the file that `apply --journal` wrote. What a damaged line names can only be brought back by hand; without that line, the rest can.',
  });
}
