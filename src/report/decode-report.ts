// Reading an earlier run's report back: how much evidence there was, and when each digest was first seen.

import * as z from 'zod';
import { UsageError } from '../errors.ts';
import { isDigest } from '../model/reference.ts';
import { parseRfc3339 } from '../model/time.ts';
import type { EvidenceSummary } from '../plan/plan.ts';
import type { Report } from './report.ts';

/** What a run needs of an earlier run's report. */
export interface PreviousReport {
  /** RFC 3339. */
  readonly finishedAt: string;
  /** Absent when neither that run nor the one before it had any. */
  readonly evidence?: EvidenceSummary;
  /** Digests and times are checked: every key is a digest, every value an RFC 3339 time. */
  readonly firstSeen: Report['firstSeen'];
}

const time = z.string().refine((text) => parseRfc3339(text) !== undefined, 'not an RFC 3339 time');
const count = z.int().nonnegative();
const source = z.object({ kind: z.enum(['cluster', 'manifests']), name: z.string(), pods: count, objects: count });
const forge = z.object({
  title: z.string(),
  requestName: z.literal('merge request').optional(),
  repository: z.string(),
  pullRequests: count.optional(),
  releases: count.optional(),
  deployments: count.optional(),
});
const evidence = z.object({
  git: z.object({ branches: count, tags: count, commits: count }).optional(),
  kubernetes: z.object({ sources: z.array(source), images: count }).optional(),
  forge: forge.optional(),
  repositories: z.array(
    z.object({
      name: z.string(),
      tags: count,
      nodes: count,
      records: z.object({ nodes: count, tags: count }).optional(),
    }),
  ),
});
const report = z.object({
  version: z.literal(1),
  finishedAt: time,
  result: z.object({ kind: z.enum(['planned', 'applied', 'refused', 'alarm', 'stopped']) }),
  plan: z.object({ evidence }).optional(),
  baseline: evidence.optional(),
  firstSeen: z.record(z.string(), z.record(z.string().refine(isDigest), time)),
});

/** A file of another kind may be wrong in each of its thousands of lines. */
const MAX_ISSUES = 20;

/**
 * The report in the text of a file. `source` names the file in messages. Fields that a later version may add are ignored.
 * @throws UsageError PLAN_INVALID for no JSON, a plan, another version, or a wrong shape: up to 20 mistakes at once.
 */
export function decodeReport(text: string, source: string): PreviousReport {
  const value = parseJson(text, source);
  const decoded = report.safeParse(value);
  if (!decoded.success) throw notAReport(source, value, decoded.error);
  const { finishedAt, plan, baseline, firstSeen } = decoded.data;
  const known = plan?.evidence ?? baseline;
  return { finishedAt, firstSeen, ...(known === undefined ? {} : { evidence: knownFields(known) }) };
}

/** The evidence without fields whose value is undefined, as the type wants it. */
function knownFields({ git, kubernetes, forge: asked, repositories }: z.infer<typeof evidence>): EvidenceSummary {
  return {
    ...(git === undefined ? {} : { git }),
    ...(kubernetes === undefined ? {} : { kubernetes }),
    ...(asked === undefined ? {} : { forge: knownCounts(asked) }),
    repositories: repositories.map(({ records, ...one }) => ({
      ...one,
      ...(records === undefined ? {} : { records }),
    })),
  };
}

function knownCounts({ title, repository, ...more }: z.infer<typeof forge>): NonNullable<EvidenceSummary['forge']> {
  const { requestName, pullRequests, releases, deployments } = more;
  return {
    title,
    ...(requestName === undefined ? {} : { requestName }),
    repository,
    ...(pullRequests === undefined ? {} : { pullRequests }),
    ...(releases === undefined ? {} : { releases }),
    ...(deployments === undefined ? {} : { deployments }),
  };
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(`${source} is not JSON.`, 'Give the file that `--report-file` wrote.', cause);
  }
}

function notAReport(source: string, value: unknown, error: z.ZodError): UsageError {
  const fields = typeof value === 'object' && value !== null ? value : {};
  if ('sha256' in fields && 'repositories' in fields)
    return invalid(`${source} is a plan, not a report.`, 'Give the file that `--report-file` wrote.');
  if ('version' in fields && 'result' in fields && fields.version !== 1)
    return invalid(
      `${source} is a report of version ${JSON.stringify(fields.version)}; this program reads version 1.`,
      'Give a report of this version of registry-cleanup, or leave it out once.',
    );
  return invalid(
    `${source} is not a report: ${z.prettifyError({ issues: error.issues.slice(0, MAX_ISSUES) })}`,
    'Give the file that `--report-file` wrote, unchanged.',
  );
}

function invalid(message: string, hint: string, cause?: unknown): UsageError {
  return new UsageError(message, { code: 'PLAN_INVALID', hint, ...(cause === undefined ? {} : { cause }) });
}
