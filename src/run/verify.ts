// `verify`: whether everything that clusters use in the given registries is still there. Its report, however it ends; deletes nothing.

import type { RepositoryTarget, VerifySettings } from '../config/settings.ts';
import { formatRepository } from '../model/reference.ts';
import type { UnparsableUse } from '../model/usage.ts';
import { AVAILABILITIES, type NoAnswer, type VerifiedImage } from '../model/verification.ts';
import type { Registry } from '../registry/port.ts';
import { buildVerifyReport } from '../report/build-verify-report.ts';
import type { VerifyReport, VerifyResult } from '../report/verify-report.ts';
import { appendTo } from '../util/append-to.ts';
import { mapConcurrently } from '../util/map-concurrently.ts';
import { TOOL } from '../version.ts';
import { beginRun } from './begin-run.ts';
import { closeAll, type RunContext } from './collect-evidence.ts';
import { refuseEmpty } from './refuse-empty.ts';
import { mayMean } from './refuse-unparsable.ts';
import { keepReport, resultOf } from './result-of.ts';
import { assertWritable } from './run-files.ts';
import { readUsedNow } from './verify-clusters.ts';
import { writeMetrics } from './verify-metrics.ts';
import { lookAtRepository, noAnswerOf, withoutAnswer } from './verify-repository.ts';
import { selectWanted, type WantedRepository } from './verify-select.ts';

/** How a repository is reached. */
export type OpenRepository = (target: RepositoryTarget) => Promise<Registry>;

/** What a verify has found out so far. */
type Findings = {
  -readonly [Key in 'sources' | 'notes' | 'images' | 'problems' | 'metricsFile']?: VerifyReport[Key];
};

/** Repositories that are looked at at a time. */
const REPOSITORIES_IN_FLIGHT = 4;

/**
 * Looks for everything that the clusters use, and writes the report and the metrics that are asked for. Metrics are written only when
 * the look came to its end, and no cluster showed nothing: old ones stay, and their time tells. Never throws a CleanupError.
 */
export async function runVerify(
  settings: VerifySettings,
  given: RunContext,
  open: OpenRepository = repositoryOpener(settings, given),
): Promise<VerifyReport> {
  const context = beginRun(given);
  const startedAt = context.now();
  const found: Findings = {};
  const { reportFile, repositories, registries } = settings;
  const scope = [
    ...repositories.map(({ repository }) => formatRepository(repository)),
    ...registries.map(({ prefix }) => prefix),
  ];
  const build = (result: VerifyResult): VerifyReport =>
    buildVerifyReport({
      tool: TOOL,
      startedAt,
      finishedAt: context.now(),
      result,
      scope,
      sources: [],
      notes: [],
      images: [],
      problems: [],
      ...found,
    });
  const story = async (): Promise<VerifyResult> => {
    for (const path of [reportFile, settings.metrics]) if (path !== undefined) await assertWritable(path);
    await verifyAll(settings, { context, open }, found);
    // Only now: what the others use was looked for all the same, and is told.
    refuseEmpty(found.sources ?? []);
    if (settings.metrics === undefined) return { kind: 'verified' };
    await writeMetrics(settings.metrics, build({ kind: 'verified' }));
    found.metricsFile = settings.metrics;
    return { kind: 'verified' };
  };
  const report = build(await resultOf(story, context));
  return await keepReport(report, reportFile, { rebuild: build, context });
}

/** How to open a repository with what the settings say of registries. Nothing of an adapter is loaded before it is used. */
export function repositoryOpener(
  settings: Pick<VerifySettings, 'registry'> & { readonly cacheDirectory?: string },
  { environment, now, log }: RunContext,
): OpenRepository {
  return async (target) => {
    const { openRegistry } = await import('../registry/open-registry.ts');
    const { cacheDirectory } = settings;
    const cache = cacheDirectory === undefined ? {} : { cacheDirectory };
    return await openRegistry(target, { settings: settings.registry, environment, now: now(), log, ...cache });
  };
}

interface Means {
  readonly context: RunContext;
  readonly open: OpenRepository;
}

async function verifyAll(settings: VerifySettings, means: Means, found: Findings): Promise<void> {
  const { usage, nodes, notes } = await readUsedNow(settings.kubernetes, means.context);
  found.sources = usage.sources;
  found.notes = notes;
  const wanted = selectWanted(usage, settings, nodes);
  const problems: { readonly repository: string; readonly error: NoAnswer }[] = [];
  const total = wanted.reduce((sum, { images }) => sum + images.length, 0);
  let done = 0;
  const onImage = (): void => means.context.log.progress('looking for images', ++done, Math.max(done, total));
  const looked = await mapConcurrently(wanted, REPOSITORIES_IN_FLIGHT, async (one) => {
    const { images, doubt } = await lookIn(one, means, onImage);
    if (doubt !== undefined) problems.push({ repository: formatRepository(one.target.repository), error: doubt });
    return images;
  });
  found.problems = problems;
  found.images = [...mergeImages(looked.flat()), ...badReferences(usage.unparsable, settings)];
}

async function lookIn(
  { target, images, foreign }: WantedRepository,
  { context, open }: Means,
  onImage: () => void,
): Promise<{ readonly images: readonly VerifiedImage[]; readonly doubt?: NoAnswer }> {
  let registry: Registry;
  try {
    registry = await open(target);
  } catch (error) {
    return { images: withoutAnswer(images, error), doubt: noAnswerOf(error) };
  }
  try {
    return await lookAtRepository({ registry, images, foreign, onImage });
  } finally {
    await closeAll([registry], context.log);
  }
}

/** One row for each image: where several places were asked, the worst answer counts. What only looking needs is left out. */
export function mergeImages(images: readonly VerifiedImage[]): readonly VerifiedImage[] {
  const rank = ({ availability }: VerifiedImage): number => AVAILABILITIES.indexOf(availability.kind);
  const merged = new Map<string, VerifiedImage>();
  for (const { image, askedIn, availability, workloads, unlisted } of images) {
    const shown = {
      image,
      ...(askedIn === undefined ? {} : { askedIn }),
      availability,
      workloads,
      ...(unlisted === undefined ? {} : { unlisted }),
    };
    const before = merged.get(image);
    if (before === undefined || rank(shown) < rank(before)) merged.set(image, shown);
  }
  return [...merged.values()];
}

/** Texts in image fields that nobody can pull, where they may mean what is verified. */
function badReferences(
  unparsable: readonly UnparsableUse[],
  { repositories, registries }: VerifySettings,
): readonly VerifiedImage[] {
  const ours = [
    ...repositories.flatMap(({ repository }) => [repository.name, `${repository.host}/`]),
    ...registries.map(({ prefix }) => `${prefix}/`),
  ];
  const users = new Map<string, UnparsableUse['workload'][]>();
  // What need not be an image, and is filled in before anybody pulls it, must at least name one of them.
  const isBad = ({ text, isWeak }: UnparsableUse) =>
    isWeak === true ? ours.some((name) => text.toLowerCase().includes(name)) : mayMean(text, ours);
  for (const use of unparsable) if (isBad(use)) appendTo(users, use.text, use.workload);
  return [...users].map(([image, workloads]) => ({ image, availability: { kind: 'bad-reference' }, workloads }));
}
