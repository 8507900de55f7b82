// What a GitLab user needs to hear when the registry does not know a repository.

import { AuthError } from '../errors.ts';

const HINT =
  "On GitLab the name is the project's path in lower case, with up to two further names. A CI_JOB_TOKEN reaches the registry of its own " +
  'project, and of others only where they allow it; an access token needs the scope read_registry or api. A repository appears with its first push.';

/** The action's result; of an unknown repository with GitLab's reasons for it. @throws what the action throws */
export async function explainUnknownRepository<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof AuthError) || error.code !== 'REPOSITORY_UNKNOWN') throw error;
    const { code, details, temporary } = error;
    throw new AuthError(error.message, { code, details, temporary, hint: HINT, cause: error });
  }
}
