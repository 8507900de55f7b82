// What a GitLab user needs to hear when the registry does not show a repository.

import { AuthError } from '../errors.ts';

const HINT =
  "On GitLab the name is the project's path in lower case, with up to two further names. A CI_JOB_TOKEN reaches the registry of its own " +
  'project, and of others only where they allow it; an access token needs the scope read_registry or api. A repository appears with its first push.';

/**
 * The action's result; of a repository that is unknown, or not for these credentials, with GitLab's reasons for it: GitLab hides what may
 * not be read behind a token that grants nothing.
 * @throws what the action throws
 */
export async function explainHiddenRepository<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof AuthError) || (error.code !== 'REPOSITORY_UNKNOWN' && error.code !== 'FORBIDDEN'))
      throw error;
    const { code, details, temporary, message } = error;
    const hint = error.code === 'FORBIDDEN' && error.hint !== undefined ? `${error.hint} ${HINT}` : HINT;
    throw new AuthError(message, { code, details, temporary, hint, cause: error });
  }
}
