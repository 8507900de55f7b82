// Taking one tag off a version, on a registry that cannot: the tag is moved to an empty helper, and the helper is deleted. The version
// that had the tag is never deleted here, whatever happens.

import { setTimeout as sleep } from 'node:timers/promises';
import { AuthError, describeCause } from '../errors.ts';
import type { PackageVersion } from '../github/packages.ts';
import type { Digest, Tag } from '../model/reference.ts';
import { describeRefusal, type GhcrChanges, missingRight, unlessLimited } from './ghcr-delete.ts';
import { buildHelper, type HelperManifest, pushEmptyBlob } from './ghcr-helper.ts';
import { type OciEndpoint, resolveManifest } from './oci-manifests.ts';
import type { DeleteAnswer, ManifestBytes } from './port.ts';

/** What taking a tag off takes. */
export interface GhcrUntagging extends GhcrChanges {
  readonly endpoint: OciEndpoint;
  /** Puts a manifest under a tag. */
  readonly put: (manifest: ManifestBytes, at: Tag) => Promise<unknown>;
  /** Digests of the helpers that were pushed, so that nobody takes them for images. */
  readonly helpers: Set<Digest>;
  /** Waits between looks for the helper in GitHub's list, which lags behind; together the patience. Milliseconds. */
  readonly pausesMs: readonly number[];
}

/** About a minute: reports tell of some seconds. */
export const LIST_LAG_PAUSES_MS: readonly number[] = [500, 1000, 2000, 4000, 8000, 15_000, 30_000];

interface Move {
  readonly tag: Tag;
  /** The version that is to lose the tag, as it was before. */
  readonly from: PackageVersion;
  readonly original: ManifestBytes;
  readonly helper: HelperManifest;
}

/**
 * Takes the tag off. `deleted` only after GitHub showed the helper with exactly this tag, and the version without it, right before the helper
 * was deleted. When that cannot be had, the tag is put back where it was, and the answer says so.
 * @throws AuthError FORBIDDEN when the token may not delete the helper; the message says where the tag is then.
 */
export async function untagPackageVersion(untagging: GhcrUntagging, tag: Tag, digest: Digest): Promise<DeleteAnswer> {
  const move = await unlessLimited(() => prepare(untagging, tag, digest));
  if ('kind' in move) return move;
  try {
    await untagging.put(move.helper, tag);
  } catch (error) {
    // The answer may have got lost and the tag be moved all the same.
    if ((await resolveManifest(untagging.endpoint, tag)) !== move.helper.digest) throw error;
  }
  let trouble: unknown;
  const done = await unlessLimited(() => finish(untagging, move)).catch((error: unknown) => {
    trouble = error;
    return { kind: 'stuck', why: describeCause(error) } as const;
  });
  if (done.kind === 'deleted') return done;
  const { state, text } = await giveBack(untagging, move);
  const why = `${done.why} (Meanwhile the tag had been moved to the empty helper ${move.helper.digest}. ${text})`;
  if (trouble instanceof AuthError) {
    const { code, hint = '', details } = trouble;
    throw new AuthError(why, { code, hint, details, cause: trouble });
  }
  if (state === 'gone' && trouble !== undefined) return { kind: 'deleted' };
  return { kind: state === 'back' && done.kind === 'not-now' ? 'not-now' : 'refused', why };
}

/** Everything that can be said before anything is changed. */
async function prepare(untagging: GhcrUntagging, tag: Tag, digest: Digest): Promise<Move | DeleteAnswer> {
  const { book, reader, endpoint, helpers } = untagging;
  const known = await book.seek(digest);
  const from = known === undefined ? 'absent' : await book.look(known.id);
  if (from === 'absent')
    return { kind: 'refused', why: `GitHub does not list ${digest}, so its tag cannot be watched` };
  const objection = await objectionToMove(untagging, from, tag);
  if (objection !== undefined) return objection;
  if (from.tags.length < 2 && !(await book.hasOtherTagged(digest))) {
    return {
      kind: 'protected',
      why: 'GitHub does not delete the last tagged version of a package, which the helper would be',
    };
  }
  const original = await reader.readBytes(digest);
  if (original === 'absent') return { kind: 'refused', why: `the manifest ${digest} is not there` };
  await pushEmptyBlob(endpoint);
  const helper = buildHelper(tag);
  helpers.add(helper.digest);
  // Once more, right before it is moved.
  return (await objectionToMove(untagging, from, tag)) ?? { tag, from, original, helper };
}

