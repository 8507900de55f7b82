// Deployments are read while others are made, change and go: whatever is there all the time is found, and as it last was.

import { afterEach, describe, expect, it } from 'vitest';
import { CleanupError } from '../../src/errors.ts';
import { walkDeployments } from '../../src/gitlab/walk-deployments.ts';
import { silentLog } from '../../src/log.ts';
import { type Reply, startScriptedServer } from '../support/scripted-server.ts';
import { json, openTestGitlab } from './try-gitlab.ts';

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

interface Row {
  readonly id: number;
  status: string;
  /** Milliseconds since START. */
  at: number;
}

/** So many, each changed a minute after the one before. */
const rows = (count: number, everyMs = MINUTE): Row[] =>
  Array.from({ length: count }, (_, index) => ({ id: index + 1, status: 'running', at: index * everyMs }));

function describeRow({ id, status, at }: Row): object {
  const time = new Date(START + at).toISOString();
  return {
    id,
    sha: id.toString(16).padStart(40, '0'),
    status,
    created_at: '2026-01-01T00:00:00.000Z',
    updated_at: time,
    environment: { id: 1, name: 'production' },
    deployable: null,
  };
}

/** What happens before a request is answered; requests are counted from 1. */
type Meanwhile = (number: number, query: URLSearchParams) => void | Promise<void>;

/** Answers as GitLab does. */
async function serve(all: () => readonly Row[], meanwhile: Meanwhile = () => undefined) {
  let number = 0;
  const server = await startScriptedServer(async ({ url }): Promise<Reply> => {
    number += 1;
    const query = new URL(url, 'http://x').searchParams;
    await meanwhile(number, query);
    const after = Date.parse(query.get('updated_after') ?? '');
    const before = Date.parse(query.get('updated_before') ?? '2100-01-01T00:00:00Z');
    const found = all()
      .filter(({ at }) => START + at >= after && START + at <= before)
      .toSorted((a, b) => a.at - b.at || b.id - a.id);
    const ordered = query.get('sort') === 'asc' ? found : found.toReversed();
    return json(ordered.slice(0, 100).map(describeRow), { 'x-next-page': found.length > 100 ? '2' : '' });
  });
  return connect(server);
}

async function connect(server: Awaited<ReturnType<typeof startScriptedServer>>) {
  closing.push(() => server.stop());
  const gitlab = await openTestGitlab(server.origin);
  closing.push(() => gitlab.close());
  const walk = () =>
    walkDeployments({ gitlab, project: 'team/app', log: silentLog }, 'list the deployments of team/app');
  return { server, walk };
}

async function failure(asking: Promise<unknown>): Promise<CleanupError> {
  const error: unknown = await asking.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CleanupError)) throw new Error('no error of ours was thrown', { cause: error });
  return error;
}

const idsOf = (found: readonly { readonly id: number }[]): readonly number[] =>
  found.map(({ id }) => id).toSorted((a, b) => a - b);

describe('all deployments are read', () => {
  it.each([
    ['none', 0, 1],
    ['one page', 99, 1],
  ])('of %s in one request', async (_, count, requests) => {
    const all = rows(count);
    const { walk, server } = await serve(() => all);
    expect(idsOf(await walk())).toEqual(idsOf(all));
    expect(server.requests).toHaveLength(requests);
  });

  it.each([100, 101, 250, 1234])('of %i, each once', async (count) => {
    const all = rows(count);
    const { walk } = await serve(() => all);
    const found = await walk();
    expect(found).toHaveLength(count);
    expect(idsOf(found)).toEqual(idsOf(all));
  });

  it('of which some changed at the same moment, also where a page ends among them', async () => {
    const all = rows(1000).map((row, index) => ({ ...row, at: Math.floor(index / 7) * MINUTE }));
    const { walk } = await serve(() => all);
    expect(idsOf(await walk())).toEqual(idsOf(all));
  });

  it('where something in between keeps the numbers of pages to itself', async () => {
    const all = rows(250);
    const server = await startScriptedServer(({ url }) => {
      const query = new URL(url, 'http://x').searchParams;
      const after = Date.parse(query.get('updated_after') ?? '');
      const before = Date.parse(query.get('updated_before') ?? '2100-01-01T00:00:00Z');
      const found = all.filter(({ at }) => START + at >= after && START + at <= before);
      const ordered = query.get('sort') === 'asc' ? found : found.toReversed();
      return json(ordered.slice(0, 100).map(describeRow));
    });
    const { walk } = await connect(server);
    expect(idsOf(await walk())).toEqual(idsOf(all));
  });

  it('of fifty thousand with little more than a request for each hundred', async () => {
    const all = rows(50_000);
    const { walk, server } = await serve(() => all);
    expect(await walk()).toHaveLength(50_000);
    expect(server.requests.length).toBeLessThan(540);
  });

  it('also where many changed at one moment, and the others long before', async () => {
    const all = [...rows(150), ...rows(90).map((row) => ({ ...row, id: row.id + 1000, at: 900 * 24 * 60 * MINUTE }))];
    const { walk } = await serve(() => all);
    expect(idsOf(await walk())).toEqual(idsOf(all));
  });

  it('and GitLab is asked for the order together with the filter that belongs to it', async () => {
    const all = rows(350);
    const { walk, server } = await serve(() => all);
    await walk();
    for (const { url } of server.requests) {
      const query = new URL(url, 'http://x').searchParams;
      expect([query.get('order_by'), query.has('updated_after')]).toEqual(['updated_at', true]);
    }
  });
});

