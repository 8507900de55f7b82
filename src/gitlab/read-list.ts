// Reads a list that comes in pages while others change it. A list is whole only when nothing moved between its pages.

import { isDeepStrictEqual } from 'node:util';
import { ProtocolError } from '../errors.ts';
import { type Moved, readUnmoved } from '../http/read-unmoved.ts';
import { mapConcurrently } from '../util/map-concurrently.ts';
import type { GitlabListRequest } from './gitlab.ts';
import type { GitlabAnswer } from './gitlab-answer.ts';
import { findNextPage, type PageQuery } from './page-link.ts';
import type { Wire } from './wire.ts';

/** What to read, and from where. */
export interface ListOptions {
  readonly wire: Wire;
  /** `https://gitlab.com`: where page links may lead. */
  readonly origin: string;
  readonly request: GitlabListRequest;
}

/** GitLab's most. */
const PAGE_SIZE = 100;
/** Two hundred thousand items: more is a loop. */
const MAX_PAGES = 2000;
const PAGES_AT_ONCE = 8;
/** GitLab refuses a page that begins after an item which is gone by now. */
const STALE_CURSOR: ReadonlySet<number> = new Set([400, 422]);

interface Page {
  readonly query: PageQuery;
  readonly items: readonly unknown[];
  readonly keys: readonly string[];
  readonly next: PageQuery | undefined;
  /** `x-total`; GitLab leaves it out above 10,000, and where it pages by keys. */
  readonly total: number | undefined;
  /** `x-total-pages`. */
  readonly last: number | undefined;
}

/**
 * All items, each once, in the order of the pages. One page is the list at one moment; of more pages each is looked at twice.
 * @throws ProtocolError PROTOCOL when the list keeps changing, when a page is no array, or a page link leads elsewhere.
 */
export function readList(options: ListOptions): Promise<readonly unknown[]> {
  return readUnmoved(options.request.purpose, async () => {
    const pages = await readPages(options);
    return 'moved' in pages ? pages : await lookAgain(options, pages);
  });
}

async function readPages(options: ListOptions): Promise<readonly Page[] | Moved> {
  const first = await readPage(options, {});
  if ('moved' in first) return first;
  if (first.next === undefined) return checkEnd(options, [first]);
  const isNumbered = first.next['page'] === 2 && first.last !== undefined;
  if (!isNumbered || first.last === undefined) return readOneByOne(options, first);
  if (first.last > MAX_PAGES) throw noEnd(options);
  const numbers = Array.from({ length: Math.max(1, first.last - 1) }, (_, index) => index + 2);
  const rest = await mapConcurrently(numbers, PAGES_AT_ONCE, (page) => readPage(options, { page }));
  const pages = [first, ...rest].flatMap((page) => ('moved' in page ? [] : page));
  if (pages.at(-1)?.next !== undefined) return { moved: 'it has grown by a page' };
  return pages.length === numbers.length + 1 ? pages : { moved: 'a page is gone' };
}

/** A full page that names no other is either the end, or a proxy has taken the names away: then more comes when it is asked for. */
async function checkEnd(options: ListOptions, pages: readonly Page[]): Promise<readonly Page[] | Moved> {
  const last = pages.at(-1);
  const count = pages.reduce((sum, { items }) => sum + items.length, 0);
  if (last === undefined || last.items.length < PAGE_SIZE || last.total === count) return pages;
  for (const query of namePagesAfter(options, last)) {
    const beyond = await readPage(options, query);
    if ('moved' in beyond) return beyond;
    // Whoever does not know the word that names the page gives the first one again.
    if (beyond.items.length > 0 && !isDeepStrictEqual(beyond.keys, pages[0]?.keys))
      return { moved: 'a page follows that nothing led to' };
  }
  return pages;
}

function namePagesAfter({ request }: ListOptions, last: Page): readonly PageQuery[] {
  const key = last.keys.at(-1);
  const isByKeys = request.parameters?.['pagination'] === 'keyset' && key !== undefined;
  const isByNumbers = Object.keys(last.query).every((name) => name === 'page');
  return [
    ...(isByKeys ? [{ page_token: key }] : []),
    ...(isByNumbers ? [{ page: Number(last.query['page'] ?? 1) + 1 }] : []),
  ];
}

