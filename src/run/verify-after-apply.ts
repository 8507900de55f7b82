// After the last step: is everything that clusters use now still there? What was there before and has gone is an alarm.

import type { KubernetesSettings, RepositoryTarget, Settings } from '../config/settings.ts';
import { EvidenceError } from '../errors.ts';
import {
  type Digest,
  effectiveTag,
  formatRepository,
  isDigest,
  isSameRepository,
  type Tag,
} from '../model/reference.ts';
import { throughMirrors } from '../model/through-mirrors.ts';
import { formatInstant, type Instant } from '../model/time.ts';
import type { ImageUse, Usage } from '../model/usage.ts';
import {
  type ApplyVerification,
  isBroken,
  type LostImage,
  type NoAnswer,
  type ShrunkSource,
  type VerifiedImage,
} from '../model/verification.ts';
import type { Outcome } from '../plan/outcome.ts';
import { createUseFinder, formatUsedReference, type UseFinder } from '../policy/rules/kubernetes.ts';
import type { Registry } from '../registry/port.ts';
import { describeShrunk } from '../report/describe-verification.ts';
import type { RepositoryOutcome } from '../report/report.ts';
import { type CollectedRepository, closeAll, type RunContext } from './collect-evidence.ts';
import { refuseEmpty } from './refuse-empty.ts';
import { findStranded } from './stranded-by-apply.ts';
import { mergeImages, type OpenRepository } from './verify.ts';
import { readUsedNow, type UsedNow } from './verify-clusters.ts';
import { platformsFor } from './verify-platforms.ts';
import { type LookedImage, lookAtRepository, noAnswerOf, withoutAnswer } from './verify-repository.ts';
import { usersOf, type WantedImage } from './verify-select.ts';
import { widenUsage } from './widen-usage.ts';

/** What a look after an apply goes by. */
export interface AfterApply {
  readonly settings: Settings;
  readonly context: RunContext;
  /** As they were read before the apply: what was there then must be there now. */
  readonly repositories: readonly CollectedRepository[];
  /** What was in use then; looked for too where clusters show far less now. */
  readonly usage: Usage | undefined;
  readonly applied: readonly RepositoryOutcome[];
  /** Opens a connection that remembers nothing: what this run knew by heart proves nothing any more. */
  readonly open: OpenRepository;
}

/** What the look found. */
export interface LookedAfterApply {
  readonly verification: ApplyVerification;
  /** All images that were looked at. */
  readonly images: readonly VerifiedImage[];
  /** Repositories that could not be asked. */
  readonly doubts: readonly NoAnswer[];
  /** When the reading of the clusters began. */
  readonly usageReadAt: Instant;
}

/** Whether an apply may have deleted anything: a failed step may have been done all the same, unless the right was missing. */
export function mayHaveDeleted(applied: readonly RepositoryOutcome[]): boolean {
  return applied.some(({ outcomes }) => outcomes.some(isMaybeDone));
}

function isMaybeDone({ outcome, forbidden }: Outcome): boolean {
  return outcome === 'deleted' || (outcome === 'failed' && forbidden !== true);
}

/**
 * Reads the clusters again and looks for everything that they use now in the repositories that were cleaned, under whatever name.
 * What they used when the plan was made is looked for too when they show far less now: no proof rests on an empty reading. Undefined when
 * no cluster is asked.
 * @throws EvidenceError when the clusters cannot be read any more, or showed nothing from the beginning.
 */
