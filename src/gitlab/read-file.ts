// One text file of a project at one commit. `absent` is an answer, never a guess.
// https://docs.gitlab.com/api/repository_files/#get-raw-file-from-repository: a job's own token may read it too.

import { createHash } from 'node:crypto';
import * as z from 'zod';
import { AuthError, ProtocolError } from '../errors.ts';
import type { Gitlab } from './gitlab.ts';

/** Which file. */
export interface FileOptions {
  /** The project's number, or its full path. */
  readonly project: string;
  /** From the root, with slashes: `deploy/.registry-cleanup.yml`. */
  readonly path: string;
  /** A commit id. */
  readonly commit: string;
}

/** What is there. */
export type FileContent = { readonly kind: 'file'; readonly text: string } | { readonly kind: 'absent' };

/** A policy file is far smaller. */
const MAX_CHARACTERS = 1024 * 1024;
const PERMISSION = 'the scope read_api or read_repository and the role Reporter';

/** Of a project or commit that it does not show, GitLab says so in other words: then nothing is known of the file. */
const absentSchema = z.object({ message: z.literal('404 File Not Found') });

/**
 * The file's text; `absent` when the commit is there without the file.
 * @throws AuthError REPOSITORY_UNKNOWN when GitLab does not show the project or the commit.
 * @throws ProtocolError TOO_LARGE above a million characters, PROTOCOL for what is not whole or no UTF-8.
 */
export async function readFileAt(gitlab: Gitlab, { project, path, commit }: FileOptions): Promise<FileContent> {
  const purpose = `read ${path} of project ${project} at ${commit}`;
  const answer = await gitlab.request({
    method: 'GET',
    route: '/projects/{id}/repository/files/{file_path}/raw',
    parameters: { id: project, file_path: path, ref: commit },
    expect: [200, 404],
    answersFile: true,
    purpose,
    permission: PERMISSION,
  });
  if (answer.status === 404) {
    if (absentSchema.safeParse(answer.data).success) return { kind: 'absent' };
    throw new AuthError(`Cannot ${purpose}: GitLab shows no such project or commit.`, {
      code: 'REPOSITORY_UNKNOWN',
      hint: `The token needs ${PERMISSION}.`,
      details: { permission: PERMISSION },
    });
  }
  const text = answer.data ?? '';
  if (typeof text !== 'string') throw new ProtocolError(`Cannot ${purpose}: it is no text.`, { code: 'PROTOCOL' });
  if (text.length > MAX_CHARACTERS)
    throw new ProtocolError(`Cannot ${purpose}: it has more than ${MAX_CHARACTERS} characters.`, { code: 'TOO_LARGE' });
  // Older GitLabs do not tell it. Bytes that are no UTF-8 do not survive, and show here.
  const told = answer.header('x-gitlab-content-sha256');
  if (told !== undefined && told !== createHash('sha256').update(text).digest('hex'))
    throw new ProtocolError(`Cannot ${purpose}: its content is not whole, or no UTF-8.`, { code: 'PROTOCOL' });
  return { kind: 'file', text };
}
