// `host`: tidies the local store of a build machine. The story: collect, decide, plan, apply, remember, report.

import type { HostSettings } from '../../config/host-settings.ts';
import type { EngineGateway } from '../../host/port.ts';
import type { HostPlan, HostStep } from '../../model/host-plan.ts';
import type { ImageId } from '../../model/local-store.ts';
import { buildHostPlan } from '../../plan/host/build-host-plan.ts';
import { decideHost } from '../../policy/host/decide-host.ts';
import { buildHostReport, type HostReportInput } from '../../report/build-host-report.ts';
import type { HostReport, HostResult } from '../../report/host-report.ts';
import { TOOL } from '../../version.ts';
import type { RunContext } from '../collect-evidence.ts';
import { keepReport, resultOf } from '../result-of.ts';
import { assertWritable } from '../run-files.ts';
import { applyHost } from './apply-host.ts';
import { type CollectedHost, collectHost, type HostWork } from './collect-host.ts';
import { deleteOwnFolder, listOwnFolders, type OwnFolderSearch } from './own-folders.ts';
import { hostMemoryPath, writeHostMemory } from './remembered-images.ts';
import { forgetImages } from './see-images.ts';

/** How the engine is reached. */
export type OpenEngine = () => Promise<EngineGateway>;

/** What a run has found out so far, for the report; filled while it goes. */
type Findings = {
  -readonly [Key in 'engine' | 'store' | 'plan' | 'diskAfter']?: HostReportInput[Key];
} & {
  readonly outcomes: HostReportInput['outcomes'][number][];
  seen?: Pick<CollectedHost, 'memory' | 'place'>;
};

/**
 * Plans, and with `confirm` carries the plan out unless a finding speaks against it. What was seen is remembered either way, and the report
 * file is written that is asked for. Everything that happens is in the report, whose `result` says how it ended. Never throws a CleanupError.
 */
export async function runHost(
  settings: HostSettings,
  context: RunContext,
  open: OpenEngine = engineOpener(settings, context),
): Promise<HostReport> {
  const startedAt = context.now();
  const found: Findings = { outcomes: [] };
  const { reportFile, confirm, policy } = settings;
  const build = (result: HostResult): HostReport =>
    buildHostReport({
      tool: TOOL,
      startedAt,
      finishedAt: context.now(),
      result,
      isConfirmed: confirm,
      diskUnknown: whyDiskUnknown(settings, found),
      notes: [],
      ...(policy.disk === undefined ? {} : { low: policy.disk.low }),
      ...found,
    });
  const story = async (): Promise<HostResult> => {
    if (reportFile !== undefined) await assertWritable(reportFile);
    const gateway = await open();
    try {
      found.engine = gateway.engine;
      return await tidy({ settings, context, gateway }, found);
    } finally {
      gateway.close();
      await remember(found, context);
    }
  };
  const report = build(await resultOf(story, context));
  return await keepReport(report, reportFile, { rebuild: build, context });
}

function engineOpener({ engine, engineRoot }: HostSettings, { environment, now, log }: RunContext): OpenEngine {
  return async () => {
    const { openEngine } = await import('../../host/open-engine.ts');
    return await openEngine(engine, { environment, now, log, ...(engineRoot === undefined ? {} : { engineRoot }) });
  };
}

async function tidy(work: HostWork, found: Findings): Promise<HostResult> {
  const { settings } = work;
  const collected = await collectHost(work, (seen) => {
    found.seen = seen;
  });
  found.store = collected.evidence.store;
  const plan = await makePlan(work, collected);
  found.plan = plan;
  if (!settings.confirm) return { kind: 'planned' };
  if (plan.findings.length > 0) return { kind: 'refused' };
  await apply(work, { plan, collected, found });
  return { kind: 'applied' };
}

