// Collecting: registries first, then references, then clusters, so that whatever is deployed meanwhile is seen last.

import { isCacheRuleOn } from '../config/choose-build-cache.ts';
import type { RepositoryRole, Settings } from '../config/settings.ts';
import { withoutUndefined } from '../config/without-undefined.ts';
import type { CredentialMemory } from '../kubernetes/connection/credential-memory.ts';
import type { Log } from '../log.ts';
import { extendSnapshot } from '../model/extend-snapshot.ts';
import { type Forge, requestNameField } from '../model/forge.ts';
import type { History } from '../model/history.ts';
import type { MissingEvidence } from '../model/missing-evidence.ts';
import { type Digest, formatRepository, isDigest } from '../model/reference.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Instant } from '../model/time.ts';
import type { Usage } from '../model/usage.ts';
import type { EvidenceSummary } from '../plan/plan.ts';
import type { Registry } from '../registry/port.ts';
import { checkSources } from './check-sources.ts';
import { checkRecordsAreRead } from './meta-repo-marker.ts';
import { refuseUnparsable } from './refuse-unparsable.ts';

/** What a run needs from outside. */
export interface RunContext {
  readonly log: Log;
  readonly environment: NodeJS.ProcessEnv;
  readonly now: () => Instant;
  /** Aborted by a signal: an apply finishes its step and stops. */
  readonly signal?: AbortSignal;
  /** What the run knows of its logins at clusters. Default: made when it begins, by `beginRun`. */
  readonly logins?: CredentialMemory;
}

/** One repository with its open connection. */
export interface CollectedRepository {
  readonly name: string;
  /** What it is to another one, which stands before it. */
  readonly role?: RepositoryRole;
  /** It is there for build cache alone; those that stand for themselves stand before it. */
  readonly isBuildCache?: true;
  readonly registry: Registry;
  readonly snapshot: Snapshot;
}

/** Everything that was read. */
export interface Collected {
  readonly repositories: readonly CollectedRepository[];
  readonly history: History | undefined;
  /** Never set without a history. */
  readonly forge: Forge | undefined;
  readonly usage: Usage | undefined;
  /** By the names that labels call them; absent where no further Git repository is asked. */
  readonly furtherGit?: ReadonlyMap<string, History>;
  readonly summary: EvidenceSummary;
}

/** Digests to be read beyond what tags reach, by repository name: a reviewed plan's. */
export type AlsoDigests = ReadonlyMap<string, readonly Digest[]>;

/**
 * Reads everything, whole, or throws; mistakes that show without a server come first. The caller closes the registries.
 * @throws UsageError USAGE when the kubeconfig or the manifests are unusable.
 * @throws EvidenceError when something that protects images cannot be read or understood.
 */
export async function collectEvidence(settings: Settings, context: RunContext, also: AlsoDigests): Promise<Collected> {
  await checkSources(settings, context);
  const opened: Registry[] = [];
  try {
    const { openRegistry } = await import('../registry/open-registry.ts');
    const repositories: CollectedRepository[] = [];
    const pinned = settings.policy.pins.list.filter((pin) => isDigest(pin));
    for (const target of settings.repositories) {
      const registry = await openRegistry(target, {
        settings: settings.registry,
        environment: context.environment,
        now: context.now(),
        log: context.log,
        ...(settings.cacheDirectory === undefined ? {} : { cacheDirectory: settings.cacheDirectory }),
        wantsProvenance: settings.git !== 'off',
        wantsCacheTimes: isCacheRuleOn(settings.policy.cache),
      });
      opened.push(registry);
      const name = formatRepository(target.repository);
      const snapshot = await registry.readSnapshot([...pinned, ...(also.get(name) ?? [])]);
      const { role, isBuildCache } = target;
      if (role === undefined && isBuildCache !== true)
        checkRecordsAreRead({ name, snapshot, settings, log: context.log });
      repositories.push({ name, registry, snapshot, ...withoutUndefined({ role, isBuildCache }) });
    }
    const { history, forge } = await collectHistory(
      settings,
      context,
      repositories.map(({ snapshot }) => snapshot),
    );
    const furtherGit = await collectFurtherGit(settings, context);
    const usage = await collectUsage(settings, context);
    const extended = await Promise.all(repositories.map((repository) => addUsedDigests(repository, usage)));
    const read = { repositories: extended, history, forge, usage, ...furtherGit };
    return { ...read, summary: summarize(read, settings.missing) };
  } catch (error) {
    await closeAll(opened, context.log);
    throw error;
  }
}

