// REST routes of the fake GitLab on the notes of merge requests. https://docs.gitlab.com/api/notes/#merge-requests

import type { Answer } from '../github/exchange.ts';
import { FORBIDDEN, LEVELS, levelIn, refuse, UNAUTHORIZED, userOf } from './access.ts';
import { answerPage } from './pages.ts';
import { isoTime } from './projects.ts';
import type { Call, Route } from './rest.ts';

/** A note holds so many characters. https://docs.gitlab.com/api/notes/#create-new-merge-request-note */
const MAX_LENGTH = 1_000_000;
const PATH = '/projects/:id/merge_requests/:iid/notes';

/** A job's token reads notes and never writes one: https://gitlab.com/gitlab-org/gitlab/-/issues/464591 */
export const NOTE_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: PATH,
    query: ['activity_filter'],
    job: true,
    level: 'guest',
    handle: (call) => {
      const { project, parameters, query, world } = call;
      const iid = Number(parameters['iid']);
      if (!project.mergeRequests.has(iid)) return refuse(404, '404 Not found');
      const notes = project.notes.filter((note) => note.iid === iid);
      const key = query.get('order_by') === 'updated_at' ? 'updatedAt' : 'createdAt';
      const sorted = notes.toSorted((one, other) => one[key].localeCompare(other[key]) || one.id - other.id);
      return answerPage(call, query.get('sort') === 'asc' ? sorted : sorted.toReversed(), (note) =>
        world.wire.note(project, note),
      );
    },
  },
  {
    method: 'GET',
    path: `${PATH}/:note`,
    query: [],
    job: true,
    level: 'guest',
    handle: ({ project, parameters, world }) => {
      const note = project.notes.find(({ id }) => id === Number(parameters['note']));
      return note === undefined ? refuse(404, '404 Not found') : { status: 200, json: world.wire.note(project, note) };
    },
  },
  {
    method: 'POST',
    path: PATH,
    query: ['body', 'internal', 'created_at', 'merge_request_diff_head_sha'],
    job: false,
    level: 'guest',
    authenticates: true,
    handle: (call) => {
      const { project, known, parameters, world } = call;
      const iid = Number(parameters['iid']);
      if (!project.mergeRequests.has(iid)) return refuse(404, '404 Not found');
      if (known === undefined) return UNAUTHORIZED;
      const text = textOf(call);
      if (typeof text !== 'string') return text;
      const note = project.addNote({ iid, author: userOf(known), body: text });
      return { status: 201, json: world.wire.note(project, note) };
    },
  },
  {
    method: 'PUT',
    path: `${PATH}/:note`,
    query: ['body'],
    job: false,
    level: 'guest',
    authenticates: true,
    handle: (call) => {
      const { project, known, parameters, world } = call;
      const note = project.notes.find(({ id }) => id === Number(parameters['note']));
      if (note === undefined || note.iid !== Number(parameters['iid'])) return refuse(404, '404 Not found');
      const isOwn = note.author === userOf(known);
      if (note.system || (!isOwn && levelIn(project, known) < LEVELS.maintainer)) return FORBIDDEN;
      const text = textOf(call);
      if (typeof text !== 'string') return text;
      note.body = text;
      note.updatedAt = isoTime(world.now());
      return { status: 200, json: world.wire.note(project, note) };
    },
  },
];

/** The note's text, or what is wrong with it. */
function textOf({ body, query }: Call): string | Answer {
  const text = body['body'] ?? query.get('body');
  if (typeof text !== 'string') return { status: 400, json: { error: 'body is missing' } };
  if (text.trim() === '') return refuse(400, '400 Bad request - Note {:note=>["can\'t be blank"]}');
  if (text.length > MAX_LENGTH)
    return refuse(400, '400 Bad request - Note {:note=>["is too long (maximum is 1000000 characters)"]}');
  return text;
}
