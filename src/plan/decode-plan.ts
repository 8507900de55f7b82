// Reading a plan file back: only a whole, unedited plan of a version we know is a plan.

import * as z from 'zod';
import { UsageError } from '../errors.ts';
import { type Digest, isDigest, isTag, type Tag } from '../model/reference.ts';
import { checksumOf } from './canonical-json.ts';
import type { Step } from './plan.ts';

/** What an apply needs of a plan that somebody reviewed; everything else is decided again. */
export interface ReviewedPlan {
  readonly createdAt: string;
  readonly asOf?: string;
  readonly repositories: readonly ReviewedRepository[];
}

/** One repository's part of it. */
export interface ReviewedRepository {
  readonly name: string;
  readonly steps: readonly Step[];
  /** The plan was made for a registry that collects by itself what no tag leads to: its deletions are of tags only. */
  readonly collectsUntagged?: true;
}

const digest = z.custom<Digest>((value) => typeof value === 'string' && isDigest(value), 'not a digest');
const tag = z.custom<Tag>((value) => typeof value === 'string' && isTag(value), 'not a tag');
const precondition = z.strictObject({ tags: z.array(tag), owners: z.array(digest) });
const step = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('delete'), digest, precondition }),
  z.strictObject({ action: z.literal('untag'), digest, tag, precondition }),
]);
const plan = z.object({
  version: z.literal(1),
  tool: z.string(),
  createdAt: z.string(),
  asOf: z.string().optional(),
  repositories: z.array(
    z.object({
      name: z.string(),
      steps: z.array(step),
      totals: z.object({ collected: z.number().optional() }).optional(),
    }),
  ),
  sha256: z.string(),
});

/**
 * The plan in the text of a file. `source` names the file in messages.
 * @throws UsageError PLAN_INVALID for no JSON, a report, another version, a wrong shape, or a checksum that does not fit.
 */
export function decodePlan(text: string, source: string): ReviewedPlan {
  const value = parseJson(text, source);
  const decoded = plan.safeParse(value);
  if (!decoded.success) throw notAPlan(source, value, decoded.error);
  const { sha256, ...body } = value as Record<string, unknown>;
  if (checksumOf(body) !== sha256) {
    throw new UsageError(`${source} was changed after it was made: its checksum does not fit.`, {
      code: 'PLAN_INVALID',
      hint: 'Make the plan again with `plan --plan-file`; to change what is deleted, change the policy.',
    });
  }
  const { createdAt, asOf } = decoded.data;
  const repositories = decoded.data.repositories.map(
    ({ name, steps, totals }): ReviewedRepository => ({
      name,
      steps,
      ...(totals?.collected === undefined ? {} : { collectsUntagged: true }),
    }),
  );
  return { createdAt, ...(asOf === undefined ? {} : { asOf }), repositories };
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`${source} is not JSON.`, {
      code: 'PLAN_INVALID',
      hint: 'Give the file that `plan --plan-file` wrote.',
      cause,
    });
  }
}

function notAPlan(source: string, value: unknown, error: z.ZodError): UsageError {
  const isReport = typeof value === 'object' && value !== null && 'result' in value && 'totals' in value;
  if (isReport) {
    return new UsageError(`${source} is a report, not a plan.`, {
      code: 'PLAN_INVALID',
      hint: 'Give the file that `plan --plan-file` wrote.',
    });
  }
  return new UsageError(`${source} is not a plan of this version: ${z.prettifyError(error)}`, {
    code: 'PLAN_INVALID',
    hint: 'Make the plan again with this version of registry-cleanup.',
  });
}