/** Closes every registry; a failure to close is only worth a remark. */
export async function closeAll(registries: readonly Registry[], log: Log): Promise<void> {
  for (const result of await Promise.allSettled(registries.map((registry) => registry.close()))) {
    if (result.status === 'rejected') log.debug(`closing a connection failed: ${String(result.reason)}`);
  }
}

async function collectHistory(
  settings: Settings,
  context: RunContext,
  snapshots: readonly Snapshot[],
): Promise<Pick<Collected, 'history' | 'forge'>> {
  const { git, forge } = settings;
  const { environment, log } = context;
  if (git === 'off') return { history: undefined, forge: undefined };
  if (forge !== 'off') {
    const { collectForge } = await import('./collect-forge.ts');
    return await collectForge({ settings, forge, git, environment, log, snapshots });
  }
  const { readHistory } = await import('../git/read-history.ts');
  return { history: await readHistory({ ...git, environment, log }), forge: undefined };
}

/** What further Git repositories have now, each read whole; nothing where none is asked. @throws EvidenceError */
async function collectFurtherGit(
  { furtherGit = [] }: Settings,
  { environment, log }: RunContext,
): Promise<Pick<Collected, 'furtherGit'>> {
  if (furtherGit.length === 0) return {};
  const { readRemoteHistory } = await import('../git/read-remote-history.ts');
  const histories = new Map<string, History>();
  for (const repository of furtherGit) {
    log.info(`Reading the Git repository ${JSON.stringify(repository.name)}.`);
    histories.set(repository.name, await readRemoteHistory({ repository, environment, log }));
  }
  return { furtherGit: histories };
}

/** Everything the clusters use, or undefined when the user switched the rule off. @throws EvidenceError */
export async function collectUsage(settings: Settings, context: RunContext): Promise<Usage | undefined> {
  if (settings.kubernetes === 'off') return undefined;
  const { readUsage } = await import('../kubernetes/read-usage.ts');
  const { environment, log, logins } = context;
  const now = settings.asOf ?? context.now();
  const usage = await readUsage(settings.kubernetes, { environment, log, logins, now });
  return { ...usage, unparsable: refuseUnparsable(usage.unparsable, settings) };
}

/** An untagged index that a pod runs protects its children: it is read although no tag leads to it. */
export async function addUsedDigests(
  repository: CollectedRepository,
  usage: Usage | undefined,
): Promise<CollectedRepository> {
  const { snapshot, registry } = repository;
  // Whatever repository names it: clusters pull through mirrors, and a mirror may rename everything but the digest.
  const used = (usage?.uses ?? []).flatMap(({ reference }) => reference.digest ?? []);
  const bare = (usage?.bareDigests ?? []).map(({ digest }) => digest);
  const unknown = [...new Set([...used, ...bare])].filter(
    (digest) => !snapshot.nodes.has(digest) && !snapshot.absent.has(digest),
  );
  if (unknown.length === 0) return repository;
  return { ...repository, snapshot: extendSnapshot(snapshot, await registry.readDigests(unknown)) };
}

/** The first address: what `origin` is fetched from. */
function remoteOf({ remoteUrls }: History): { readonly remote?: string } {
  const [remote] = remoteUrls;
  return remote === undefined ? {} : { remote };
}

function summarize(read: Omit<Collected, 'summary'>, missing: readonly MissingEvidence[]): EvidenceSummary {
  const { repositories, history, forge, usage } = read;
  const count = (kind: 'branch' | 'tag'): number =>
    (history?.references ?? []).filter((reference) => reference.kind === kind).length;
  return {
    ...(history === undefined
      ? {}
      : { git: { branches: count('branch'), tags: count('tag'), commits: history.graph.size, ...remoteOf(history) } }),
    ...(usage === undefined
      ? {}
      : { kubernetes: { sources: usage.sources, images: usage.uses.length + usage.bareDigests.length } }),
    ...(forge === undefined ? {} : { forge: summarizeForge(forge) }),
    ...(missing.length === 0 ? {} : { missing }),
    repositories: repositories.map(({ name, snapshot }) => ({
      name,
      tags: snapshot.tags.size,
      nodes: snapshot.nodes.size,
    })),
  };
}

function summarizeForge(forge: Forge): NonNullable<EvidenceSummary['forge']> {
  const { title, requestName, repository, pullRequests, releases, deployments } = forge;
  return {
    title,
    ...requestNameField(requestName),
    repository,
    ...(pullRequests === undefined ? {} : { pullRequests: pullRequests.length }),
    ...(releases === undefined ? {} : { releases: releases.length }),
    ...(deployments === undefined ? {} : { deployments: deployments.length }),
  };
}
