// A run in a merge request pipeline: the note that shows the plan there. Nothing here decides.

import type { MergeRequestAccess } from '../config/read-merge-request.ts';
import type { GitlabSettings } from '../gitlab/gitlab.ts';
import type { NoteOutcome } from '../gitlab/post-note.ts';
import type { Log } from '../log.ts';

/** How GitLab is reached, and which merge request it is about. */
export interface MergeRequestContext {
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Log;
  readonly access: MergeRequestAccess;
  /** PEM file with further certificate authorities. */
  readonly caFile: string | undefined;
}

/** Writes the one note, or rewrites it. Throws what GitLab's connection throws, save for a missing right. */
export async function noteOnMergeRequest(
  note: { readonly marker: string; readonly body: string },
  { access, environment, log, caFile }: MergeRequestContext,
): Promise<NoteOutcome> {
  const { apiUrl, token, project, iid } = access;
  const [{ openGitlab }, { postNote }] = await Promise.all([
    import('../gitlab/open-gitlab.ts'),
    import('../gitlab/post-note.ts'),
  ]);
  const settings: GitlabSettings = {
    apiUrl,
    token: { kind: 'private', value: token },
    ...(caFile === undefined ? {} : { caFile }),
  };
  const gitlab = await openGitlab(settings, { environment, log });
  try {
    return await postNote(gitlab, { project, iid, ...note });
  } finally {
    await gitlab.close();
  }
}
