// Deleting a package version, and what GitHub's answers to it mean. Its words are quoted and never read.
// https://docs.github.com/en/packages/learn-github-packages/deleting-and-restoring-a-package

import { AuthError, CleanupError } from '../errors.ts';
import type { PackageAnswer, Packages, PackageVersion } from '../github/packages.ts';
import type { Digest, Tag } from '../model/reference.ts';
import type { CachedReader } from './cached-reader.ts';
import type { VersionBook } from './ghcr-versions.ts';
import type { DeleteAnswer } from './port.ts';

/** What a change to a package takes. */
export interface GhcrChanges {
  readonly packages: Packages;
  readonly book: VersionBook;
  readonly reader: CachedReader;
  /** `ghcr.io/team/app`, for messages. */
  readonly place: string;
}

/** An apply looks at the tags right before it deletes; that look is good for so long. Milliseconds. */
const GOOD_FOR_MS = 1000;

/** How the right to delete is given, for both kinds of token. */
const DELETE_HINT =
  'A classic token needs the scope delete:packages. The GITHUB_TOKEN of a workflow needs "packages: write" among its permissions, and its ' +
  'repository the Admin role in the package\'s settings, under "Manage Actions access".';

/**
 * Deletes the version of a digest, when its tags are still among the given ones.
 * @throws AuthError FORBIDDEN when GitHub says 404 to the delete of what it shows: the token may not delete it.
 */
export async function deletePackageVersion(
  changes: GhcrChanges,
  digest: Digest,
  { tags, beyondBudget }: { readonly tags: readonly Tag[]; readonly beyondBudget: boolean },
): Promise<DeleteAnswer> {
  const { book } = changes;
  const known = await book.seek(digest);
  if (known === undefined) return notListed(changes, digest);
  const now = await book.look(known.id, { withinMs: GOOD_FOR_MS });
  if (now === 'absent') return gone(changes, known);
  // What is deleted goes by its id, so nothing but this digest may be behind it.
  if (now.digest !== digest) return { kind: 'refused', why: `GitHub shows ${now.digest} as its version now` };
  const added = now.tags.find((tag) => !tags.includes(tag));
  if (added !== undefined) return { kind: 'refused', why: `tag ${added} has been put on it meanwhile` };
  const answer = await changes.packages.deleteVersion(known.id, { beyondBudget });
  if (answer.status === 204) {
    book.forget(known);
    return { kind: 'deleted' };
  }
  if (answer.status !== 404) return { kind: 'protected', why: describeRefusal(answer, 'delete') };
  if ((await book.look(known.id)) === 'absent') return gone(changes, known);
  throw missingRight(changes.place, digest);
}

/** `GitHub refuses to delete it: "You cannot …" (status 400)`. */
export function describeRefusal({ status, message }: PackageAnswer, verb: 'delete' | 'restore'): string {
  return `GitHub refuses to ${verb} it${message === '' ? '' : `: ${JSON.stringify(message)}`} (status ${status})`;
}

/** The action's answer, or `not-now` when GitHub's limits are what ends it. */
export async function unlessLimited<T>(
  action: () => Promise<T>,
): Promise<T | { readonly kind: 'not-now'; readonly why: string }> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof CleanupError) || (error.code !== 'QUOTA' && error.code !== 'RATE_LIMITED')) throw error;
    return { kind: 'not-now', why: error.hint === undefined ? error.message : `${error.message} ${error.hint}` };
  }
}

/** Pushed a moment ago, or not there at all. */
async function notListed({ reader }: GhcrChanges, digest: Digest): Promise<DeleteAnswer> {
  if ((await reader.readManifest(digest)) === 'absent') return { kind: 'already-gone' };
  return { kind: 'refused', why: 'GitHub does not list it yet: it may just have been pushed' };
}

/**
 * Whether a version to which GitHub says 404 is gone with its digest. It says so too when it hides the whole package, and a digest that was
 * deleted and pushed again has another version.
 * @throws AuthError REPOSITORY_UNKNOWN when the package is not shown any more.
 */
export async function isProvedGone(
  { packages, book, reader, place }: GhcrChanges,
  known: PackageVersion,
): Promise<boolean> {
  if (!(await packages.isShown())) {
    throw new AuthError(
      `GitHub does not show the package ${place} any more: it was deleted, or the token lost its right.`,
      {
        code: 'REPOSITORY_UNKNOWN',
        hint: 'Check that the package is there, and that the token may read it.',
      },
    );
  }
  book.forget(known);
  return (await reader.readManifest(known.digest)) === 'absent';
}

async function gone(changes: GhcrChanges, known: PackageVersion): Promise<DeleteAnswer> {
  if (await isProvedGone(changes, known)) return { kind: 'already-gone' };
  return {
    kind: 'refused',
    why: 'somebody else deleted its version, but it is still there: it may have been pushed again',
  };
}

/** GitHub says 404 to the delete of something that it shows. */
export function missingRight(place: string, digest: Digest): AuthError {
  const message = `GitHub answers 404 to the delete of ${digest} in ${place}, which is there: the token may not delete it.`;
  return new AuthError(message, { code: 'FORBIDDEN', hint: DELETE_HINT });
}
