// Lists in pages that move, end oddly or lie, against a server that answers as each test says.

import { afterEach, describe, expect, it } from 'vitest';
import { CleanupError } from '../../src/errors.ts';
import { type Reply, type SeenRequest, startScriptedServer } from '../support/scripted-server.ts';
import { json, listBranches, openTestGitlab, refuse } from './try-gitlab.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

interface Asked {
  readonly query: URLSearchParams;
  readonly address: string;
  /** Number of this request, from 1. */
  readonly number: number;
}

async function list(answer: (asked: Asked) => Reply) {
  let number = 0;
  const server = await startScriptedServer(({ url, headers }: SeenRequest) => {
    number += 1;
    const { pathname, searchParams: query } = new URL(url, `http://${headers.host}`);
    return answer({ query, address: `http://${headers.host}${pathname}`, number });
  });
  closing.push(() => server.stop());
  const gitlab = await openTestGitlab(server.origin);
  closing.push(() => gitlab.close());
  return { items: () => listBranches(gitlab, { parameters: { id: 'team/app', pagination: 'keyset' } }), server };
}

const names = (count: number, start = 0): readonly { readonly name: string }[] =>
  Array.from({ length: count }, (_, index) => ({ name: `b${String(index + start).padStart(6, '0')}` }));

/** A page by number, as GitLab describes it. */
function numbered(all: readonly unknown[], { query }: Asked, counts = true): Reply {
  const page = Number(query.get('page') ?? '1');
  const pages = Math.max(1, Math.ceil(all.length / 100));
  return json(all.slice((page - 1) * 100, page * 100), {
    'x-next-page': page < pages ? String(page + 1) : '',
    ...(counts ? { 'x-total': String(all.length), 'x-total-pages': String(pages) } : {}),
  });
}

function keyedItems(all: readonly { readonly name: string }[], { query }: Pick<Asked, 'query'>) {
  const token = query.get('page_token') ?? '';
  return all.filter(({ name }) => name > token).slice(0, 100);
}

/** A page by name: a full one always leads to another. */
function keyed(all: readonly { readonly name: string }[], { query, address }: Asked): Reply {
  const shown = keyedItems(all, { query });
  const more = new URLSearchParams(query);
  more.set('page_token', shown.at(-1)?.name ?? '');
  return json(shown, shown.length === 100 ? { link: `<${address}?${more.toString()}>; rel="next"` } : {});
}

async function failure(asking: Promise<unknown>): Promise<CleanupError> {
  const error: unknown = await asking.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CleanupError)) throw new Error('no error of ours was thrown', { cause: error });
  return error;
}

describe('a list', () => {
  it.each([
    ['nothing', 0, 1],
    ['one page', 99, 1],
    ['one full page that counts', 100, 1],
    ['several pages, each looked at twice', 250, 6],
    ['full pages only', 300, 6],
  ])('by numbers of %s', async (_, count, requests) => {
    const all = names(count);
    const { items, server } = await list((asked) => numbered(all, asked));
    expect(await items()).toEqual(all);
    expect(server.requests).toHaveLength(requests);
  });

  it.each([
    ['nothing', 0, 1],
    ['one page', 99, 1],
    ['one full page, which leads to an empty one', 100, 4],
    ['several pages, each looked at twice', 250, 6],
  ])('by names of %s', async (_, count, requests) => {
    const all = names(count);
    const { items, server } = await list((asked) => keyed(all, asked));
    expect(await items()).toEqual(all);
    expect(server.requests).toHaveLength(requests);
  });

  it('of more than GitLab counts is followed from page to page', async () => {
    const all = names(1050);
    const { items } = await list((asked) => numbered(all, asked, false));
    expect(await items()).toEqual(all);
  });

  it('of which GitLab counts a page too many, as it does for branches by numbers', async () => {
    const all = names(200);
    const { items } = await list((asked) => {
      const page = Number(asked.query.get('page') ?? '1');
      return json(all.slice((page - 1) * 100, page * 100), {
        'x-next-page': page < 3 ? String(page + 1) : '',
        'x-total': '200',
        'x-total-pages': '3',
      });
    });
    expect(await items()).toEqual(all);
  });

  it('takes of a link only what names the page', async () => {
    const all = names(150);
    const { items, server } = await list((asked) => {
      const { status, headers, body } = keyed(all, asked) as Exclude<Reply, { fault: unknown }>;
      const link = String(headers?.['link'] ?? '')
        .replace('/team%2Fapp/', '/99/')
        .replace('?', '?private_token=evil&');
      return { status, headers: { ...headers, ...(link === '' ? {} : { link }) }, body: body ?? '' };
    });
    expect(await items()).toEqual(all);
    for (const { url } of server.requests) expect(url).toMatch(/^\/api\/v4\/projects\/team%2Fapp\/(?!.*private_token)/);
  });
});

