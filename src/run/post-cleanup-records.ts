// After an apply: werf is told when its repository was cleaned, or its builds warn that nobody does. Never part of a plan.

import type { Settings } from '../config/settings.ts';
import { CleanupError, describeCause } from '../errors.ts';
import { parseTag } from '../model/reference.ts';
import type { Registry } from '../registry/port.ts';
import type { RepositoryOutcome } from '../report/report.ts';
import type { CollectedRepository, RunContext } from './collect-evidence.ts';
import { othersOf } from './decide-repositories.ts';
import type { Planned } from './make-plan.ts';
import { projectIn } from './werf-project.ts';
import { labelsOfRecord, projectLabel, putWerfRecord } from './werf-record.ts';

/** The apply that has ended. */
export interface EndedApply {
  readonly settings: Settings;
  readonly context: RunContext;
  readonly planned: Pick<Planned, 'collected' | 'decided'>;
  readonly applied: readonly RepositoryOutcome[];
}

/** werf reads any tag that begins so, and writes this one. */
const TAG = parseTag('cleanup');
/** Milliseconds since 1970. */
const TIME_LABEL = 'lastcleanuptimestamp';

/**
 * Posts the time of this cleanup to every repository that werf made and this run cleaned, or to the one with its records. Not after a purge,
 * where cleaning is switched off, after an interrupt, or where steps were tried and none was done. Never throws: what fails is a warning,
 * as nothing but werf's own warning hangs on it.
 */
export async function postCleanupRecords(ended: EndedApply): Promise<void> {
  const { settings, context, planned, applied } = ended;
  const { policy } = settings;
  if (policy.purge || policy.werf.disabled !== 'no' || context.signal?.aborted === true) return;
  const { repositories } = planned.collected;
  for (const repository of repositories) {
    const { name, role } = repository;
    if (role !== undefined || planned.decided.get(name)?.werf === undefined || failedWholly(name, applied)) continue;
    const meta = othersOf(name, repositories).find((other) => other.role?.kind === 'meta');
    const project = policy.werf.project ?? projectIn(repository.snapshot);
    await post(meta ?? repository, project, context);
  }
}

/** The registry let nothing be done: that is no cleanup. */
function failedWholly(name: string, applied: readonly RepositoryOutcome[]): boolean {
  const outcomes = applied.find((one) => one.name === name)?.outcomes ?? [];
  const isDone = outcomes.some(({ outcome }) => outcome === 'deleted' || outcome === 'already-gone');
  return !isDone && outcomes.some(({ outcome }) => outcome === 'failed');
}

async function post(
  { name, registry }: CollectedRepository,
  project: string | undefined,
  { log, now }: RunContext,
): Promise<void> {
  try {
    if (await isOfSomebodyElse(registry)) {
      log.warn(`${name} has a tag ${TAG} that is no record of werf's: the time of this cleanup is not noted there.`);
      return;
    }
    const at = now();
    const labels = { ...projectLabel(project), [TIME_LABEL]: String(at) };
    await putWerfRecord(registry, TAG, { labels, createdAt: at });
    log.debug(`the time of this cleanup is noted in ${name}`);
  } catch (error) {
    const hint = error instanceof CleanupError && error.hint !== undefined ? ` ${error.hint}` : '';
    log.warn(`The time of this cleanup could not be noted in ${name} for werf: ${describeCause(error)}${hint}`);
  }
}

/** Whether the tag leads to an image that is not to be lost. */
async function isOfSomebodyElse(registry: Registry): Promise<boolean> {
  const digest = await registry.resolveTag(TAG);
  if (digest === 'absent') return false;
  const { nodes } = await registry.readDigests([digest]);
  return labelsOfRecord(nodes.get(digest))?.[TIME_LABEL] === undefined;
}
