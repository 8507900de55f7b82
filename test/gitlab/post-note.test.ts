// The one note on a merge request, at the stateful fake: found again, rewritten in place, and never somebody else's.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Gitlab } from '../../src/gitlab/gitlab.ts';
import { type NoteOptions, type NoteOutcome, postNote } from '../../src/gitlab/post-note.ts';
import type { FakeToken } from '../fakes/gitlab/access.ts';
import { type FakeGitlab, startGitlab } from '../fakes/gitlab/gitlab.ts';
import type { FakeProject } from '../fakes/gitlab/projects.ts';
import { requireDistribution, requireProgram } from '../support/real-parts.ts';
import { type ScriptedServer, startScriptedServer } from '../support/scripted-server.ts';
import { containing } from '../support/typed-matchers.ts';
import { json, openTestGitlab } from './try-gitlab.ts';

const MARKER = '<!-- registry-cleanup:plan -->';
const BOT: FakeToken = { kind: 'private', user: 'project_1_bot', scopes: ['api'], level: 'reporter' };

describe.runIf(requireDistribution() !== undefined && requireProgram('openssl'))('on the fake GitLab', () => {
  let fake: FakeGitlab;
  let project: FakeProject;
  let gitlab: Gitlab;

  beforeEach(async () => {
    fake = await startGitlab();
    project = fake.addProject('team/sub/app');
    project.addMergeRequest({ iid: 7, head: 'b'.repeat(40) });
    project.addMergeRequest({ iid: 8, head: 'c'.repeat(40) });
    gitlab = await open(BOT);
  });
  afterEach(async () => {
    await gitlab.close();
    await fake.close();
  });

  async function open(token: FakeToken): Promise<Gitlab> {
    const kind = token.kind === 'job' ? 'job' : 'private';
    return openTestGitlab(fake.serverUrl, { token: { kind, value: fake.addToken(token) } });
  }

  function post(body: string, change: Partial<NoteOptions> = {}): Promise<NoteOutcome> {
    return postNote(gitlab, { project: String(project.id), iid: 7, marker: MARKER, body, ...change });
  }

  function bodies(iid = 7): readonly string[] {
    const notes = project.notes.filter((note) => note.iid === iid);
    return notes.map(({ author, body }) => `${author}: ${body.replace('\n', ' | ')}`);
  }

  describe('the note', () => {
    it('is made once, and rewritten in place from then on', async () => {
      expect(await post('one')).toEqual({ kind: 'created' });
      expect(await post('two')).toEqual({ kind: 'updated' });
      expect(bodies()).toEqual([`project_1_bot: ${MARKER} | two`]);
      expect(fake.violations).toEqual([]);
    });

    it('may name the project by its path', async () => {
      expect(await post('one', { project: 'team/sub/app' })).toEqual({ kind: 'created' });
      expect(bodies()).toHaveLength(1);
    });

    it('is left alone when it says the same already', async () => {
      await post('one\n\ntwo\n');
      project.notes[0]!.body = project.notes[0]!.body.replaceAll('\n', '\r\n').trimEnd();
      fake.clearRequests();
      expect(await post('one\n\ntwo\n')).toEqual({ kind: 'unchanged' });
      expect(fake.requestLog().filter((line) => !line.startsWith('GET'))).toEqual([]);
    });

    it('is never one of somebody else’s, whatever they write', async () => {
      project.addNote({ iid: 7, author: 'mallory', body: `${MARKER}\nfake` });
      expect(await post('real')).toEqual({ kind: 'created' });
      project.addNote({ iid: 7, author: 'mallory', body: `${MARKER}\nfake again` });
      expect(await post('real again')).toEqual({ kind: 'updated' });
      expect(bodies()).toEqual([
        `mallory: ${MARKER} | fake`,
        `project_1_bot: ${MARKER} | real again`,
        `mallory: ${MARKER} | fake again`,
      ]);
    });

    it('is never one that GitLab wrote, one that only quotes the marker, or one of another merge request', async () => {
      project.addNote({ iid: 7, author: 'project_1_bot', body: `${MARKER}\nsystem`, system: true });
      project.addNote({ iid: 7, author: 'project_1_bot', body: `quoted ${MARKER}` });
      project.addNote({ iid: 8, author: 'project_1_bot', body: `${MARKER}\nother` });
      expect(await post('real')).toEqual({ kind: 'created' });
      expect(bodies()).toHaveLength(3);
      expect(bodies(8)).toEqual([`project_1_bot: ${MARKER} | other`]);
    });

    it('is the newest of ours, and one of another key is another note', async () => {
      for (const body of [`${MARKER}\nold`, `${MARKER}\nnew`, '<!-- registry-cleanup:other -->\nother'])
        project.addNote({ iid: 7, author: 'project_1_bot', body });
      expect(await post('now')).toEqual({ kind: 'updated' });
      expect(bodies().map((text) => text.split('| ').at(-1))).toEqual(['old', 'now', 'other']);
    });

    it('is found on the last of many pages', async () => {
      await post('one');
      for (let count = 0; count < 230; count += 1) project.addNote({ iid: 7, author: 'ann', body: `say ${count}` });
      expect(await post('two')).toEqual({ kind: 'updated' });
      expect(project.notes).toHaveLength(231);
    });

    it('is made anew when it went in the meantime', async () => {
      await post('one');
      fake.onRequest = (request) => {
        if (request.method === 'PUT') project.notes.splice(0);
        return undefined;
      };
      expect(await post('two')).toEqual({ kind: 'created' });
      expect(bodies()).toEqual([`project_1_bot: ${MARKER} | two`]);
    });

    it('is not written twice when the answer is lost', async () => {
      fake.onRequest = (request) => {
        if (request.method !== 'POST' || request.channel !== 'rest') return undefined;
        project.addNote({ iid: 7, author: 'project_1_bot', body: `${MARKER}\none` });
        return 'drop';
      };
      expect(await post('one')).toEqual({ kind: 'created' });
      expect(project.notes).toHaveLength(1);
    });

    it('that was not written is an error', async () => {
      fake.fault(/^POST /, 'drop', 9);
      await expect(post('one')).rejects.toMatchObject({ name: 'NetworkError' });
      expect(project.notes).toEqual([]);
    });

    it('is never too long for GitLab', async () => {
      await expect(post('x'.repeat(1_000_000))).rejects.toMatchObject({ code: 'INTERNAL' });
      expect(await post('x'.repeat(900_000))).toEqual({ kind: 'created' });
    });
  });

  describe('a token that may not write notes', () => {
    it.each<[string, FakeToken]>([
      ['of a job', { kind: 'job', user: 'project_1_bot' }],
      ['that may only read', { ...BOT, scopes: ['read_api'] }],
      ['of another project', { ...BOT, project: 'team/other' }],
      ['that has expired', { ...BOT, state: 'expired' }],
    ])('%s is told, and nothing is thrown', async (_, token) => {
      fake.addProject('team/other');
      await gitlab.close();
      gitlab = await open(token);
      expect(await post('one')).toMatchObject({ kind: 'not-allowed', why: containing('merge request !7') });
      expect(project.notes).toEqual([]);
    });

    it('on a merge request that is not there is told likewise', async () => {
      expect(await post('one', { iid: 99 })).toMatchObject({ kind: 'not-allowed', why: containing('!99') });
    });
  });
});