describe('a list that moves', () => {
  it.each([
    ['loses an item of the first page', (all: readonly { name: string }[]) => all.slice(1)],
    ['gets an item at the beginning', (all: readonly { name: string }[]) => [{ name: 'a' }, ...all]],
    ['loses one and gets another', (all: readonly { name: string }[]) => [...all.slice(1), { name: 'z' }]],
    ['grows by a page', (all: readonly { name: string }[]) => [...all, ...names(100, 900)]],
    ['shrinks by a page', (all: readonly { name: string }[]) => all.slice(0, 180)],
  ])('is read again when it %s', async (_, change) => {
    for (const page of [numbered, keyed])
      for (const when of [2, 3, 4, 5]) {
        let all = names(250);
        const { items } = await list((asked) => {
          if (asked.number === when) all = [...change(all)];
          return page(all, asked);
        });
        const found = await items();
        // What is gone after the second look began was there when the first one ended.
        const valid = when <= 3 ? [all] : [names(250), all];
        expect(valid, `${page.name}, at request ${when}`).toContainEqual(found);
      }
  });

  it('is read again when what a page begins after is gone', async () => {
    let all = names(250);
    const { items } = await list((asked) => {
      const token = asked.query.get('page_token');
      if (asked.number === 2) all = all.filter(({ name }) => name !== token);
      if (token !== null && !all.some(({ name }) => name === token)) return refuse(422, 'Invalid page token');
      return keyed(all, asked);
    });
    expect(await items()).toEqual(all);
  });

  it('and never stands still stops the run, and says that it may pass', async () => {
    let all = names(250);
    const { items, server } = await list((asked) => {
      all = [...all.slice(1), { name: `c${String(asked.number).padStart(6, '0')}` }];
      return numbered(all, asked);
    });
    const error = await failure(items());
    expect(error).toMatchObject({ code: 'PROTOCOL', temporary: true });
    expect(error.message).toContain('keeps changing');
    expect(server.requests.length).toBeLessThan(30);
  });
});

describe('a list that is not whole stops the run:', () => {
  const odd: ReadonlyArray<readonly [string, RegExp, (asked: Asked) => Reply]> = [
    ['a page that is no list', /is no list/, () => json({ message: 'no' })],
    ['an item without its key', /without its name/, () => json([{ name: 'a' }, { id: 1 }])],
    ['the same item twice', /twice/, () => json([{ name: 'a' }, { name: 'a' }])],
    ['fewer than it counts', /counts 7, and 1 came/, () => json([{ name: 'a' }], { 'x-total': '7' })],
    [
      'a full page that nothing follows, and that is not all',
      /nothing led to/,
      ({ query }) => json(query.get('page') === '2' ? names(3, 100) : names(100)),
    ],
    [
      'a full page by names whose link a proxy has taken away',
      /nothing led to/,
      (asked) => json(keyedItems(names(150), asked)),
    ],
    [
      'a later full page by names without its link',
      /nothing led to/,
      (asked) => {
        const isFirst = !asked.query.has('page_token');
        const items = keyedItems(names(250), asked);
        const link = `<${asked.address}?page_token=${items.at(-1)?.name}>; rel="next"`;
        return json(items, isFirst ? { link } : {});
      },
    ],
    [
      'a link to another place',
      /leads to http:\/\/gitlab\.evil, away from http:\/\/127/,
      () =>
        json(names(100), {
          link: '<http://gitlab.evil/api/v4/projects/1/repository/branches?page_token=x>; rel="next"',
        }),
    ],
    ['a link that cannot be read', /cannot be read/, () => json(names(100), { link: 'next please' })],
    [
      'a link that names no page',
      /does not name a page/,
      ({ address }) => json(names(100), { link: `<${address}?sort=asc>; rel="next"` }),
    ],
    [
      'pages that lead in a circle',
      /do not end/,
      ({ address, number }) => json(names(100, number * 100), { link: `<${address}?page_token=x>; rel="next"` }),
    ],
    [
      'more pages than there can be',
      /do not end/,
      () => json(names(100), { 'x-next-page': '2', 'x-total-pages': '2001' }),
    ],
    [
      'an empty page before the last',
      /page 2 of 3 is empty/,
      ({ query }) => {
        const page = Number(query.get('page') ?? '1');
        const headers = { 'x-next-page': page < 3 ? String(page + 1) : '', 'x-total-pages': '3' };
        return json(page === 2 ? [] : names(100, page * 100), headers);
      },
    ],
  ];
  it.each(odd)('%s', async (_, message, answer) => {
    const { items } = await list(answer);
    const error = await failure(items());
    expect(error.code).toBe('PROTOCOL');
    expect(error.message).toMatch(message);
  });
});
