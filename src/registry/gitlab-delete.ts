// Deleting on GitLab: tags, one by one, each looked at right before and right after. What no tag leads to any more GitLab collects itself,
// so a manifest is never deleted for the sake of a tag: an index, or a push that comes meanwhile, may need it.

import { AuthError, CleanupError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Digest, Tag } from '../model/reference.ts';
import type { TagRequest, WayAnswer } from './gitlab-ways.ts';
import { currentDigest } from './oci-delete.ts';
import { type OciEndpoint, resolveManifest } from './oci-manifests.ts';
import type { DeleteAnswer } from './port.ts';

/** What deleting takes. */
export interface GitlabDeleteParts {
  /** The connection to look with. */
  readonly endpoint: OciEndpoint;
  /** The ways to delete a tag, the best first. */
  readonly ways: readonly TagWay[];
  /** The last resort where there is no way to delete a tag at all: the whole image, with all these tags. */
  readonly deleteWhole: (digest: Digest, tags: readonly Tag[]) => Promise<DeleteAnswer>;
  /** Is told of every digest of which a tag may have gone. */
  readonly noteChange: (digest: Digest) => void;
  /** What the right takes, for messages. */
  readonly needs: string;
  readonly log: Log;
}

/** One way to delete a tag. */
export interface TagWay {
  readonly name: string;
  readonly request: TagRequest;
  /** It asks for other rights than those before it: worth a try where they were refused. */
  readonly hasOwnRights: boolean;
}

/** Deletes tags of one repository. Finds out with the first one which way works, and remembers it. */
export interface GitlabDeletes {
  /**
   * Deletes one tag if it is still on this digest. `refused` when it has moved, or outlives its delete.
   * @throws AuthError FORBIDDEN when no way is allowed, or GitLab denies that a tag exists which is there.
   */
  deleteTag(tag: Tag, digest: Digest): Promise<DeleteAnswer>;
  /**
   * Deletes these tags of a digest, in their order, up to the first that has to stay; the manifest itself is GitLab's to collect. `deleted`
   * and `already-gone` mean that none of them leads to it any more. Without tags nothing is sent.
   * @throws AuthError FORBIDDEN as {@link deleteTag}, when nothing was deleted.
   */
  deleteTags(digest: Digest, tags: readonly Tag[]): Promise<DeleteAnswer>;
}

/** What became of one tag. */
type TagAnswer =
  | DeleteAnswer
  | { readonly kind: 'moved'; readonly to: Digest }
  | { readonly kind: 'no-route'; readonly why: string };

interface Deleting {
  readonly parts: GitlabDeleteParts;
  /** The way that has deleted a tag. */
  proved: TagWay | undefined;
}

/** Nothing is known yet of what works here. */
export function createGitlabDeletes(parts: GitlabDeleteParts): GitlabDeletes {
  const deleting: Deleting = { parts, proved: undefined };
  return {
    deleteTag: async (tag, digest) => {
      const answer = await tryTag(deleting, tag, digest);
      if (answer.kind === 'moved')
        return { kind: 'refused', why: `tag ${tag} points at ${answer.to} now, so it was left alone` };
      if (answer.kind !== 'no-route') return answer;
      return { kind: 'refused', why: `the registry has no way to delete a single tag (${answer.why})` };
    },
    deleteTags: (digest, tags) => deleteTags(deleting, digest, tags),
  };
}

async function deleteTags(deleting: Deleting, digest: Digest, tags: readonly Tag[]): Promise<DeleteAnswer> {
  if (tags.length === 0)
    return { kind: 'protected', why: 'it has no tag: GitLab collects it by itself, when nothing needs it' };
  const gone: Tag[] = [];
  for (const [at, tag] of tags.entries()) {
    const answer = await tryUnlessBegun(deleting, { tag, digest, hasBegun: gone.length > 0 });
    switch (answer.kind) {
      case 'deleted':
        gone.push(tag);
        break;
      case 'already-gone':
        break;
      case 'moved':
        deleting.parts.log.debug(`Tag ${tag} points at ${answer.to} now, so it was left alone.`);
        break;
      case 'no-route':
        // Where one tag has gone there is a way, so none has.
        return deleting.parts.deleteWhole(digest, tags);
      case 'protected':
      case 'refused':
      case 'not-now':
        return stopAt(answer, gone, tags.slice(at));
    }
  }
  return { kind: gone.length > 0 ? 'deleted' : 'already-gone' };
}

