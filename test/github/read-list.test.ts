// Lists in pages, on a server whose list moves while it is read. A list that is not whole must never come back.

import { afterEach, describe, expect, it } from 'vitest';
import type { Github, GithubListRequest } from '../../src/github/github.ts';
import { type Reply, type ScriptedServer, startScriptedServer } from '../support/scripted-server.ts';
import { containing } from '../support/typed-matchers.ts';
import { json, listBranches, openTestGithub } from './try-github.ts';

const opened: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.stop();
});

interface Paged {
  /** The list as it is now. */
  items: unknown[];
  readonly server: ScriptedServer;
  readonly github: Github;
  /** `1 2 3 1 3`: the pages in order of arrival. */
  pages(): string;
}

interface Behaviour {
  readonly pageSize?: number;
  /** What the links look like; `{}` leaves them out. */
  readonly linkTo?: (page: number, origin: string) => string;
  readonly withoutLast?: boolean;
  readonly withoutLinks?: boolean;
  /** Runs before the `count`-th request (from 1) is answered. */
  readonly before?: (count: number, list: Paged, page: number) => void;
  readonly etags?: boolean;
  readonly answer?: (page: number) => Reply | undefined;
}

async function serve(count: number, behaviour: Behaviour = {}): Promise<Paged> {
  let requests = 0;
  const seen: number[] = [];
  const list: Paged = {
    items: Array.from({ length: count }, (_, index) => ({ name: `b${index + 1}` })),
    server: await startScriptedServer(({ url, headers }) => {
      requests += 1;
      const query = new URL(url, 'http://x').searchParams;
      const page = Number(query.get('page') ?? '1');
      seen.push(page);
      behaviour.before?.(requests, list, page);
      return behaviour.answer?.(page) ?? answerPage(list, { page, headers, behaviour });
    }),
    get github() {
      return github;
    },
    pages: () => seen.join(' '),
  };
  opened.push(list.server);
  const github = await openTestGithub(list.server.origin);
  opened.push({ stop: () => github.close() });
  return list;
}

function answerPage(
  list: Paged,
  { page, headers, behaviour }: { page: number; headers: { readonly [name: string]: unknown }; behaviour: Behaviour },
): Reply {
  const size = behaviour.pageSize ?? 100;
  const last = Math.max(1, Math.ceil(list.items.length / size));
  const linkTo = behaviour.linkTo ?? ((to: number, origin: string) => `${origin}/repositories/1/branches?page=${to}`);
  const links = [
    ...(page < last ? [`<${linkTo(page + 1, list.server.origin)}>; rel="next"`] : []),
    ...(page < last && behaviour.withoutLast !== true ? [`<${linkTo(last, list.server.origin)}>; rel="last"`] : []),
    ...(page > 1 ? [`<${linkTo(1, list.server.origin)}>; rel="first"`] : []),
  ];
  const shown = list.items.slice((page - 1) * size, page * size);
  const etag = `"${Buffer.from(JSON.stringify(shown)).toString('base64').slice(-40)}${shown.length}"`;
  if (behaviour.etags === true && headers['if-none-match'] === etag) return { status: 304 };
  return json(shown, {
    ...(links.length === 0 || behaviour.withoutLinks === true ? {} : { link: links.join(', ') }),
    ...(behaviour.etags === true ? { etag } : {}),
  });
}

function read(list: Paged, change: Partial<GithubListRequest> = {}): Promise<readonly unknown[]> {
  return listBranches(list.github, change);
}

describe('a list', () => {
  it.each([0, 1, 99, 100, 101, 250, 1234])('of %i items comes whole and in order', async (count) => {
    const list = await serve(count);
    expect(await read(list)).toEqual(list.items);
  });

  it('of one page is read once, with a hundred items a page', async () => {
    const list = await serve(7);
    await read(list);
    expect(list.server.requests.map(({ url }) => url)).toEqual(['/repos/team/app/branches?per_page=100']);
  });

  it('that grows at one end is looked at twice at its ends only', async () => {
    const list = await serve(550);
    await read(list, { newItems: 'start' });
    expect(list.pages().split(' ').sort().join(' ')).toBe('1 1 2 3 4 5 6 6');
  });

  it('that grows anywhere is looked at twice', async () => {
    const list = await serve(550);
    await read(list);
    expect(list.server.requests).toHaveLength(12);
  });

  it('asks the second time whether a page has changed at all', async () => {
    const list = await serve(250, { etags: true });
    expect(await read(list)).toHaveLength(250);
    expect(list.server.requests).toHaveLength(6);
    expect(list.server.requests.filter(({ headers }) => headers['if-none-match'] !== undefined)).toHaveLength(3);
  });

  it('keeps the parameters on every page', async () => {
    const list = await serve(150);
    await read(list, { parameters: { owner: 'team', repo: 'app', state: 'open' } });
    for (const { url } of list.server.requests) expect(url).toContain('state=open');
  });

  it('without a last page is followed from page to page', async () => {
    const list = await serve(250, { withoutLast: true });
    expect(await read(list)).toEqual(list.items);
  });

  it('of cursors is followed by them', async () => {
    const list = await serve(250, {
      withoutLast: true,
      linkTo: (page) => `/repos/team/app/branches?after=c%2B${page}&page=${page}`,
    });
    expect(await read(list)).toEqual(list.items);
    expect(list.server.requests[1]?.url).toContain('after=c%2B2');
  });

  it('that GitHub does not cut into pages comes as it is', async () => {
    const list = await serve(320, { pageSize: 1000 });
    expect(await read(list)).toHaveLength(320);
    expect(list.server.requests).toHaveLength(1);
  });

  it('of exactly a hundred items that has no pages comes as it is', async () => {
    const list = await serve(100, { answer: () => json(Array.from({ length: 100 }, (_, id) => ({ id }))) });
    expect(await read(list)).toHaveLength(100);
  });
});