export async function verifyAfterApply(after: AfterApply): Promise<LookedAfterApply | undefined> {
  const { settings, context, repositories } = after;
  if (settings.kubernetes === 'off') return undefined;
  const usageReadAt = context.now();
  const { used, shrunk } = await readWidened(settings.kubernetes, after);
  const at = formatInstant(context.now());
  const lost: LostImage[] = [];
  const all: LookedImage[] = [];
  const doubts: NoAnswer[] = [];
  for (const repository of repositories) {
    const wanted = listWanted(repository, used, settings);
    const { images, doubt, stranded = [] } = await lookIn(repository, wanted, after);
    if (doubt !== undefined) doubts.push(doubt);
    all.push(...images);
    lost.push(
      ...images.flatMap((image, at) => {
        const ask = wanted[at]?.ask ?? [];
        return lostOf(image, { repository, after, stranded: stranded.filter((digest) => ask.includes(digest)) });
      }),
    );
  }
  const shown = mergeImages(all);
  const isLost = new Set(lost.map(({ image }) => image));
  const others = shown.filter(({ image }) => !isLost.has(image));
  const verification = {
    at,
    ...(shrunk.length === 0 ? {} : { shrunk }),
    images: shown.length,
    lost,
    goneBefore: others.filter(isBroken),
    unknown: others.filter(({ availability }) => availability.kind === 'unknown'),
  };
  return { verification, images: shown, doubts, usageReadAt };
}

async function readWidened(
  kubernetes: KubernetesSettings,
  { context, usage: before }: AfterApply,
): Promise<{ readonly used: UsedNow; readonly shrunk: readonly ShrunkSource[] }> {
  try {
    const { nodes, notes, usage: now } = await readUsedNow(kubernetes, context);
    const { usage, shrunk } = widenUsage(now, before);
    refuseEmpty(now.sources.filter((one) => !shrunk.some(({ kind, name }) => kind === one.kind && name === one.name)));
    for (const source of shrunk) context.log.warn(describeShrunk(source));
    return { used: { usage, nodes, notes }, shrunk };
  } catch (error) {
    throw error instanceof EvidenceError ? notReadAgain(error) : error;
  }
}

function notReadAgain({ code, message, hint, cause }: EvidenceError): EvidenceError {
  const text = `Whether everything that clusters use is still there could not be told after the last step: ${message}`;
  return new EvidenceError(text, { code, ...(hint === undefined ? {} : { hint }), cause });
}

/** What clusters name in the repository, or mean by a mirror, and whatever else of it they were found to use. */
function listWanted(
  { snapshot }: CollectedRepository,
  { usage, nodes }: UsedNow,
  { policy }: Settings,
): readonly WantedImage[] {
  const { mirrors } = policy.kubernetes;
  const { repository } = snapshot;
  const finder = createUseFinder({ snapshot, usage, mirrors });
  const wanted: WantedImage[] = [];
  for (const use of usage.uses) {
    const isOurs = throughMirrors(use.reference.repository, mirrors).some((one) => isSameRepository(one, repository));
    const ask = asksOf(use, finder, isOurs);
    if (ask.length === 0) continue;
    const isElsewhere = !isSameRepository(use.reference.repository, repository);
    wanted.push({
      image: formatUsedReference(use.reference),
      ...(isElsewhere ? { askedIn: formatRepository(repository) } : {}),
      ask,
      platforms: platformsFor(use, nodes),
      ...usersOf(use),
    });
  }
  for (const use of usage.bareDigests) {
    const ask = finder.ofDigest(use.digest);
    if (ask.length === 0) continue;
    const askedIn = formatRepository(repository);
    wanted.push({ image: use.digest, askedIn, ask, platforms: platformsFor(use, nodes), ...usersOf(use) });
  }
  return wanted;
}

/** Whoever names a digest pulls by it, whatever the tag beside it has become. Of a config's digest the manifests must be there. */
function asksOf({ reference }: ImageUse, finder: UseFinder, isOurs: boolean): readonly (Tag | Digest)[] {
  const found = finder.ofReference(reference);
  const { digest } = reference;
  if (digest !== undefined) {
    const nodes = found.flatMap((node) => (node.by === 'digest' ? [node.digest] : []));
    return nodes.length === 0 && isOurs ? [digest] : nodes;
  }
  const tag = effectiveTag(reference);
  return tag !== undefined && (isOurs || found.length > 0) ? [tag] : [];
}

