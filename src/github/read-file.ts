// One text file of a repository at one commit, by GitHub's interface. `absent` is an answer, never a guess.

import * as z from 'zod';
import { AuthError, ProtocolError, RegistryError } from '../errors.ts';
import type { Github } from './github.ts';

/** Which file. */
export interface FileOptions {
  readonly owner: string;
  readonly name: string;
  /** From the root, with slashes: `deploy/.registry-cleanup.yml`. */
  readonly path: string;
  /** A commit id, or a whole ref: `refs/heads/main`. */
  readonly ref: string;
}

/** What is there. */
export type FileContent = { readonly kind: 'file'; readonly text: string } | { readonly kind: 'absent' };

/** Beyond it GitHub gives no content here; a policy file is far smaller. */
const MAX_BYTES = 1024 * 1024;
const PERMISSION = 'contents: read';

/** https://docs.github.com/en/rest/repos/contents#get-repository-content; a directory is an array. */
const contentSchema = z.union([
  z.object({ type: z.literal('file'), size: z.int().nonnegative(), encoding: z.string(), content: z.string() }),
  z.object({ type: z.enum(['symlink', 'submodule', 'dir']) }),
  z.array(z.unknown()).transform(() => ({ type: 'dir' as const })),
]);

/**
 * The file's text; `absent` when the commit is there without the file.
 * @throws AuthError REPOSITORY_UNKNOWN when GitHub does not show the commit, so that nothing is known of the file.
 * @throws RegistryError REGISTRY_REFUSED for what is no file; ProtocolError TOO_LARGE above 1 MiB, PROTOCOL for what is no UTF-8.
 */
export async function readFileAt(github: Github, options: FileOptions): Promise<FileContent> {
  const { owner, name, path, ref } = options;
  const purpose = `read ${path} of ${owner}/${name} at ${ref}`;
  const answer = await github.request({
    method: 'GET',
    route: '/repos/{owner}/{repo}/contents/{path}',
    parameters: { owner, repo: name, path, ref },
    expect: [200, 404],
    purpose,
    permission: PERMISSION,
  });
  if (answer.status === 404) return confirmAbsence(github, options, purpose);
  const content = contentSchema.safeParse(answer.data).data;
  if (content === undefined) throw new ProtocolError(`Cannot ${purpose}: the answer is no file.`, { code: 'PROTOCOL' });
  if (content.type !== 'file')
    throw new RegistryError(`Cannot ${purpose}: it is no file (${content.type}).`, { code: 'REGISTRY_REFUSED' });
  if (content.size > MAX_BYTES)
    throw new ProtocolError(`Cannot ${purpose}: it has more than ${MAX_BYTES} bytes.`, { code: 'TOO_LARGE' });
  return { kind: 'file', text: decodeContent(content, purpose) };
}

/** GitHub answers 404 as well when the token may not read the repository, or when there is no such commit. */
async function confirmAbsence(github: Github, options: FileOptions, purpose: string): Promise<FileContent> {
  const { owner, name, ref } = options;
  const data = await github.graphql({
    query:
      'query($owner: String!, $name: String!, $ref: String!) { repository(owner: $owner, name: $name) { object(expression: $ref) { __typename } } }',
    variables: { owner, name, ref },
    purpose,
    permission: PERMISSION,
  });
  const commit = z.object({ repository: z.object({ object: z.object({ __typename: z.enum(['Commit', 'Tag']) }) }) });
  if (commit.safeParse(data).success) return { kind: 'absent' };
  throw new AuthError(`Cannot ${purpose}: GitHub shows no such commit.`, {
    code: 'REPOSITORY_UNKNOWN',
    hint: `The token needs ${PERMISSION}.`,
    details: { permission: PERMISSION },
  });
}

function decodeContent(file: { size: number; encoding: string; content: string }, purpose: string): string {
  const bytes = Buffer.from(file.content, 'base64');
  if (file.encoding !== 'base64' || bytes.length !== file.size)
    throw new ProtocolError(`Cannot ${purpose}: its content is not whole.`, { code: 'PROTOCOL' });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ProtocolError(`Cannot ${purpose}: it is no UTF-8 text.`, { code: 'PROTOCOL', cause });
  }
}
