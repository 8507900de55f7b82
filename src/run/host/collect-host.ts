// Collecting for `host`: the store, what is remembered of it, what registries still have, what is still in Git. Whole, or it throws.

import type { HostSettings } from '../../config/host-settings.ts';
import { EvidenceError } from '../../errors.ts';
import type { EngineGateway } from '../../host/port.ts';
import type { LocalStore } from '../../model/local-store.ts';
import { type Instant, instantFromMs } from '../../model/time.ts';
import type { HostMemory } from '../../plan/host/host-memory.ts';
import type { HostEvidence, KnownCommits } from '../../policy/host/host-evidence.ts';
import type { RunContext } from '../collect-evidence.ts';
import { askRegistries } from './ask-registries.ts';
import { type MemoryPlace, readHostMemory } from './remembered-images.ts';
import { addRepositories, seeImages, usesOf, withHandled } from './see-images.ts';

/** What a run of `host` works with. */
export interface HostWork {
  readonly settings: HostSettings;
  readonly context: RunContext;
  readonly gateway: EngineGateway;
}

/** Everything that was read. */
export interface CollectedHost {
  readonly evidence: HostEvidence;
  /** What is to be remembered of the store, and where; the place is absent where nothing can be. */
  readonly memory: HostMemory;
  readonly place: MemoryPlace | undefined;
}

/** `onSeen`: called as soon as the store was seen, with what is to be remembered of it even if the rest fails. */
export async function collectHost(
  { settings, context, gateway }: HostWork,
  onSeen: (seen: Pick<CollectedHost, 'memory' | 'place'>) => void,
): Promise<CollectedHost> {
  const now = context.now();
  const read = await gateway.readStore();
  const place = placeOf(settings, context, read);
  const before = place === undefined ? undefined : await readHostMemory(place);
  const told = await gateway.readMemory(read, eventsSince(settings, before, now));
  const store = withHandled(read, told);
  const seen = seeImages({ store, told, before, now });
  onSeen({ memory: seen, place });
  const { repositories, finals } = await askRegistries({ settings, context, store, memory: seen });
  const memory = addRepositories(seen, store, repositories);
  onSeen({ memory, place });
  const git = await readGit(settings, context);
  const evidence = {
    store,
    uses: usesOf(memory),
    repositories,
    ...(finals === undefined ? {} : { finals }),
    git,
  };
  return { evidence, memory, place };
}

/** Since the last run; but as long as an image counts as young, whatever was done with it matters to each run. */
function eventsSince({ policy }: HostSettings, before: HostMemory | undefined, now: Instant): Instant {
  if (before === undefined) return instantFromMs(0);
  return instantFromMs(Math.max(0, Math.min(before.seenAt, now - Math.max(policy.grace, policy.minAge))));
}

function placeOf(
  { cacheDirectory, policy }: HostSettings,
  { log, now }: RunContext,
  { engine: { storeId } }: LocalStore,
): MemoryPlace | undefined {
  if (cacheDirectory !== undefined) return { cacheDirectory, storeId, now: now(), log };
  if (policy.disk !== undefined || policy.maxAge !== undefined)
    log.warn(
      'Without a cache folder nothing is remembered from run to run: which image was used last is known only as far as the engine tells.',
    );
  return undefined;
}

async function readGit({ git }: HostSettings, { environment, log }: RunContext): Promise<HostEvidence['git']> {
  const byName = new Map<string, KnownCommits>();
  let own: KnownCommits | undefined;
  for (const one of git) {
    if (one.kind === 'own') {
      const { readHistory } = await import('../../git/read-history.ts');
      const { graph } = await readHistory({ ...one.source, environment, log });
      // Of an empty repository every commit would count as gone.
      if (graph.size === 0)
        throw new EvidenceError(`The Git repository of ${one.source.directory} has no commit.`, {
          code: 'EVIDENCE_GIT',
          hint: 'Is it the clone of the project that the images are of? Name another one with --clone.',
        });
      own = graph;
    } else {
      const { readRemoteHistory } = await import('../../git/read-remote-history.ts');
      const { repository } = one;
      byName.set(repository.name, (await readRemoteHistory({ repository, environment, log })).graph);
    }
  }
  return { ...(own === undefined ? {} : { own }), byName };
}
