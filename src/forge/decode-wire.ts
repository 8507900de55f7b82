// What a forge sends becomes values that are known to have their shape, or an error. Nothing is ever left out.

import * as z from 'zod';
import { ProtocolError } from '../errors.ts';
import { type CommitId, isCommitId } from '../model/history.ts';
import { type Instant, parseRfc3339 } from '../model/time.ts';

/** A full commit id in wire data. */
export const commitIdSchema = z.custom<CommitId>(
  (value) => typeof value === 'string' && isCommitId(value),
  'is not a commit id',
);

/** A moment in wire data: RFC 3339, as an instant. */
export const instantSchema = z.string().transform((text, context): Instant => {
  const instant = parseRfc3339(text);
  if (instant !== undefined) return instant;
  context.addIssue({ code: 'custom', message: 'is not a time' });
  return z.NEVER;
});

/**
 * The value as the schema wants it.
 * @throws ProtocolError PROTOCOL for anything else: an item that is not understood is never left out.
 */
export function decodeWire<Schema extends z.ZodType>(schema: Schema, value: unknown, purpose: string): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const what = issue === undefined ? 'it has another shape' : `${issue.path.join('.')}: ${issue.message}`;
  throw new ProtocolError(`Cannot ${purpose}: the answer is not understood (${what}).`, { code: 'PROTOCOL' });
}
