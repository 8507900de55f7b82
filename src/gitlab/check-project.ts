// Makes sure that the project asked for is the one that answers, and not what its path leads to since it moved.

import * as z from 'zod';
import { CleanupError, RegistryError } from '../errors.ts';
import { decodeWire } from '../forge/decode-wire.ts';
import type { Gitlab } from './gitlab.ts';
import { type GitlabProject, READ_PERMISSION, readAsEvidence } from './project-evidence.ts';

/** https://docs.gitlab.com/api/projects/#get-a-single-project */
const projectSchema = z.object({ path_with_namespace: z.string().min(1) });

/**
 * Asks GitLab for the project's path. Not for job tokens: GitLab does not let them ask.
 * @throws EvidenceError EVIDENCE_FORGE when it is another one, with the new path, or cannot be read.
 */
export async function checkProject({ gitlab, project }: GitlabProject): Promise<void> {
  await readAsEvidence('ask no forge with without-forge', async () => {
    const path = await readPath(gitlab, project).catch(async (error: unknown) => {
      const number = error instanceof CleanupError ? error.details['project'] : undefined;
      if (typeof number !== 'number') throw error;
      return readPath(gitlab, number);
    });
    // GitLab's paths are one whatever the case of their letters.
    if (path.toLowerCase() === project.toLowerCase()) return;
    throw new RegistryError(`The project ${project} has moved to ${path}.`, {
      code: 'REGISTRY_REFUSED',
      hint: `Name it ${path} with gitlab-project.`,
    });
  });
}

async function readPath(gitlab: Gitlab, id: string | number): Promise<string> {
  const purpose = `read what ${typeof id === 'number' ? `project ${id}` : id} is`;
  const { data } = await gitlab.request({
    method: 'GET',
    route: '/projects/{id}',
    parameters: { id },
    expect: [200],
    purpose,
    permission: READ_PERMISSION,
  });
  return decodeWire(projectSchema, data, purpose).path_with_namespace;
}
