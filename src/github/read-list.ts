// Reads a list that comes in pages while others change it. A list is whole only when nothing moved between its pages.

import { isDeepStrictEqual } from 'node:util';
import { ProtocolError } from '../errors.ts';
import { type Moved, readUnmoved } from '../http/read-unmoved.ts';
import { mapConcurrently } from '../util/map-concurrently.ts';
import type { GithubListRequest } from './github.ts';
import { parsePageLinks } from './page-link.ts';
import type { Wire } from './wire.ts';

/** What to read, and from where. */
export interface ListOptions {
  readonly wire: Wire;
  /** `https://api.github.com`: where page links may lead. */
  readonly origin: string;
  readonly request: GithubListRequest;
}

/** GitHub's most. */
const PAGE_SIZE = 100;
/** A million items: more is a loop. */
const MAX_PAGES = 10_000;
const PAGES_AT_ONCE = 10;

/** The parameters that name one page. */
type Query = Readonly<Record<string, string | number>>;

interface Page {
  readonly query: Query;
  readonly items: readonly unknown[];
  readonly etag: string | undefined;
  readonly next: Query | undefined;
  /** Number of the last page. */
  readonly last: number | undefined;
}

/**
 * All items, each once, in the order of the pages.
 * @throws ProtocolError PROTOCOL when the list keeps changing, when a page is no array, or a page link leads elsewhere.
 */
export function readList(options: ListOptions): Promise<readonly unknown[]> {
  return readUnmoved(options.request.purpose, async () => {
    const pages = await readPages(options);
    if ('moved' in pages) return pages;
    return (await findMove(options, pages)) ?? pages.flatMap(({ items }) => items);
  });
}

async function readPages(options: ListOptions): Promise<readonly Page[] | Moved> {
  const first = await readPage(options, {});
  const { last, next } = first;
  if (next === undefined) return checkOnlyPage(options, first);
  if (last === undefined) return readOneByOne(options, first);
  if (last > MAX_PAGES) throw noEnd(options);
  // The ends before all others: what goes while those are read then shows at the end, which is read once more.
  const end = await readPage(options, { page: last });
  if (end.next !== undefined) return { moved: 'it has grown by a page' };
  const between = Array.from({ length: Math.max(0, last - 2) }, (_, index) => index + 2);
  const rest = await mapConcurrently(between, PAGES_AT_ONCE, (page) => readPage(options, { page }));
  return [first, ...rest, end];
}

/** A full page without any link is either all, or a proxy has taken the link away. */
async function checkOnlyPage(options: ListOptions, only: Page): Promise<readonly Page[] | Moved> {
  if (only.items.length !== PAGE_SIZE) return [only];
  const second = await readPage(options, { page: 2 });
  // Some lists have no pages, and give the same again.
  if (second.items.length === 0 || isSame(only, second)) return [only];
  return { moved: 'a page follows that no link led to' };
}

/** For a list of which GitHub does not tell the last page. */
async function readOneByOne(options: ListOptions, first: Page): Promise<readonly Page[]> {
  const pages = [first];
  const seen = new Set<string>();
  let { next } = first;
  while (next !== undefined) {
    const key = JSON.stringify(next);
    if (seen.has(key) || pages.length === MAX_PAGES) throw noEnd(options);
    seen.add(key);
    const page = await readPage(options, next);
    pages.push(page);
    next = page.next;
  }
  return pages;
}

async function findMove(options: ListOptions, pages: readonly Page[]): Promise<Moved | undefined> {
  const seen = new Set<unknown>();
  for (const item of pages.flatMap(({ items }) => items)) {
    const identity = identityOf(item);
    if (seen.has(identity)) return { moved: `${JSON.stringify(identity)} is on it twice` };
    seen.add(identity);
  }
  if (pages.length === 1) return undefined;
  const empty = pages.findIndex(({ items }) => items.length === 0);
  if (empty >= 0) return { moved: `page ${empty + 1} of ${pages.length} is empty` };
  // Where items come only at one end, whatever goes or comes shifts the last page, which was read before those between.
  const { newItems = 'anywhere' } = options.request;
  const again = newItems === 'anywhere' ? pages : pages.filter(isAtEnd);
  const changes = await mapConcurrently(again, PAGES_AT_ONCE, (page) => hasChanged(options, page));
  return changes.includes(true) ? { moved: 'a page was another the second time' } : undefined;
}

function isAtEnd(_page: Page, index: number, pages: readonly Page[]): boolean {
  return index === 0 || index === pages.length - 1;
}

async function hasChanged(options: ListOptions, page: Page): Promise<boolean> {
  const again = await askPage(options, page);
  return again !== 'unchanged' && !(isSame(page, again) && (page.next === undefined) === (again.next === undefined));
}

function isSame(a: Page, b: Page): boolean {
  return isDeepStrictEqual(a.items.map(identityOf), b.items.map(identityOf));
}

async function readPage(options: ListOptions, query: Query): Promise<Page> {
  const page = await askPage(options, { query, etag: undefined });
  if (page === 'unchanged') throw badPage(options, 'was not sent');
  return page;
}

/** With a tag of what is known already, an unchanged page costs nothing of the quota. */
async function askPage(
  options: ListOptions,
  known: { readonly query: Query; readonly etag: string | undefined },
): Promise<Page | 'unchanged'> {
  const { wire, origin, request } = options;
  const { route, purpose, permission, parameters } = request;
  const answer = await wire.send({
    method: 'GET',
    route,
    purpose,
    permission,
    parameters: { per_page: PAGE_SIZE, ...parameters, ...known.query },
    expect: known.etag === undefined ? [200] : [200, 304],
    ...(known.etag === undefined ? {} : { headers: { 'if-none-match': known.etag } }),
  });
  if (answer.status === 304) return 'unchanged';
  const { data } = answer;
  if (!Array.isArray(data)) throw badPage(options, 'is no list');
  const links = parsePageLinks(answer.header('link'), { origin, lastSegment: lastSegmentOf(request), purpose });
  return {
    query: known.query,
    items: data as readonly unknown[],
    etag: answer.header('etag'),
    next: links.next === undefined ? undefined : Object.fromEntries(links.next),
    last: pageNumberOf(links.last),
  };
}

/** Undefined where pages are named by a cursor: then they are read one by one. */
function pageNumberOf(query: URLSearchParams | undefined): number | undefined {
  const text = query?.get('page') ?? '';
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}

function lastSegmentOf(request: GithubListRequest): string {
  const segment = request.route.split('/').at(-1) ?? '';
  return segment.replaceAll(/\{([^{}]*)\}/g, (_, name: string) =>
    encodeURIComponent(String(request.parameters?.[name])),
  );
}

/** What makes an item the same one on two pages: an item without any of these names counts by all it holds. */
function identityOf(item: unknown): unknown {
  if (typeof item === 'object' && item !== null) {
    for (const key of ['id', 'ref', 'name']) {
      const value: unknown = Reflect.get(item, key);
      if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return String(value);
    }
  }
  return JSON.stringify(item);
}

function badPage(options: ListOptions, fault: string): ProtocolError {
  return new ProtocolError(`Cannot ${options.request.purpose}: a page of it ${fault}.`, { code: 'PROTOCOL' });
}

function noEnd(options: ListOptions): ProtocolError {
  return new ProtocolError(`Cannot ${options.request.purpose}: its pages do not end.`, { code: 'PROTOCOL' });
}