describe('while others deploy', () => {
  // Every request of the walk is tried as the moment at which it happens.
  const moments = Array.from({ length: 24 }, (_, index) => index + 1);

  it.each(moments)('what is deleted before request %i hides nothing', async (moment) => {
    let all = rows(950);
    const { walk } = await serve(
      () => all,
      (number) => {
        if (number === moment) all = all.filter(({ id }) => id % 7 !== 0);
      },
    );
    const found = new Set(idsOf(await walk()));
    expect(all.filter(({ id }) => !found.has(id))).toEqual([]);
  });

  it.each(moments)('what changes before request %i is not missed, and is found as it is then', async (moment) => {
    const all = rows(950);
    const changed = [1, 99, 100, 101, 500, 940, 950];
    let asked = 0;
    const { walk } = await serve(
      () => all,
      (number) => {
        asked = number;
        if (number !== moment) return;
        for (const id of changed) Object.assign(all[id - 1]!, { status: 'success', at: 2000 * MINUTE });
      },
    );
    const found = await walk();
    expect(idsOf(found)).toEqual(idsOf(all));
    // The last request shows what had changed by then.
    if (moment > asked) return;
    const states = changed.map((id) => found.find((one) => one.id === id)?.status);
    expect(states).toEqual(changed.map(() => 'success'));
  });

  it('what changes by a clock that is behind is not missed either', async () => {
    const all = rows(350);
    const newest = START + 349 * MINUTE;
    let isRead: () => void = () => undefined;
    const end = new Promise<void>((resolve) => {
      isRead = resolve;
    });
    const { walk } = await serve(
      () => all,
      async (number, query) => {
        const before = Date.parse(query.get('updated_before') ?? '');
        // Where nothing is kept back from the windows, their last one ends with the newest.
        if (number > 2 && before >= newest - 10 * MINUTE) return isRead();
        if (Number.isNaN(before)) return;
        await end;
        await new Promise((resolve) => setTimeout(resolve, 20));
        // Two minutes before the newest, though it changed after it.
        Object.assign(all[150]!, { status: 'success', at: 347 * MINUTE });
      },
    );
    const found = await walk();
    expect(idsOf(found)).toEqual(idsOf(all));
    expect(found.find(({ id }) => id === 151)?.status).toBe('success');
  });
});

describe('a list that is not whole stops the run', () => {
  it('when more changed at one moment than a page holds', async () => {
    const all = rows(300, 0);
    const { walk } = await serve(() => all);
    const error = await failure(walk());
    expect(error.code).toBe('PROTOCOL');
    expect(error.message).toContain('more than 100 changed at one and the same moment');
  });

  it('when GitLab knows no filter', async () => {
    const all = rows(300);
    const server = await startScriptedServer(() => json(all.slice(0, 100).map(describeRow), { 'x-next-page': '2' }));
    const { walk } = await connect(server);
    expect((await failure(walk())).message).toContain('not come in the order');
  });

  it('when it never ends', async () => {
    let from = 0;
    const server = await startScriptedServer(({ url }) => {
      const after = Date.parse(new URL(url, 'http://x').searchParams.get('updated_after') ?? '');
      from = Math.max(0, after - START);
      const page = rows(100).map((row) => ({ ...row, at: row.at + from }));
      const isAscending = url.includes('sort=asc');
      return json((isAscending ? page : page.toReversed()).map(describeRow), { 'x-next-page': '2' });
    });
    const { walk } = await connect(server);
    expect((await failure(walk())).message).toContain('do not end');
  });

  it.each([
    ['a commit', { sha: 'abc' }],
    ['an environment', { environment: null }],
    ['a time', { updated_at: 'yesterday' }],
    ['a state', { status: null }],
  ])('when a deployment has no usable %s', async (_, changes) => {
    const server = await startScriptedServer(() => json([{ ...describeRow(rows(1)[0]!), ...changes }]));
    const { walk } = await connect(server);
    expect((await failure(walk())).code).toBe('PROTOCOL');
  });
});
