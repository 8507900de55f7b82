// The one comment on a pull request: found again by a hidden marker, and only among our own; others are never touched.

import * as z from 'zod';
import { AuthError, type CleanupError, InternalError, NetworkError, ProtocolError } from '../errors.ts';
import type { Github } from './github.ts';

/** What to say, and where. */
export interface CommentOptions {
  readonly owner: string;
  readonly name: string;
  /** Of the pull request. */
  readonly number: number;
  /** `<!-- registry-cleanup:KEY -->`, where KEY tells this comment from others that the same workflow may write. */
  readonly marker: string;
  /** Markdown; the marker comes before it. */
  readonly body: string;
}

/** What became of it. `not-allowed`: the token may not comment, as in a workflow of a fork's pull request. */
export type CommentOutcome =
  | { readonly kind: 'created' | 'updated' | 'unchanged' }
  | { readonly kind: 'not-allowed'; readonly why: string };

/** Characters that a comment may have, marker and line break included; GitHub answers 422 to more. */
const MAX_COMMENT_LENGTH = 65_535;

/** No `--` within: it would end the comment early in some readers of HTML. */
const MARKER = /^<!-- registry-cleanup:[\w./:]+(?:-[\w./:]+)* -->$/;

/** https://docs.github.com/en/rest/issues/comments; `user` is null when the account was deleted. */
const commentsSchema = z.array(
  z.object({
    id: z.int(),
    body: z.string().nullish(),
    created_at: z.string(),
    user: z.object({ login: z.string() }).nullish(),
  }),
);

const viewerSchema = z.object({ viewer: z.object({ login: z.string().min(1) }) });

/**
 * Writes the comment, or rewrites the newest of ours that begins with the marker.
 * @throws InternalError when it is too long or the marker is none; NetworkError, RegistryError, ProtocolError when GitHub cannot be asked.
 */
export async function postComment(github: Github, options: CommentOptions): Promise<CommentOutcome> {
  const text = `${options.marker}\n${options.body}`;
  if (!MARKER.test(options.marker)) throw new InternalError('This is no marker of a comment.', { code: 'INTERNAL' });
  if (text.length > MAX_COMMENT_LENGTH)
    throw new InternalError(`A comment of ${text.length} characters is too long.`, { code: 'INTERNAL' });
  try {
    return (await rewrite(github, options, text)) ?? (await write(github, options, text));
  } catch (error) {
    if (!isNotAllowed(error)) throw error;
    return { kind: 'not-allowed', why: error.message };
  }
}

/** A comment is not written again when its answer is lost: it may be there. */
async function write(github: Github, options: CommentOptions, text: string): Promise<CommentOutcome> {
  const { owner, name, number } = options;
  try {
    await github.request({
      method: 'POST',
      route: '/repos/{owner}/{repo}/issues/{issue_number}/comments',
      parameters: { owner, repo: name, issue_number: number, body: text },
      expect: [201],
      beyondBudget: true,
      ...describe(options, 'comment on'),
    });
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const outcome = await rewrite(github, options, text);
    if (outcome === undefined) throw error;
  }
  return { kind: 'created' };
}

/** Undefined when there is no comment of ours yet. */
async function rewrite(github: Github, options: CommentOptions, text: string): Promise<CommentOutcome | undefined> {
  const { owner, name } = options;
  const comment = await findOwn(github, options);
  if (comment === undefined) return undefined;
  if (withUnixLines(comment.body ?? '') === withUnixLines(text)) return { kind: 'unchanged' };
  const answer = await github.request({
    method: 'PATCH',
    route: '/repos/{owner}/{repo}/issues/comments/{comment_id}',
    parameters: { owner, repo: name, comment_id: comment.id, body: text },
    // Somebody may have deleted it since.
    expect: [200, 404],
    beyondBudget: true,
    ...describe(options, 'rewrite the comment on'),
  });
  return answer.status === 404 ? undefined : { kind: 'updated' };
}

async function findOwn(
  github: Github,
  options: CommentOptions,
): Promise<z.infer<typeof commentsSchema>[0] | undefined> {
  const { owner, name, number, marker } = options;
  const context = describe(options, 'list the comments of');
  const items = await github.list({
    route: '/repos/{owner}/{repo}/issues/{issue_number}/comments',
    parameters: { owner, repo: name, issue_number: number },
    newItems: 'end',
    ...context,
  });
  const comments = decode(commentsSchema, items, context.purpose);
  const marked = comments.filter(({ body }) => body?.startsWith(marker) === true);
  if (marked.length === 0) return undefined;
  // Anybody can write the marker, and whoever wrote a comment can rewrite it after us.
  const { viewer } = decode(
    viewerSchema,
    await github.graphql({ query: 'query { viewer { login } }', variables: {}, ...context }),
    context.purpose,
  );
  const own = marked.filter(({ user }) => user?.login === viewer.login);
  return own.sort((a, b) => a.created_at.localeCompare(b.created_at) || a.id - b.id).at(-1);
}

function describe(options: CommentOptions, what: string): { readonly purpose: string; readonly permission: string } {
  const purpose = `${what} pull request #${options.number} of ${options.owner}/${options.name}`;
  return { purpose, permission: 'pull-requests: write' };
}

function decode<T>(schema: z.ZodType<T>, data: unknown, purpose: string): T {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  throw new ProtocolError(`Cannot ${purpose}: GitHub's answer has another shape than described.`, {
    code: 'PROTOCOL',
    details: { at: result.error.issues[0]?.path.map(String).join('.') ?? '' },
  });
}

/** GitHub may hand texts back with the line ends of the web. */
function withUnixLines(text: string): string {
  return text.replaceAll('\r\n', '\n').trimEnd();
}

function isNotAllowed(error: unknown): error is CleanupError {
  return error instanceof AuthError && (error.code === 'FORBIDDEN' || error.code === 'REPOSITORY_UNKNOWN');
}
