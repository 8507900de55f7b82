// Looks at images in one registry: does a tag resolve, is a manifest there, is what it lists there? Each is asked for once.

import { CleanupError } from '../errors.ts';
import { type Digest, isDigest, type Tag } from '../model/reference.ts';
import type { Child } from '../model/snapshot.ts';
import { decodeManifest } from '../registry/decode-manifest.ts';
import type { Registry } from '../registry/port.ts';
import { isRepositoryAbsent } from '../registry/registry-answer.ts';
import { wantsPlatform } from './verify-platforms.ts';

/** What one look came to. */
export interface Look {
  /** What was asked for is not there. */
  readonly isAbsent: boolean;
  /** Everything that is not there: what was asked for itself, or what it lists. */
  readonly missing: readonly (Tag | Digest)[];
  /** Why something could not be told. */
  readonly errors: readonly unknown[];
}

/** One registry's answers; those who ask for the same share them. */
export interface Lookup {
  /** What a tag or digest leads to, at any depth, as far as it is needed on the platforms. Never throws. */
  look(asked: Tag | Digest, platforms: ReadonlySet<string> | 'unknown'): Promise<Look>;
  /** Whether a manifest that was read by now has a config with this digest: some container runtimes report that one. */
  isConfig(digest: Digest): boolean;
  /** Whether anything was absent because the registry does not know the repository, or does not show it any more. */
  isWithoutRepository(): boolean;
}

/** What is looked at. */
export interface LookupParts {
  readonly registry: Pick<Registry, 'resolveTag' | 'readManifest'>;
  /**
   * Manifests that must be there whatever platform they are for: this run has read them with these credentials. So a repository that the
   * registry does not know any more has gone; many forget one when the last of it is deleted. Default: nothing was read.
   */
  readonly expected?: { has(digest: Digest): boolean };
}

/** What a manifest says about others. */
interface Shape {
  readonly children: readonly Child[];
}

interface State extends LookupParts {
  readonly tags: Map<Tag, Promise<Digest | 'absent'>>;
  readonly manifests: Map<Digest, Promise<Shape | 'absent'>>;
  readonly configs: Set<Digest>;
  isWithoutRepository: boolean;
}

/** A lookup that has asked nothing yet. What is absent is so twice: one answer out of a stale cache is no proof. */
export function createLookup(parts: LookupParts): Lookup {
  const state: State = {
    ...parts,
    tags: new Map(),
    manifests: new Map(),
    configs: new Set(),
    isWithoutRepository: false,
  };
  return {
    look: async (asked, platforms) => {
      try {
        return isDigest(asked) ? await lookBelow(asked, platforms, state) : await lookAtTag(asked, platforms, state);
      } catch (error) {
        return { isAbsent: false, missing: [], errors: [error] };
      }
    },
    isConfig: (digest) => state.configs.has(digest),
    isWithoutRepository: () => state.isWithoutRepository,
  };
}

async function lookAtTag(tag: Tag, platforms: ReadonlySet<string> | 'unknown', state: State): Promise<Look> {
  const absent: Look = { isAbsent: true, missing: [tag], errors: [] };
  const target = await once(state.tags, tag, () => resolve(tag, state));
  if (target === 'absent') return absent;
  const look = await lookBelow(target, platforms, state);
  if (!look.isAbsent) return look;
  // It leads nowhere; or it has been moved since, and what it pointed at was deleted.
  const again = await resolve(tag, state);
  if (again === 'absent' || again === target) return { ...absent, missing: [tag, target] };
  return await lookBelow(again, platforms, state);
}

/** Breadth first, each manifest once; what cannot be told of one says nothing about the others. */
async function lookBelow(root: Digest, platforms: ReadonlySet<string> | 'unknown', state: State): Promise<Look> {
  const missing: Digest[] = [];
  const errors: unknown[] = [];
  // What is added while it is gone through has its turn later.
  const seen = new Set<Digest>([root]);
  for (const digest of seen) {
    const [shape] = await Promise.allSettled([once(state.manifests, digest, () => read(digest, state))]);
    if (shape.status === 'rejected') errors.push(shape.reason);
    else if (shape.value === 'absent') missing.push(digest);
    else for (const child of wantedOf(shape.value, platforms, state)) seen.add(child);
  }
  return { isAbsent: missing.includes(root), missing, errors };
}

function wantedOf(
  { children }: Shape,
  platforms: ReadonlySet<string> | 'unknown',
  { expected }: State,
): readonly Digest[] {
  const wanted = children.filter((child) => expected?.has(child.digest) === true || wantsPlatform(child, platforms));
  return wanted.map(({ digest }) => digest);
}

async function resolve(tag: Tag, state: State): Promise<Digest | 'absent'> {
  return await askTwice(() => state.registry.resolveTag(tag), state);
}

async function read(digest: Digest, state: State): Promise<Shape | 'absent'> {
  const { registry, configs } = state;
  try {
    const found = await askTwice(() => registry.readManifest(digest), state);
    if (found === 'absent') return 'absent';
    const { content } = decodeManifest(found.bytes, found.mediaType);
    if (content.kind === 'image') configs.add(content.config.digest);
    return { children: content.kind === 'index' ? content.children : [] };
  } catch (error) {
    // It is there, and larger than anybody has to read: a puller may do better.
    if (error instanceof CleanupError && error.code === 'TOO_LARGE') return { children: [] };
    throw error;
  }
}

/** What is there; absent only when the second answer says so too. */
async function askTwice<Answer>(ask: () => Promise<Answer | 'absent'>, state: State): Promise<Answer | 'absent'> {
  const first = await tell(ask, state);
  const told = first.answer === 'absent' ? await tell(ask, state) : first;
  if (told.isWithoutRepository) state.isWithoutRepository = true;
  return told.answer;
}

interface Told<Answer> {
  readonly answer: Answer | 'absent';
  readonly isWithoutRepository: boolean;
}

/** A repository that nobody has seen may be hidden: only the registry's proof, or what this run has read of it, makes it absent. */
async function tell<Answer>(ask: () => Promise<Answer | 'absent'>, { expected }: State): Promise<Told<Answer>> {
  try {
    return { answer: await ask(), isWithoutRepository: false };
  } catch (error) {
    const wasRead = expected !== undefined && error instanceof CleanupError && error.code === 'REPOSITORY_UNKNOWN';
    if (!wasRead && !isRepositoryAbsent(error)) throw error;
    return { answer: 'absent', isWithoutRepository: true };
  }
}

function once<Key, Value>(known: Map<Key, Promise<Value>>, key: Key, ask: () => Promise<Value>): Promise<Value> {
  const before = known.get(key);
  if (before !== undefined) return before;
  const asking = ask();
  known.set(key, asking);
  return asking;
}
