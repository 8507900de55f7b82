// What the declared repositories say of the images on this machine. Nothing is asked that no rule needs.

import type { HostSettings } from '../../config/host-settings.ts';
import type { RepositoryTarget } from '../../config/settings.ts';
import type { LocalStore } from '../../model/local-store.ts';
import { formatRepository, shortDigest } from '../../model/reference.ts';
import type { ImageNode } from '../../model/snapshot.ts';
import type { HostMemory } from '../../plan/host/host-memory.ts';
import type { RegistryFinal, RepositoryWords } from '../../policy/host/host-evidence.ts';
import type { Registry } from '../../registry/port.ts';
import { closeAll, type RunContext } from '../collect-evidence.ts';
import { repositoryOpener } from '../verify.ts';
import { listDigestsIn, lookUpImages } from './look-up-images.ts';

/** Who asks, and what is on this machine. */
export interface RegistryQuestion {
  readonly settings: HostSettings;
  readonly context: RunContext;
  readonly store: LocalStore;
  readonly memory: HostMemory;
}

/** What the repositories said. `finals` only where `improperRepoCache` needs them. */
export interface RegistryEvidence {
  readonly repositories: readonly RepositoryWords[];
  readonly finals?: readonly RegistryFinal[];
}

/**
 * Asks every declared repository in turn.
 * @throws AuthError, RegistryError, NetworkError, ProtocolError when one does not answer: nothing is known then.
 */
export async function askRegistries(question: RegistryQuestion): Promise<RegistryEvidence> {
  const { settings, context } = question;
  const { absentFromRegistry, improperRepoCache } = settings.policy;
  if (!absentFromRegistry && !improperRepoCache) return { repositories: [] };
  const open = repositoryOpener(settings, context);
  const repositories: RepositoryWords[] = [];
  const finals: RegistryFinal[] = [];
  for (const target of settings.repositories) {
    const registry = await open(target);
    try {
      const words = await lookUpImages(lookupOf(target, registry, question));
      repositories.push(words);
      if (improperRepoCache && words.state === 'read') finals.push(...(await readFinals(registry, question.store)));
    } finally {
      await closeAll([registry], context.log);
    }
  }
  return { repositories, ...(improperRepoCache ? { finals } : {}) };
}

function lookupOf(
  { repository }: RepositoryTarget,
  registry: Registry,
  { context, store, memory }: RegistryQuestion,
): Parameters<typeof lookUpImages>[0] {
  const name = formatRepository(repository);
  let done = 0;
  return {
    registry,
    store,
    wasSeen: (image, place) => memory.images.get(image)?.seenIn?.includes(place) === true,
    onName: () => {
      done += 1;
      context.log.progress(`asking ${name} for local images`, done, 0);
    },
  };
}

/** Every image that the repository shows, and those without a tag that are on this machine too. */
async function readFinals(registry: Registry, store: LocalStore): Promise<readonly RegistryFinal[]> {
  const name = formatRepository(registry.repository);
  const { nodes } = await registry.readSnapshot(listDigestsIn(store, name));
  return [...nodes.values()].flatMap((node) => finalOf(node, name));
}

/** Indexes are no images; what they list is. What is not understood may be one. */
function finalOf({ digest, tags, content }: ImageNode, repository: string): readonly RegistryFinal[] {
  const [tag] = tags;
  const reference = tag === undefined ? `${repository}@${shortDigest(digest)}` : `${repository}:${tag}`;
  if (content.kind === 'index') return [];
  if (content.kind === 'opaque') return [{ reference, labels: undefined }];
  const { config, facts } = content;
  return [
    {
      reference,
      configDigest: config.digest,
      ...(facts.kind === 'read' && facts.madeFrom !== undefined ? { madeFrom: facts.madeFrom } : {}),
      labels: facts.kind === 'read' ? facts.labels : undefined,
    },
  ];
}
