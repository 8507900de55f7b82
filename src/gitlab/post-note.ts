// The one note on a merge request: found again by a hidden marker, and only among our own; others are never touched.
// https://docs.gitlab.com/api/notes/#merge-requests

import * as z from 'zod';
import { AuthError, type CleanupError, InternalError, NetworkError } from '../errors.ts';
import { decodeWire } from '../forge/decode-wire.ts';
import type { Gitlab } from './gitlab.ts';

/** What to say, and where. */
export interface NoteOptions {
  /** The number or the full path of the project that the merge request goes to. */
  readonly project: string;
  /** Of the merge request, in its project: 7 of `!7`. */
  readonly iid: number;
  /** `<!-- registry-cleanup:KEY -->`, where KEY tells this note from others that the same pipeline may write. */
  readonly marker: string;
  /** Markdown; the marker comes before it. No line of it may begin with `/`: GitLab would act upon it. */
  readonly body: string;
}

/** What became of it. `not-allowed`: the token may not write notes here, or GitLab does not show it the merge request. */
export type NoteOutcome =
  | { readonly kind: 'created' | 'updated' | 'unchanged' }
  | { readonly kind: 'not-allowed'; readonly why: string };

/** Characters that a note may have, marker and line break included; GitLab refuses more. */
const MAX_NOTE_LENGTH = 1_000_000;

/** No `--` within: it would end the comment of HTML early in some readers. */
const MARKER = /^<!-- registry-cleanup:[\w./:]+(?:-[\w./:]+)* -->$/;

const ROUTE = '/projects/{id}/merge_requests/{merge_request_iid}/notes';
const PERMISSION = 'the scope api and the role Reporter';

/** `author` is the ghost user when the account was deleted. `confidential` is the name of `internal` before GitLab 15. */
const notesSchema = z.array(
  z.object({
    id: z.int(),
    body: z.string().nullish(),
    created_at: z.string(),
    author: z.object({ id: z.int() }).nullish(),
    system: z.boolean(),
    internal: z.boolean().nullish(),
    confidential: z.boolean().nullish(),
    resolved: z.boolean().nullish(),
  }),
);
type Note = z.infer<typeof notesSchema>[0];

const userSchema = z.object({ id: z.int() });

/**
 * Writes the note, or rewrites the newest of ours that begins with the marker. One that somebody has resolved is done with: another is
 * written.
 * @throws InternalError when it is too long or the marker is none; NetworkError, RegistryError, ProtocolError when GitLab cannot be asked.
 */
export async function postNote(gitlab: Gitlab, options: NoteOptions): Promise<NoteOutcome> {
  const text = `${options.marker}\n${options.body}`;
  if (!MARKER.test(options.marker)) throw new InternalError('This is no marker of a note.', { code: 'INTERNAL' });
  if (text.length > MAX_NOTE_LENGTH)
    throw new InternalError(`A note of ${text.length} characters is too long.`, { code: 'INTERNAL' });
  try {
    return (await rewrite(gitlab, options, text)) ?? (await write(gitlab, options, text));
  } catch (error) {
    if (!isNotAllowed(error)) throw error;
    return { kind: 'not-allowed', why: error.message };
  }
}

/** A note is not written again when its answer is lost: it may be there. */
async function write(gitlab: Gitlab, options: NoteOptions, text: string): Promise<NoteOutcome> {
  try {
    await gitlab.request({
      method: 'POST',
      route: ROUTE,
      parameters: { ...placeOf(options), body: text },
      expect: [201],
      ...describe(options, 'write a note on'),
    });
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const outcome = await rewrite(gitlab, options, text);
    if (outcome === undefined) throw error;
  }
  return { kind: 'created' };
}

/** Undefined when there is no note of ours yet. */
async function rewrite(gitlab: Gitlab, options: NoteOptions, text: string): Promise<NoteOutcome | undefined> {
  const note = await findOwn(gitlab, options);
  if (note === undefined) return undefined;
  if (withUnixLines(note.body ?? '') === withUnixLines(text)) return { kind: 'unchanged' };
  const answer = await gitlab.request({
    method: 'PUT',
    route: `${ROUTE}/{note_id}`,
    parameters: { ...placeOf(options), note_id: note.id, body: text },
    // Somebody may have deleted it since.
    expect: [200, 404],
    ...describe(options, 'rewrite the note on'),
  });
  return answer.status === 404 ? undefined : { kind: 'updated' };
}

async function findOwn(gitlab: Gitlab, options: NoteOptions): Promise<Note | undefined> {
  const context = describe(options, 'list the notes of');
  const items = await gitlab.list({
    route: ROUTE,
    parameters: { ...placeOf(options), sort: 'asc', order_by: 'created_at' },
    key: 'id',
    ...context,
  });
  const marked = decodeWire(notesSchema, items, context.purpose).filter(
    (note) => isOpen(note) && note.body?.startsWith(options.marker) === true,
  );
  if (marked.length === 0) return undefined;
  // Anybody can write the marker, and whoever wrote a note can rewrite it after us.
  const user = await gitlab.request({ method: 'GET', route: '/user', expect: [200], ...context });
  const { id } = decodeWire(userSchema, user.data, context.purpose);
  const own = marked.filter(({ author }) => author?.id === id);
  return own.sort((a, b) => a.created_at.localeCompare(b.created_at) || a.id - b.id).at(-1);
}

/** Written by somebody for everybody, and not done with. */
function isOpen({ system, internal, confidential, resolved }: Note): boolean {
  return !system && internal !== true && confidential !== true && resolved !== true;
}

function placeOf({ project, iid }: NoteOptions): { readonly id: string; readonly merge_request_iid: number } {
  return { id: project, merge_request_iid: iid };
}

function describe(options: NoteOptions, what: string): { readonly purpose: string; readonly permission: string } {
  return { purpose: `${what} merge request !${options.iid} of project ${options.project}`, permission: PERMISSION };
}

/** GitLab takes carriage returns and white space at the end away. */
function withUnixLines(text: string): string {
  return text.replaceAll('\r', '').trimEnd();
}

/** 401, 403, 404: all that a note can come to for want of a right. */
function isNotAllowed(error: unknown): error is CleanupError {
  return error instanceof AuthError;
}
