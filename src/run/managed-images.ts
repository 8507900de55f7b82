// `managed-images`: the records that say which images of werf.yaml count. Listing asks for tags alone; whatever changes something looks at
// what it changes first.

import { applySteps } from '../apply/apply-steps.ts';
import { openJournal } from '../apply/journal.ts';
import type { ManagedImagesSettings } from '../config/managed-images-settings.ts';
import type { RepositoryTarget } from '../config/settings.ts';
import { InternalError, UsageError } from '../errors.ts';
import { type Digest, formatRepository, parseTag, type Tag } from '../model/reference.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { MANAGED_IMAGE_PREFIX, managedImageId } from '../model/werf-names.ts';
import { parseWerfTag } from '../model/werf-tag.ts';
import type { Outcome } from '../plan/outcome.ts';
import type { Registry } from '../registry/port.ts';
import { nearestName } from '../util/nearest-name.ts';
import { closeAll, type RunContext } from './collect-evidence.ts';
import { checkMarkers, readMarkers } from './meta-repo-marker.ts';
import { findProject } from './werf-project.ts';
import { labelsOfRecord, projectLabel, putWerfRecord } from './werf-record.ts';

/** What came of it. `repository`: the one with the records. */
export type ManagedImagesResult = { readonly repository: string } & (
  | { readonly kind: 'listed'; readonly names: readonly string[] }
  | { readonly kind: 'added' | 'already-there'; readonly name: string; readonly tag: Tag }
  | { readonly kind: 'removed'; readonly name: string; readonly tag: Tag; readonly journal: string }
  /** It is still there. */
  | { readonly kind: 'not-removed'; readonly name: string; readonly tag: Tag; readonly why: string }
);

/** The image without a name, as people write it. */
const NAMELESS = '~';

/**
 * Lists, adds or removes. Names are sorted.
 * @throws EvidenceError EVIDENCE_RECORDS when werf keeps the records elsewhere; UsageError USAGE for a name that is not managed, a
 *   repository that werf did not make, and a tag that is no record; else what the registry throws.
 */
export async function runManagedImages(
  settings: ManagedImagesSettings,
  context: RunContext,
): Promise<ManagedImagesResult> {
  const places: Registry[] = [];
  try {
    const open = async (target: RepositoryTarget | undefined): Promise<Registry | undefined> => {
      if (target === undefined) return undefined;
      const opened = await openPlace(target, settings, context);
      places.push(opened);
      return opened;
    };
    const primary = await open(settings.repository);
    if (primary !== undefined) {
      const name = formatRepository(primary.repository);
      const meta = settings.metaRepository?.repository;
      checkMarkers(await readMarkers(primary, await primary.listTags()), { name, meta, log: context.log });
    }
    const registry = (await open(settings.metaRepository)) ?? primary;
    if (registry === undefined) throw new InternalError('No repository with records was named.', { code: 'INTERNAL' });
    return await carryOut({ settings, context, registry, places });
  } finally {
    await closeAll(places, context.log);
  }
}

interface Work {
  readonly settings: ManagedImagesSettings;
  readonly context: RunContext;
  /** Where the records are. */
  readonly registry: Registry;
  /** That one, and the one with the stages where it is another. */
  readonly places: readonly Registry[];
}

async function carryOut(work: Work): Promise<ManagedImagesResult> {
  const { registry, settings } = work;
  const { wish } = settings;
  const repository = formatRepository(registry.repository);
  switch (wish.action) {
    case 'ls':
      return { kind: 'listed', repository, names: namesIn(await registry.listTags()) };
    case 'add':
      return { repository, ...(await add(wish.name, work)) };
    case 'rm':
      return { repository, ...(await remove(wish.name, work)) };
  }
}

async function add(name: string, { registry, places, context }: Work) {
  const tag = tagOf(name);
  const digest = await registry.resolveTag(tag);
  if (digest !== 'absent') {
    const { nodes } = await registry.readDigests([digest]);
    if (labelsOfRecord(nodes.get(digest)) === undefined) throw noRecord(tag, registry);
    return { kind: 'already-there', name, tag } as const;
  }
  const found = await findProject(places);
  if (found.kind === 'not-werf') throw notWerf(places);
  await putWerfRecord(registry, tag, { labels: projectLabel(found.project), createdAt: context.now() });
  return { kind: 'added', name, tag } as const;
}

