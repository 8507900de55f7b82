// Bringing deleted package versions back. Only versions that GitHub lists as deleted are asked for; nothing is deleted here.
// https://docs.github.com/en/packages/learn-github-packages/deleting-and-restoring-a-package#restoring-packages

import { setTimeout as sleep } from 'node:timers/promises';
import { AuthError, ProtocolError } from '../errors.ts';
import type { PackageAnswer, PackageVersion } from '../github/packages.ts';
import type { Digest, Tag } from '../model/reference.ts';
import { formatInstant, hours, type Instant } from '../model/time.ts';
import { describeRefusal, unlessLimited } from './ghcr-delete.ts';
import type { GhcrUntagging } from './ghcr-untag.ts';
import type { RestoreAnswer } from './port.ts';

interface Restoring extends Pick<GhcrUntagging, 'packages' | 'book' | 'reader' | 'place' | 'put' | 'pausesMs'> {
  /** Beyond the share of the quota. */
  readonly isUrgent: boolean;
  readonly now: Instant;
}
type OnAnswer = (digest: Digest, answer: RestoreAnswer) => Promise<void>;

const RESTORE_HINT =
  'A classic token needs the scopes read:packages and write:packages. The GITHUB_TOKEN of a workflow needs "packages: write" among its ' +
  'permissions, and its repository the Admin role in the package\'s settings, under "Manage Actions access".';

/**
 * Restores the versions of these digests in this order, one after the other. When GitHub's limits end it, the rest is `not-now`.
 * @throws AuthError FORBIDDEN when GitHub says 404 to the restore of what it lists as deleted, and not for longer than it restores.
 */
export async function restorePackageVersions(
  restoring: Restoring,
  digests: readonly Digest[],
  onAnswer: OnAnswer,
): Promise<void> {
  const lists = await unlessLimited(() => readBoth(restoring));
  let limited: RestoreAnswer | undefined;
  for (const digest of digests) {
    const answer =
      limited ?? ('kind' in lists ? lists : await unlessLimited(() => restoreOne(restoring, lists, digest)));
    if (answer.kind === 'not-now') limited = answer;
    await onAnswer(digest, answer);
  }
}

interface Lists {
  readonly active: ReadonlyMap<Digest, PackageVersion>;
  readonly tags: ReadonlyMap<Tag, Digest>;
  /** The id of the version of a digest that was deleted last. */
  readonly deleted: ReadonlyMap<Digest, number>;
}

async function readBoth({ packages, book }: Restoring): Promise<Lists> {
  const deleted = new Map<Digest, number>();
  for (const { id, digest } of await packages.listDeleted()) {
    deleted.set(digest, Math.max(id, deleted.get(digest) ?? 0));
  }
  const { versions, tags } = await book.begin();
  return { deleted, active: versions, tags };
}

async function restoreOne(restoring: Restoring, lists: Lists, digest: Digest): Promise<RestoreAnswer> {
  const { packages, book, pausesMs, isUrgent } = restoring;
  const present = lists.active.get(digest);
  if (present !== undefined) return { kind: 'already-there', tags: present.tags };
  // What this run deleted just now may not be on GitHub's list of the deleted yet.
  const id = lists.deleted.get(digest) ?? book.findGone(digest);
  if (id === undefined) {
    return {
      kind: 'refused',
      why: 'GitHub does not list it as deleted: that was more than 30 days ago, or it was never there',
    };
  }
  const answer = await packages.restoreVersion(id, { beyondBudget: isUrgent });
  for (const pauseMs of [0, ...(answer.status === 204 ? pausesMs : [])]) {
    await sleep(pauseMs);
    const now = await book.look(id);
    if (now === 'absent' || now.digest !== digest) continue;
    const own = await giveTagsBack(restoring, lists, now);
    return { kind: answer.status === 204 ? 'restored' : 'already-there', tags: own };
  }
  return explainRefusal(restoring, answer, digest);
}

/**
 * GitHub does not say what becomes of a tag that has been put on another version meanwhile: it is that one's, so it goes back there.
 * Returns the others.
 */
async function giveTagsBack(
  restoring: Restoring,
  lists: Lists,
  { digest, tags }: PackageVersion,
): Promise<readonly Tag[]> {
  const { reader, put, place } = restoring;
  const own: Tag[] = [];
  for (const tag of tags) {
    const owner = lists.tags.get(tag) ?? digest;
    if (owner === digest) own.push(tag);
    else {
      const manifest = await reader.readBytes(owner);
      if (manifest === 'absent') {
        const message = `GitHub moved the tag ${tag} of ${place} from ${owner} to the restored ${digest}, and ${owner} is not there any more.`;
        throw new ProtocolError(message, { code: 'PROTOCOL', hint: 'Put the tag where it belongs by hand.' });
      }
      await put(manifest, tag);
    }
  }
  return own;
}

/** https://docs.github.com/en/packages/learn-github-packages/deleting-and-restoring-a-package#restoring-packages */
const RESTORABLE_FOR = hours(30 * 24);

async function explainRefusal(
  { packages, place, now }: Restoring,
  answer: PackageAnswer,
  digest: Digest,
): Promise<RestoreAnswer> {
  if (answer.status === 204) return { kind: 'refused', why: 'GitHub says that it was restored, and does not show it' };
  if (answer.status !== 404) return { kind: 'refused', why: describeRefusal(answer, 'restore') };
  // Hidden from this token, or really not there any more: what is still listed as deleted is there.
  const listed = (await packages.listDeleted()).filter((version) => version.digest === digest);
  if (listed.length === 0) return { kind: 'refused', why: 'GitHub does not list it as deleted any more' };
  const deletedAt = listed.flatMap((version) => version.deletedAt ?? []).sort((a, b) => b - a)[0];
  if (deletedAt !== undefined && now - deletedAt > RESTORABLE_FOR) {
    const why = `it was deleted on ${formatInstant(deletedAt)}, and GitHub restores for 30 days only`;
    return { kind: 'refused', why };
  }
  throw new AuthError(
    `GitHub answers 404 to the restore of ${digest} in ${place}, which it lists as deleted: the token may not restore it.`,
    {
      code: 'FORBIDDEN',
      hint: RESTORE_HINT,
    },
  );
}