async function makePlan({ settings, context }: HostWork, { evidence, place }: CollectedHost): Promise<HostPlan> {
  const now = context.now();
  const search = ownFolderSearch(settings, { now, place });
  const folders = search === undefined ? [] : (await listOwnFolders(search)).filter((own) => mayGo(own, settings));
  return buildHostPlan({
    engine: evidence.store.engine,
    decisions: decideHost(evidence, settings.policy, now),
    folders: folders.map(({ path, unusedFor, sizeBytes }) => ({
      action: 'delete-folder',
      path,
      unusedFor,
      freesBytes: sizeBytes,
    })),
    maxDeleteShare: settings.maxDeleteShare,
    now,
  });
}

/** All of our own goes by the word for everything; else what nobody used for so long. */
function mayGo({ unusedFor }: { readonly unusedFor: number }, { policy, ownCacheOlderThan }: HostSettings): boolean {
  return policy.mrproper === 'all' || (ownCacheOlderThan !== undefined && unusedFor > ownCacheOlderThan);
}

function ownFolderSearch(
  { cacheDirectory, policy, ownCacheOlderThan }: HostSettings,
  { now, place }: Pick<OwnFolderSearch, 'now'> & Pick<CollectedHost, 'place'>,
): OwnFolderSearch | undefined {
  const isAsked = ownCacheOlderThan !== undefined || policy.mrproper === 'all';
  if (cacheDirectory === undefined || !isAsked) return undefined;
  return { cacheDirectory, now, ...(place === undefined ? {} : { except: hostMemoryPath(place) }) };
}

interface Applying {
  readonly plan: HostPlan;
  readonly collected: CollectedHost;
  readonly found: Findings;
}

async function apply({ settings, context, gateway }: HostWork, { plan, collected, found }: Applying): Promise<void> {
  const { log, signal } = context;
  const low = settings.policy.disk?.low;
  await applyHost({
    plan,
    gateway,
    ...(low === undefined ? {} : { low }),
    deleteFolder: async (step) =>
      await deleteFolder(step, ownFolderSearch(settings, { now: context.now(), ...collected })),
    log,
    ...(signal === undefined ? {} : { signal }),
    onOutcome: (outcome) => {
      found.outcomes.push(outcome);
      log.debug(`${outcome.step.action} ${nameOf(outcome.step)}: ${outcome.outcome} ${outcome.text ?? ''}`.trimEnd());
    },
  });
  const measured = await gateway.measureDisk();
  if (measured.kind === 'known') found.diskAfter = measured.disk;
}

async function deleteFolder(
  { path, unusedFor }: Extract<HostStep, { action: 'delete-folder' }>,
  search: OwnFolderSearch | undefined,
): ReturnType<typeof deleteOwnFolder> {
  if (search === undefined || unusedFor === undefined) return { outcome: 'skipped', text: 'nobody asked for it' };
  return await deleteOwnFolder(path, { ...search, unusedFor });
}

function nameOf(step: HostStep): string {
  if ('id' in step) return step.id;
  return step.action === 'delete-folder' ? step.path : '';
}

/** Also after a failure: what was seen was seen. What has gone is forgotten. */
async function remember({ seen, outcomes }: Findings, { now }: RunContext): Promise<void> {
  if (seen?.place === undefined) return;
  const gone = new Set<ImageId>(
    outcomes.flatMap(({ step, outcome }) =>
      step.action === 'delete-image' && (outcome === 'deleted' || outcome === 'already-gone') ? [step.id] : [],
    ),
  );
  await writeHostMemory(forgetImages(seen.memory, gone), { place: seen.place, now: now() });
}

/** Why nobody can tell how full a disk is that is to be kept from filling up; the plan has a remark of it, too. */
function whyDiskUnknown({ policy }: HostSettings, { store }: Findings): string | undefined {
  if (policy.disk === undefined || store === undefined) return undefined;
  if (store.disk === undefined) return store.whyNoDisk ?? 'the engine does not tell where it is';
  return store.disk.capacityBytes > 0 ? undefined : 'its file system says that it has no room at all';
}