describe('a list that moves', () => {
  it('is read again when an item comes to its start', async () => {
    const list = await serve(250, {
      before: (count, { items }) => {
        if (count === 2) items.unshift({ name: 'new' });
      },
    });
    expect(await read(list, { newItems: 'start' })).toEqual(list.items);
  });

  it('is read again when an item goes, which would hide one that moved to a page already read', async () => {
    const list = await serve(250, {
      before: (count, { items }) => {
        if (count === 2) items.shift();
      },
    });
    const items = await read(list, { newItems: 'start' });
    expect(items).toEqual(list.items);
    expect(items).toContainEqual({ name: 'b101' });
  });

  it('is read again when one goes and another comes between its ends', async () => {
    const list = await serve(550, {
      before: (count, one, page) => {
        if (count !== 3) return;
        expect(page).toBeGreaterThan(1);
        one.items.splice(150, 1);
        one.items.splice(430, 0, { name: 'new' });
      },
    });
    expect(await read(list)).toEqual(list.items);
  });

  it('is read again when an item in its middle goes while the pages after it are still to be read', async () => {
    const list = await serve(550, {
      before: (_, { items }, page) => {
        // Page 3 is read by then; the first item of page 5 becomes the last one of page 4.
        if (page === 5 && items.length === 550) items.splice(250, 1);
      },
    });
    const items = await read(list, { newItems: 'start' });
    expect(items).toContainEqual({ name: 'b401' });
    expect(items).toEqual(list.items);
  });

  it('is read again when it grows by a page', async () => {
    const list = await serve(200, {
      before: (count, { items }) => {
        if (count === 2) items.push({ name: 'new' });
      },
    });
    expect(await read(list, { newItems: 'end' })).toHaveLength(201);
  });

  it('is read again when its last page is empty meanwhile', async () => {
    const list = await serve(201, {
      before: (count, { items }) => {
        if (count === 2) items.pop();
      },
    });
    expect(await read(list, { newItems: 'start' })).toHaveLength(200);
  });

  it('is an error when it never stands still', async () => {
    const list = await serve(250, {
      before: (count, { items }) => void items.unshift({ name: `new${count}` }),
    });
    await expect(read(list)).rejects.toMatchObject({
      name: 'ProtocolError',
      code: 'PROTOCOL',
      message: containing('keeps changing'),
    });
    expect(list.server.requests.length).toBeLessThanOrEqual(18);
  });

  it('is an error when an item is on it twice', async () => {
    const list = await serve(3);
    list.items.push({ name: 'b1' });
    await expect(read(list)).rejects.toMatchObject({ message: containing('"b1" is on it twice') });
  });
});

describe('a list that is not whole is an error', () => {
  it('with an empty page in the middle', async () => {
    const list = await serve(350, { answer: (page) => (page === 2 ? json([]) : undefined) });
    await expect(read(list, { newItems: 'start' })).rejects.toMatchObject({
      code: 'PROTOCOL',
      message: containing('page 2 of 4 is empty'),
    });
  });

  it('when something takes the links away', async () => {
    const list = await serve(250, { withoutLinks: true });
    await expect(read(list)).rejects.toMatchObject({ code: 'PROTOCOL', message: containing('no link led to') });
  });

  it.each<[string, Reply]>([
    ['an object', json({ items: [] })],
    ['nothing', json(null)],
    ['a 404', json({ message: 'Not Found' }, {}, 404)],
    ['a 502', json({ message: 'No' }, {}, 502)],
  ])('when one page is %s', async (_, reply) => {
    const list = await serve(350, { answer: (page) => (page === 3 ? reply : undefined) });
    await expect(read(list)).rejects.toHaveProperty('code');
  });

  it.each([
    ['another origin', 'http://127.0.0.1:1/repos/team/app/branches?page=2'],
    ['another list', '/repos/team/app/tags?page=2'],
    ['an address with a password', 'http://user:pass@127.0.0.1/repos/team/app/branches?page=2'],
    ['nowhere', 'http://'],
  ])('when a link leads to %s', async (_, link) => {
    const list = await serve(250, { linkTo: () => link });
    await expect(read(list)).rejects.toMatchObject({ name: 'ProtocolError', code: 'PROTOCOL' });
    expect(list.server.requests).toHaveLength(1);
  });

  it('when a link comes back to a page that was read', async () => {
    const list = await serve(550, { withoutLast: true, linkTo: () => '/repos/team/app/branches?page=2' });
    await expect(read(list)).rejects.toMatchObject({ message: containing('do not end') });
    expect(list.server.requests).toHaveLength(2);
  });

  it('when there are more pages than any list has', async () => {
    const list = await serve(250, { linkTo: () => '/repos/team/app/branches?page=20000' });
    await expect(read(list)).rejects.toMatchObject({ message: containing('do not end') });
  });

  it('when the last page is told to be the first, and another follows', async () => {
    const list = await serve(250, { linkTo: (page) => `/repos/team/app/branches?page=${page === 3 ? 1 : page}` });
    await expect(read(list)).rejects.toMatchObject({ code: 'PROTOCOL' });
  });

  it('when the links cannot be read', async () => {
    const list = await serve(1, { answer: () => json([], { link: 'nonsense' }) });
    await expect(read(list)).rejects.toMatchObject({ message: containing('cannot be read') });
  });
});
