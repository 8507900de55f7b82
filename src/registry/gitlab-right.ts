// What the token of GitLab's registry tells, before anything is tried, about the right to delete and the tags that a rule of the project
// protects. It only announces: the registry decides.
// https://docs.gitlab.com/user/packages/container_registry/protected_container_tags/

import { RE2JS } from 're2js';
import { AuthError } from '../errors.ts';
import type { Tag } from '../model/reference.ts';
import type { DeleteRight } from '../model/snapshot.ts';
import type { RepositoryGrants } from './token-grants.ts';
import type { Transport } from './transport.ts';

/** What is known of the right to delete in one repository. */
export interface GitlabRight {
  readonly deleteRight: DeleteRight;
  /** In words, which rule lets nobody with these credentials delete a tag; undefined when none does. Absent where nobody can tell. */
  readonly protection?: (tag: Tag) => string | undefined;
}

/** How the right is given. `admin_container_image` is a Maintainer's; a job may always delete in its own project. */
export const DELETE_NEEDS =
  'an access token with the scope api and the role Maintainer, or the CI_JOB_TOKEN of a job of the same project (deploy tokens never delete)';

/** The registry takes expressions of a hundred characters; longer ones are not even tried here. */
const LONGEST_PATTERN = 1000;

/**
 * Asks the token server what it grants for deleting. Does not ask for `push`: where pushing to the repository is protected it would give
 * nothing at all, and for a repository that does not exist it would make one.
 * `interfaceMayDoMore`: a token for GitLab's interface is there too, which lets Developers delete.
 */
export async function readGitlabRight(
  transport: Pick<Transport, 'grants'>,
  { interfaceMayDoMore }: { readonly interfaceMayDoMore: boolean },
): Promise<GitlabRight> {
  let grants: RepositoryGrants | undefined;
  try {
    grants = await transport.grants(['pull', 'delete']);
  } catch (error) {
    if (!(error instanceof AuthError)) throw error;
    return { deleteRight: { kind: 'missing', permission: `credentials that GitLab accepts (${error.message})` } };
  }
  if (grants === undefined)
    return { deleteRight: { kind: 'unproved', why: 'the registry does not show it; the first delete goes alone' } };
  if (grants.actions.includes('delete') || grants.actions.includes('*'))
    return { deleteRight: { kind: 'granted' }, protection: createProtection(grants) };
  if (!interfaceMayDoMore) return { deleteRight: { kind: 'missing', permission: DELETE_NEEDS } };
  const why =
    "the registry itself does not grant it (that takes the role Maintainer), but GitLab's interface may: the first delete goes alone";
  return { deleteRight: { kind: 'unproved', why } };
}

interface Rule {
  readonly matches: (tag: Tag) => boolean;
  readonly words: string;
}

/** The registry looks for a match anywhere in the tag. What cannot be understood might match any tag, so it counts as doing so. */
function createProtection({ undeletable, immutable }: RepositoryGrants): (tag: Tag) => string | undefined {
  const rules = [
    ...immutable.map((pattern) => readRule(pattern, 'a rule of the project makes tags immutable that match')),
    ...undeletable.map((pattern) =>
      readRule(pattern, 'a rule of the project lets nobody with this role delete tags that match'),
    ),
  ];
  return (tag) => rules.find(({ matches }) => matches(tag))?.words;
}

function readRule(pattern: string, rule: string): Rule {
  const shown = JSON.stringify(pattern.replace(/\p{Cc}+/gu, ' ').slice(0, 200));
  const words = `${rule} ${shown}`;
  if (pattern.length > LONGEST_PATTERN)
    return { matches: () => true, words: `${words}, which is too long to be understood` };
  try {
    const expression = RE2JS.compile(pattern);
    return { matches: (tag) => expression.matcher(tag).find(), words };
  } catch {
    // Whatever is wrong with it, the registry has a rule here, and nobody knows for which tags.
    return { matches: () => true, words: `${words}, which cannot be understood` };
  }
}