/** The whole repository is read: on many registries that alone tells which tags a digest has. */
async function remove(name: string, work: Work) {
  const { registry, settings } = work;
  const tag = tagOf(name);
  const snapshot = await registry.readSnapshot([]);
  const digest = snapshot.tags.get(tag);
  if (digest === undefined) throw notManaged(name, namesIn([...snapshot.tags.keys()]));
  const node = snapshot.nodes.get(digest);
  if (labelsOfRecord(node) === undefined) throw noRecord(tag, registry);
  const others = (node?.tags ?? []).filter((other) => other !== tag);
  if (others.length > 0)
    return { kind: 'not-removed', name, tag, why: `deleting it would delete ${others.join(', ')} too` } as const;
  const outcome = await deleteRecord({ tag, digest, snapshot }, work);
  if (outcome.outcome === 'deleted' || outcome.outcome === 'already-gone')
    return { kind: 'removed', name, tag, journal: settings.journal } as const;
  return { kind: 'not-removed', name, tag, why: outcome.why ?? 'the registry did not delete it' } as const;
}

interface Doomed {
  readonly tag: Tag;
  readonly digest: Digest;
  readonly snapshot: Snapshot;
}

/** As any other deletion: the line in the journal first, and only while nothing has changed. */
async function deleteRecord(
  { tag, digest, snapshot }: Doomed,
  { registry, settings, context }: Work,
): Promise<Outcome> {
  const journal = await openJournal(settings.journal);
  try {
    const applied = await applySteps([{ action: 'delete', digest, precondition: { tags: [tag], owners: [] } }], {
      registry,
      snapshot,
      journal,
      log: context.log,
      name: formatRepository(registry.repository),
      now: context.now,
      clockMs: () => performance.now(),
      watchWindowMs: 0,
      signal: context.signal,
    });
    const [outcome] = applied.outcomes;
    if (outcome === undefined) throw new InternalError('A step has come to nothing.', { code: 'INTERNAL' });
    return outcome;
  } finally {
    await journal.close();
  }
}

function namesIn(tags: readonly Tag[]): readonly string[] {
  const names = tags.flatMap((tag) => {
    const parsed = parseWerfTag(tag);
    return parsed?.kind === 'managed-image' ? [parsed.name] : [];
  });
  return [...new Set(names)].sort();
}

function tagOf(name: string): Tag {
  const id = managedImageId(name);
  if (id === undefined) throw new InternalError(`There is no tag for ${JSON.stringify(name)}.`, { code: 'INTERNAL' });
  return parseTag(`${MANAGED_IMAGE_PREFIX}${id}`);
}

async function openPlace(
  target: RepositoryTarget,
  { registry, cacheDirectory }: ManagedImagesSettings,
  { environment, now, log }: RunContext,
): Promise<Registry> {
  const { openRegistry } = await import('../registry/open-registry.ts');
  const cache = cacheDirectory === undefined ? {} : { cacheDirectory };
  return await openRegistry(target, { settings: registry, environment, now: now(), log, ...cache });
}

function notManaged(name: string, names: readonly string[]): UsageError {
  const nearest = nearestName(name, names);
  const hint = nearest === undefined ? 'managed-images ls lists those that are.' : `Did you mean ${nearest}?`;
  return new UsageError(`No record says that ${name === '' ? NAMELESS : name} is managed.`, { code: 'USAGE', hint });
}

function noRecord(tag: Tag, { repository }: Registry): UsageError {
  return new UsageError(
    `The tag ${tag} of ${formatRepository(repository)} leads to something that is no record of werf's.`,
    {
      code: 'USAGE',
      hint: 'Somebody has pushed an image under this tag: look at it before you do anything.',
    },
  );
}

function notWerf(places: readonly Registry[]): UsageError {
  const names = places.map(({ repository }) => formatRepository(repository)).join(' and ');
  return new UsageError(`Nothing in ${names} was made by werf.`, {
    code: 'USAGE',
    hint: 'Check the name of the repository: it is the one that werf has as --repo.',
  });
}
