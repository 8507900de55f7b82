// The files that runs leave for each other: plan and report. Reading is strict, writing is whole or not at all.

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Settings } from '../config/settings.ts';
import { describeCause, UsageError } from '../errors.ts';
import { formatRepository, isDigest } from '../model/reference.ts';
import { parseRfc3339 } from '../model/time.ts';
import { decodePlan, type ReviewedPlan } from '../plan/decode-plan.ts';
import type { EvidenceSummary } from '../plan/plan.ts';
import type { FirstSeen } from '../policy/rules/recent.ts';
import { decodeReport } from '../report/decode-report.ts';
import type { Report } from '../report/report.ts';

/** What an earlier run knew. */
export interface PreviousRun {
  readonly evidence: EvidenceSummary | undefined;
  /** As the report has it, for the next one. */
  readonly firstSeen: Report['firstSeen'];
  /** Empty for a repository that the run did not see: everything in it counts as new, until this run's report says more. */
  firstSeenIn(repository: string): FirstSeen;
}

/** The run whose report is given, or undefined when none is. @throws UsageError for a file that is no report. */
export async function readPreviousRun(path: string | undefined): Promise<PreviousRun | undefined> {
  if (path === undefined) return undefined;
  const report = decodeReport(await readText(path, 'previous report'), path);
  return {
    evidence: report.evidence,
    firstSeen: report.firstSeen,
    firstSeenIn(repository) {
      const seen = new Map(Object.entries(report.firstSeen)).get(repository) ?? {};
      const at = new Map(
        Object.entries(seen).flatMap(([digest, time]) => {
          const instant = parseRfc3339(time);
          return isDigest(digest) && instant !== undefined ? [[digest, instant] as const] : [];
        }),
      );
      return { at };
    },
  };
}

/**
 * The plan file of an apply, or undefined when none is given.
 * @throws UsageError PLAN_INVALID when it is no plan or was made with --as-of; PLAN_FOREIGN when it is for other repositories.
 */
export async function readReviewedPlan(settings: Settings): Promise<ReviewedPlan | undefined> {
  const { planFile } = settings;
  if (planFile === undefined) return undefined;
  const plan = decodePlan(await readText(planFile, 'plan file'), planFile);
  if (plan.asOf !== undefined) {
    throw new UsageError(
      `${planFile} was made with --as-of ${plan.asOf}: it shows what would go then, and is never applied.`,
      {
        code: 'PLAN_INVALID',
        hint: 'Make a plan without --as-of.',
      },
    );
  }
  const wanted = settings.repositories.map(({ repository }) => formatRepository(repository)).sort();
  const planned = plan.repositories.map(({ name }) => name).sort();
  if (JSON.stringify(wanted) !== JSON.stringify(planned)) {
    throw new UsageError(`${planFile} is for ${planned.join(', ')}, but this run is for ${wanted.join(', ')}.`, {
      code: 'PLAN_FOREIGN',
      hint: 'Name the repositories of the plan with --repository.',
    });
  }
  return plan;
}

/** Writes JSON to a file, as {@link writeTextFile} does. @throws UsageError when it cannot. */
export async function writeJsonFile(path: string, value: unknown): Promise<void> {
  await writeTextFile(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Writes a file by way of a second one beside it, and makes its folder. @throws UsageError when it cannot. */
export async function writeTextFile(path: string, text: string): Promise<void> {
  const beside = `${path}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(beside, text);
    await rename(beside, path);
  } catch (cause) {
    throw cannotWrite(path, cause);
  }
}

/** Tries, before anything is done, whether a file can be written there later; leaves nothing. @throws UsageError when not. */
export async function assertWritable(path: string): Promise<void> {
  const beside = `${path}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(beside, '');
    await rm(beside);
  } catch (cause) {
    throw cannotWrite(path, cause);
  }
}

function cannotWrite(path: string, cause: unknown): UsageError {
  return new UsageError(`${path} cannot be written: ${describeCause(cause)}`, {
    code: 'USAGE',
    hint: 'Give another path.',
    cause,
  });
}

async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`The ${what} ${path} cannot be read: ${describeCause(cause)}`, {
      code: 'USAGE',
      hint: 'Check the path.',
      cause,
    });
  }
}