async function objectionToMove(
  { endpoint }: GhcrUntagging,
  { digest, tags }: PackageVersion,
  tag: Tag,
): Promise<DeleteAnswer | undefined> {
  const target = await resolveManifest(endpoint, tag);
  const isShown = tags.includes(tag);
  if (target === digest) {
    return isShown ? undefined : { kind: 'refused', why: `GitHub does not show the tag ${tag} there yet` };
  }
  if (target === 'absent' && !isShown) return { kind: 'already-gone' };
  const where = target === 'absent' ? 'the registry does not have it' : `it points at ${target}`;
  return { kind: 'refused', why: `the tag ${tag} has moved: ${where}` };
}

/** Waits until GitHub shows the move, then deletes the helper. */
async function finish(
  untagging: GhcrUntagging,
  move: Move,
): Promise<{ kind: 'deleted' } | { kind: 'stuck'; why: string }> {
  const { packages, book, pausesMs, place } = untagging;
  let why = '';
  for (const pauseMs of [0, ...pausesMs]) {
    await sleep(pauseMs);
    const listed = await book.findNew(move.helper.digest);
    const helper =
      listed === undefined ? 'GitHub does not list the helper' : await checkMove(untagging, move, listed.id);
    if (typeof helper === 'string') {
      why = helper;
      continue;
    }
    // Left behind, it would be junk that nothing tells from an image.
    const answer = await packages.deleteVersion(helper.id, { beyondBudget: true });
    if (answer.status === 404 && (await book.look(helper.id)) !== 'absent')
      throw missingRight(place, move.helper.digest);
    if (answer.status !== 204 && answer.status !== 404)
      return { kind: 'stuck', why: `${describeRefusal(answer, 'delete')}.` };
    book.forget(helper);
    return { kind: 'deleted' };
  }
  const seconds = Math.round(pausesMs.reduce((sum, ms) => sum + ms, 0) / 1000);
  return { kind: 'stuck', why: `After ${seconds} s ${why}, so the tag could not be deleted with it.` };
}

/** Both versions by their ids, and the tag at the registry: the helper as it is now, or what is not as it has to be. */
async function checkMove(
  { book, endpoint }: GhcrUntagging,
  move: Move,
  helperId: number,
): Promise<PackageVersion | string> {
  const { tag, from, helper } = move;
  const helperNow = await book.look(helperId);
  const fromNow = await book.look(from.id);
  if (helperNow === 'absent' || helperNow.digest !== helper.digest) return 'GitHub does not show the helper';
  if (helperNow.tags.length !== 1 || helperNow.tags[0] !== tag)
    return `the helper has the tags ${JSON.stringify(helperNow.tags)}`;
  if (fromNow === 'absent' || fromNow.digest !== from.digest) return `GitHub does not show ${from.digest} any more`;
  if (fromNow.tags.includes(tag)) return `GitHub still shows the tag at ${from.digest}`;
  const target = await resolveManifest(endpoint, tag);
  return target === helper.digest ? helperNow : `the tag points at ${target}`;
}

/** Nobody is served by a tag that leads to an empty helper; but a tag that somebody has put elsewhere is theirs. */
async function giveBack(
  { endpoint, put }: GhcrUntagging,
  move: Move,
): Promise<{ readonly state: 'back' | 'gone' | 'elsewhere' | 'unknown'; readonly text: string }> {
  const { tag, from, original, helper } = move;
  try {
    const target = await resolveManifest(endpoint, tag);
    if (target === 'absent') return { state: 'gone', text: 'Now it is gone.' };
    if (target !== helper.digest) return { state: 'elsewhere', text: `Now it points at ${target}.` };
    await put(original, tag);
    return { state: 'back', text: `It was put back to ${from.digest}, and nothing was deleted.` };
  } catch (error) {
    return {
      state: 'unknown',
      text: `Putting it back to ${from.digest}, which is still there, failed: ${describeCause(error)}`,
    };
  }
}