/** Once something has gone, what has gone must be told, whatever happens then. */
async function tryUnlessBegun(
  deleting: Deleting,
  { tag, digest, hasBegun }: { readonly tag: Tag; readonly digest: Digest; readonly hasBegun: boolean },
): Promise<TagAnswer> {
  try {
    return await tryTag(deleting, tag, digest);
  } catch (error) {
    if (!hasBegun || !(error instanceof CleanupError)) throw error;
    return { kind: 'refused', why: error.message };
  }
}

/** The image is alive as long as one tag stays; a step that was done in part has failed. */
function stopAt(
  answer: Exclude<DeleteAnswer, { readonly kind: 'deleted' | 'already-gone' }>,
  gone: readonly Tag[],
  left: readonly Tag[],
): DeleteAnswer {
  const at = left.length + gone.length > 1 ? `tag ${left[0]}: ${answer.why}` : answer.why;
  if (gone.length === 0) return { ...answer, why: at };
  return { kind: 'refused', why: `${at}. Deleted before: ${gone.join(', ')}. Not deleted: ${left.join(', ')}` };
}

async function tryTag(deleting: Deleting, tag: Tag, digest: Digest): Promise<TagAnswer> {
  const { endpoint, noteChange } = deleting.parts;
  const target = await resolveManifest(endpoint, tag);
  if (target === 'absent') return { kind: 'already-gone' };
  if (target !== digest) return { kind: 'moved', to: target };
  noteChange(digest);
  return deleting.proved === undefined ? findWay(deleting, tag) : sendByProved(deleting, deleting.proved, tag);
}

/** Tries one way after the other until one deletes the tag, or says something about the tag itself. */
async function findWay(deleting: Deleting, tag: Tag): Promise<TagAnswer> {
  const { ways, endpoint, log } = deleting.parts;
  const missing: string[] = [];
  let forbidden: string | undefined;
  for (const way of ways) {
    if (forbidden !== undefined && !way.hasOwnRights) continue;
    const answer = await way.request(tag);
    const result = await conclude(answer, tag, endpoint);
    if (result.kind === 'deleted') {
      deleting.proved = way;
      log.debug(`Tags of ${endpoint.place} can be deleted by ${way.name}.`);
    }
    if (result.kind === 'no-route') missing.push(`${way.name}: ${result.why}`);
    else if (result.kind === 'forbidden')
      forbidden = forbidden === undefined ? result.why : `${forbidden}; ${result.why}`;
    else return result;
  }
  if (forbidden !== undefined) throw missingRight(deleting.parts, tag, forbidden);
  return { kind: 'no-route', why: missing.join('; ') };
}

async function sendByProved(deleting: Deleting, way: TagWay, tag: Tag): Promise<TagAnswer> {
  const result = await conclude(await way.request(tag), tag, deleting.parts.endpoint);
  if (result.kind === 'forbidden') throw missingRight(deleting.parts, tag, result.why);
  return result.kind === 'no-route' ? { kind: 'refused', why: `GitLab refuses to delete it (${result.why})` } : result;
}

type Conclusion =
  | DeleteAnswer
  | { readonly kind: 'no-route'; readonly why: string }
  | { readonly kind: 'forbidden'; readonly why: string };

/** A registry may accept a delete and not do it, and say 404 to whom it does not let: only a look at the tag tells. */
async function conclude(answer: WayAnswer, tag: Tag, endpoint: OciEndpoint): Promise<Conclusion> {
  if (answer.kind !== 'accepted' && answer.kind !== 'not-found') return answer;
  const now = await currentDigest(endpoint, tag);
  if (now === 'absent') return { kind: answer.kind === 'accepted' ? 'deleted' : 'already-gone' };
  if (answer.kind === 'not-found')
    return { kind: 'forbidden', why: `GitLab answers that the tag ${tag}, which is there, is not` };
  return { kind: 'refused', why: `GitLab said that the tag ${tag} was deleted, but it points at ${now}` };
}

function missingRight({ endpoint, needs }: GitlabDeleteParts, tag: Tag, why: string): AuthError {
  return new AuthError(`The tag ${tag} of ${endpoint.place} cannot be deleted: ${why}.`, {
    code: 'FORBIDDEN',
    hint: `Deleting takes ${needs}.`,
    details: { permission: ['delete'] },
  });
}
