// A project of werf's in registries in memory: the stages, and beside them a final repository, a cache and one with the records.

import type { RepositoryRole } from '../../src/config/settings.ts';
import type { History } from '../../src/model/history.ts';
import type { Policy } from '../../src/model/policy.ts';
import { type Digest, parseRepository, parseTag } from '../../src/model/reference.ts';
import { hours } from '../../src/model/time.ts';
import type { Usage } from '../../src/model/usage.ts';
import type { Decisions } from '../../src/policy/decisions.ts';
import type { Collected, CollectedRepository } from '../../src/run/collect-evidence.ts';
import { decideRepositories } from '../../src/run/decide-repositories.ts';
import { createMemoryRegistry, type MemoryRegistry } from '../builders/memory-registry.ts';
import { NOW, policyOf } from '../builders/snapshot.ts';
import type { Tagged, WerfMaker } from '../builders/werf-repository.ts';

/** Who made everything here. */
export const MAKER: WerfMaker = { project: 'shop', version: '2' };
/** The repository with the stages. */
export const PRIMARY = 'registry.example.com/shop/app';
const DAY_MS = 86_400_000;

/** Milliseconds since 1970, so many days before the time that tests take for now. */
export function daysAgo(days: number): number {
  return NOW - days * DAY_MS;
}

/** One repository. */
export interface ScenePlace {
  readonly memory: MemoryRegistry;
  readonly name: string;
  readonly role?: RepositoryRole;
  put(...pushed: readonly Tagged[]): void;
}

/** The repositories, and what a run makes of them. */
export interface WerfScene {
  readonly places: readonly ScenePlace[];
  /** Adds one that belongs to the others. */
  add(kind: RepositoryRole['kind'], name?: string): ScenePlace;
  /** Reads all of them. */
  collect(more?: Partial<Pick<Collected, 'usage' | 'history'>>): Promise<Collected>;
}

/** The policy that keeps nothing for any other reason than a test's own: no window, no Git. */
export const BARE: Policy = policyOf({ git: { enabled: false, keepPolicies: [] }, recent: { within: hours(0) } });

/** An empty repository with stages, and none beside it. */
export function makeWerfScene(): WerfScene {
  const places: ScenePlace[] = [placeOf(PRIMARY)];
  return {
    places,
    add(kind, name = `registry.example.com/shop/${kind}`) {
      const place = placeOf(name, { kind, of: PRIMARY });
      places.push(place);
      return place;
    },
    collect: async ({ usage, history } = {}) => collectedOf(await Promise.all(places.map(read)), { usage, history }),
  };
}

/** What is decided of it by a policy. */
export function decideScene(collected: Collected, policy: Policy = BARE): ReadonlyMap<string, Decisions> {
  return decideRepositories({ collected, policy, previous: undefined, now: NOW });
}

function placeOf(name: string, role?: RepositoryRole): ScenePlace {
  const memory = createMemoryRegistry();
  return {
    memory,
    name,
    ...(role === undefined ? {} : { role }),
    put: (...pushed) => {
      for (const { tag, manifest } of pushed) memory.put(manifest, tag);
    },
  };
}

async function read({ name, role, memory }: ScenePlace): Promise<CollectedRepository> {
  const repository = parseRepository(name);
  const snapshot = { ...(await memory.registry.readSnapshot([])), repository };
  return { name, ...(role === undefined ? {} : { role }), registry: { ...memory.registry, repository }, snapshot };
}

function collectedOf(
  repositories: readonly CollectedRepository[],
  known: { readonly usage: Usage | undefined; readonly history: History | undefined },
): Collected {
  return { repositories, forge: undefined, ...known, summary: { repositories: [] } };
}

/** The digest of what was pushed. */
export function digestOfTag({ memory }: ScenePlace, tag: string): Digest {
  const digest = memory.tags.get(parseTag(tag));
  if (digest === undefined) throw new Error(`there is no tag ${tag}`);
  return digest;
}