describe('notes as GitLab sends them', () => {
  let server: ScriptedServer | undefined;
  afterEach(() => server?.stop());

  const own = (id: number, extra: object = {}) => ({
    id,
    body: `${MARKER}\nold`,
    created_at: `2026-11-21T20:00:0${id}.000Z`,
    author: { id: 5 },
    system: false,
    ...extra,
  });

  async function postAmong(notes: readonly unknown[]): Promise<{ outcome: NoteOutcome; writes: readonly string[] }> {
    server = await startScriptedServer(({ method, url }) => {
      if (url.startsWith('/api/v4/user')) return json({ id: 5 });
      if (method === 'GET') return json(notes);
      return json({ id: 9 }, {}, method === 'POST' ? 201 : 200);
    });
    const gitlab = await openTestGitlab(server.origin);
    try {
      const outcome = await postNote(gitlab, { project: '12', iid: 7, marker: MARKER, body: 'new' });
      const writes = server.requests
        .filter(({ method }) => method !== 'GET')
        .map(({ method, url }) => `${method} ${url}`);
      return { outcome, writes };
    } finally {
      await gitlab.close();
    }
  }

  const NOTES = '/api/v4/projects/12/merge_requests/7/notes';

  it('of an older GitLab have no field internal', async () => {
    expect(await postAmong([own(1)])).toEqual({ outcome: { kind: 'updated' }, writes: [`PUT ${NOTES}/1`] });
  });

  it.each([
    ['internal', { internal: true }],
    ['confidential', { confidential: true }],
    ['resolved', { resolvable: true, resolved: true }],
    ['of a deleted account', { author: null }],
    ['without a text', { body: null }],
  ])('are not rewritten when they are %s', async (_, extra) => {
    expect((await postAmong([own(1, extra)])).writes).toEqual([`POST ${NOTES}`]);
    await server?.stop();
    expect((await postAmong([own(1), own(2, extra)])).writes).toEqual([`PUT ${NOTES}/1`]);
  });

  it('that are not understood are an error, and nothing is written', async () => {
    await expect(postAmong([own(1), { id: 'two' }])).rejects.toMatchObject({ code: 'PROTOCOL' });
    expect(server?.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
  });
});