/** For a list of which GitLab does not tell the last page. */
async function readOneByOne(options: ListOptions, first: Page): Promise<readonly Page[] | Moved> {
  const pages = [first];
  const seen = new Set<string>();
  let { next } = first;
  while (next !== undefined) {
    const key = JSON.stringify(next);
    if (seen.has(key) || pages.length === MAX_PAGES) throw noEnd(options);
    seen.add(key);
    const page = await readPage(options, next);
    if ('moved' in page) return page;
    pages.push(page);
    next = page.next;
  }
  return checkEnd(options, pages);
}

/** The items, as the second look shows them: what they hold is then as new as can be. */
async function lookAgain(options: ListOptions, pages: readonly Page[]): Promise<readonly unknown[] | Moved> {
  const fault = findFault(pages);
  if (fault !== undefined) return { moved: fault };
  if (pages.length === 1) return pages.flatMap(({ items }) => items);
  const again = await mapConcurrently(pages, PAGES_AT_ONCE, ({ query }) => readPage(options, query));
  const isSame = again.every(
    (page, index) =>
      !('moved' in page) &&
      isDeepStrictEqual(page.keys, pages[index]?.keys) &&
      (page.next === undefined) === (pages[index]?.next === undefined),
  );
  return isSame
    ? again.flatMap((page) => ('moved' in page ? [] : page.items))
    : { moved: 'a page was another the second time' };
}

function findFault(pages: readonly Page[]): string | undefined {
  const keys = pages.flatMap((page) => page.keys);
  const seen = new Set<string>();
  for (const key of keys) {
    if (seen.has(key)) return `${JSON.stringify(key)} is on it twice`;
    seen.add(key);
  }
  // GitLab counts a last page too many where the others are full.
  const empty = pages.slice(0, -1).findIndex(({ items }) => items.length === 0);
  if (pages.length > 1 && empty >= 0) return `page ${empty + 1} of ${pages.length} is empty`;
  const total = pages.find((page) => page.total !== undefined && page.total !== keys.length)?.total;
  return total === undefined ? undefined : `it counts ${total}, and ${keys.length} came`;
}

async function readPage(options: ListOptions, query: PageQuery): Promise<Page | Moved> {
  const { wire, origin, request } = options;
  const { key, parameters, ...rest } = request;
  const isFirst = Object.keys(query).length === 0;
  const answer = await wire.send({
    ...rest,
    method: 'GET',
    parameters: { per_page: PAGE_SIZE, ...parameters, ...query },
    expect: isFirst ? [200] : [200, ...STALE_CURSOR],
  });
  if (STALE_CURSOR.has(answer.status)) return { moved: 'a page begins where nothing is any more' };
  const { data } = answer;
  if (!Array.isArray(data)) throw badPage(options, 'is no list');
  const items = data as readonly unknown[];
  return {
    query,
    items,
    keys: items.map((item) => keyOf(options, item, key)),
    next: findNextPage(answer, { origin, purpose: request.purpose }),
    total: readCount(answer, 'x-total'),
    last: readCount(answer, 'x-total-pages'),
  };
}

function readCount(answer: GitlabAnswer, name: string): number | undefined {
  const text = answer.header(name)?.trim() ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function keyOf(options: ListOptions, item: unknown, key: string): string {
  const value: unknown = typeof item === 'object' && item !== null ? Reflect.get(item, key) : undefined;
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw badPage(options, `has something without its ${key}`);
}

function badPage(options: ListOptions, fault: string): ProtocolError {
  return new ProtocolError(`Cannot ${options.request.purpose}: a page of it ${fault}.`, { code: 'PROTOCOL' });
}

function noEnd(options: ListOptions): ProtocolError {
  return new ProtocolError(`Cannot ${options.request.purpose}: its pages do not end.`, { code: 'PROTOCOL' });
}
