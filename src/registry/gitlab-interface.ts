// Deletes tags through GitLab's REST interface, for where the registry itself does not let us: Developers may delete there.
// https://docs.gitlab.com/api/container_registry/#delete-a-registry-repository-tag

import * as z from 'zod';
import { AuthError, ProtocolError } from '../errors.ts';
import type { Gitlab, GitlabResponse } from '../gitlab/gitlab.ts';
import { formatRepository, type RepositoryReference, type Tag } from '../model/reference.ts';
import type { OpenOnce } from '../util/open-once.ts';
import type { TagRequest } from './gitlab-ways.ts';

const PERMISSION = 'the scope api and the role Developer';

const repositoriesSchema = z.array(z.object({ id: z.number().int().positive(), path: z.string() }));

/** GitLab's own message, when there is one. */
const refusalSchema = z.object({ message: z.string() });

/** How many names an image may have behind its project's path, with some to spare. */
const MOST_NAMES = 4;

/** Where GitLab's interface has the repository. */
interface Place {
  readonly project: string;
  readonly id: number;
}

/** The request that deletes one tag through the interface. Looks the repository up before the first. */
export function createInterfaceRequest(gitlab: OpenOnce<Gitlab>, repository: RepositoryReference): TagRequest {
  let place: Promise<Place | undefined> | undefined;
  let hasDeleted = false;
  const find = (): Promise<Place | undefined> => {
    place ??= gitlab
      .open()
      .then((opened) => findPlace(opened, repository))
      .catch((error: unknown) => {
        place = undefined;
        throw error;
      });
    return place;
  };
  return async (tag) => {
    try {
      const found = await find();
      if (found === undefined) return { kind: 'no-route', why: "GitLab's interface does not list the repository" };
      const response = await sendDelete(await gitlab.open(), { tag, place: found, repository });
      // Where deleting is allowed, a no is about this tag.
      if (response.status === 403 && hasDeleted) return { kind: 'protected', why: describe(response) };
      if (response.status === 403) return { kind: 'forbidden', why: describe(response) };
      if (response.status === 404) return { kind: 'not-found' };
      if (response.status >= 400) return { kind: 'refused', why: describe(response) };
      hasDeleted = true;
      return { kind: 'accepted' };
    } catch (error) {
      if (error instanceof AuthError) return { kind: 'forbidden', why: error.message };
      throw error;
    }
  };
}

/**
 * The project is the longest beginning of the repository's name that is one; nothing else tells where the image's own name begins.
 * Undefined when no project is seen, or the project does not list the repository.
 */
async function findPlace(gitlab: Gitlab, repository: RepositoryReference): Promise<Place | undefined> {
  const names = repository.name.split('/');
  const route = '/projects/{id}/registry/repositories';
  for (let length = names.length; length >= Math.max(2, names.length - MOST_NAMES + 1); length -= 1) {
    const project = names.slice(0, length).join('/');
    const asked = {
      route,
      parameters: { id: project },
      purpose: `list the container repositories of ${project}`,
      permission: PERMISSION,
    };
    const first = await gitlab.request({ ...asked, method: 'GET', expect: [200, 404] });
    if (first.status === 404) continue;
    const listed = repositoriesSchema.safeParse(await gitlab.list({ ...asked, key: 'id' }));
    if (!listed.success) {
      throw new ProtocolError(`GitLab's answer to "${asked.purpose}" is no list of repositories.`, {
        code: 'PROTOCOL',
      });
    }
    const own = listed.data.find(({ path }) => path === repository.name);
    return own === undefined ? undefined : { project, id: own.id };
  }
  return undefined;
}

function sendDelete(
  gitlab: Gitlab,
  { tag, place, repository }: { readonly tag: Tag; readonly place: Place; readonly repository: RepositoryReference },
): Promise<GitlabResponse> {
  return gitlab.request({
    method: 'DELETE',
    route: '/projects/{id}/registry/repositories/{repository_id}/tags/{tag_name}',
    parameters: { id: place.project, repository_id: place.id, tag_name: tag },
    expect: [200, 202, 204, 400, 403, 404],
    purpose: `delete the tag ${tag} of ${formatRepository(repository)}`,
    permission: PERMISSION,
  });
}

function describe({ status, data }: GitlabResponse): string {
  const parsed = refusalSchema.safeParse(data);
  const words = parsed.success ? `: ${JSON.stringify(parsed.data.message.slice(0, 300))}` : '';
  return `GitLab's interface refuses to delete it (status ${status}${words})`;
}