/** What became of the wanted images, in their order. */
interface LookedIn {
  readonly images: readonly LookedImage[];
  readonly doubt?: NoAnswer;
  /** Digests among the wanted that are there, and that no tag leads to any more since this apply. */
  readonly stranded?: readonly Digest[];
}

async function lookIn(
  repository: CollectedRepository,
  images: readonly WantedImage[],
  after: AfterApply,
): Promise<LookedIn> {
  const { name, snapshot } = repository;
  const { settings, context, open } = after;
  const target = settings.repositories.find((one) => formatRepository(one.repository) === name);
  if (images.length === 0 || target === undefined) return { images: [] };
  let done = 0;
  const onImage = (): void => context.log.progress(`verify ${name}`, ++done, images.length);
  return await withRegistry(target, { context, open }, async (registry) => {
    if ('error' in registry)
      return { images: withoutAnswer(images, registry.error), doubt: noAnswerOf(registry.error) };
    const looked = await lookAtRepository({ registry, images, foreign: [], expected: snapshot.nodes, onImage });
    return { ...looked, ...(await lookForStranded(registry, repository, { images, after })) };
  });
}

/** Only a registry that collects what is untagged can lose later what is there now. */
async function lookForStranded(
  fresh: Registry,
  { name, snapshot, registry }: CollectedRepository,
  { images, after }: { readonly images: readonly WantedImage[]; readonly after: AfterApply },
): Promise<Pick<LookedIn, 'doubt' | 'stranded'>> {
  if (!registry.capabilities.collectsUntagged) return {};
  const gone = deletedIn(after.applied.find((one) => one.name === name));
  const used = [...new Set(images.flatMap(({ ask }) => ask.filter((asked) => isDigest(asked))))];
  try {
    return { stranded: await findStranded({ snapshot, gone, used }, fresh) };
  } catch (error) {
    return { doubt: noAnswerOf(error) };
  }
}

async function withRegistry<Result>(
  target: RepositoryTarget,
  { context, open }: Pick<AfterApply, 'context' | 'open'>,
  use: (registry: Registry | { readonly error: unknown }) => Promise<Result>,
): Promise<Result> {
  let registry: Registry;
  try {
    registry = await open(target);
  } catch (error) {
    return await use({ error });
  }
  try {
    return await use(registry);
  } finally {
    await closeAll([registry], context.log);
  }
}

/** What of the missing was there before. A tag that has been moved leads somewhere: it is not among the missing. */
function lostOf(
  { missing, ...image }: LookedImage,
  { repository: { name, snapshot, registry }, after, stranded }: LostFrom,
): readonly LostImage[] {
  const gone = missing.filter((one) => (isDigest(one) ? snapshot.nodes.has(one) : snapshot.tags.has(one)));
  const lost = [...new Set([...gone, ...stranded])];
  if (lost.length === 0) return [];
  const ours = deletedIn(after.applied.find((one) => one.name === name));
  const byThisRun = stranded.length > 0 || lost.some((one) => ours.has(one));
  const isStranded = gone.length === 0 ? ({ isStranded: true } as const) : {};
  return [{ ...image, repository: name, lost, ...isStranded, byThisRun, undo: registry.capabilities.undo }];
}

interface LostFrom {
  readonly repository: CollectedRepository;
  readonly after: AfterApply;
  /** Of this image's digests. */
  readonly stranded: readonly Digest[];
}

/** Everything that went, or may have gone, with the steps of this run. */
function deletedIn(applied: RepositoryOutcome | undefined): ReadonlySet<string> {
  const done = (applied?.outcomes ?? []).filter(isMaybeDone);
  return new Set<string>(
    done.flatMap(({ step }) => (step.action === 'untag' ? [step.tag ?? ''] : [step.digest, ...step.precondition.tags])),
  );
}
