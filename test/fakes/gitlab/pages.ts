// How the fake GitLab's lists come in pages. https://docs.gitlab.com/api/rest/#pagination

import type { Answer } from '../github/exchange.ts';

/** What is known of a list when a page of it is asked for. */
export interface PageRequest {
  /** The address that was asked, without its query. */
  readonly address: string;
  readonly query: URLSearchParams;
}

const DEFAULT_SIZE = 20;
const MAX_SIZE = 100;
/** From here on GitLab does not count. https://docs.gitlab.com/user/gitlab_com/#pagination-response-headers */
const COUNT_LIMIT = 10_000;

/** The numbers of a page, or undefined when they are none. A page of more than 100 has 100. */
function sizesOf(query: URLSearchParams): { readonly page: number; readonly size: number } | undefined {
  const [page, size] = [query.get('page') ?? '1', query.get('per_page') ?? String(DEFAULT_SIZE)];
  if (!/^\d+$/.test(page) || !/^[1-9]\d*$/.test(size)) return undefined;
  return { page: Math.max(1, Number(page)), size: Math.min(MAX_SIZE, Number(size)) };
}

const NO_PAGE: Answer = { status: 400, json: { error: 'page is invalid, per_page is invalid' } };

/**
 * A page by number. Above 10,000 items GitLab tells neither how many there are nor which page is the last.
 */
export function answerPage<T>(request: PageRequest, items: readonly T[], describe: (item: T) => unknown): Answer {
  const sizes = sizesOf(request.query);
  if (sizes === undefined) return NO_PAGE;
  const { page, size } = sizes;
  const pages = Math.max(1, Math.ceil(items.length / size));
  return {
    status: 200,
    headers: describeOffset(request, {
      page,
      size,
      total: items.length,
      pages,
      next: page < pages ? page + 1 : undefined,
    }),
    json: items.slice((page - 1) * size, page * size).map(describe),
  };
}

/**
 * A page of branches or tags, which come from Git: by number, or, with `pagination=keyset`, after a name. Two habits of GitLab: the first
 * page by number always tells of a second, and a full page by name of another, though there may be none.
 * https://gitlab.com/gitlab-org/gitlab/-/blob/master/lib/gitlab/pagination/gitaly_keyset_pager.rb
 */
export function answerGitPage<T extends { readonly name: string }>(
  request: PageRequest,
  items: readonly T[],
  describe: (item: T) => unknown,
): Answer {
  const { query, address } = request;
  const sizes = sizesOf(query);
  if (sizes === undefined) return NO_PAGE;
  const { page, size } = sizes;
  if (query.get('pagination') !== 'keyset') {
    if (page > 1) return answerPage(request, items, describe);
    const pages = Math.floor(items.length / size) + 1;
    const headers = describeOffset(request, { page, size, total: items.length, pages, next: 2, isCounted: true });
    return { status: 200, headers, json: items.slice(0, size).map(describe) };
  }
  const after = query.get('page_token');
  const start = after === null ? 0 : items.findIndex(({ name }) => name === after) + 1;
  // Git's service does not go on after a name that is gone.
  if (after !== null && start === 0) return { status: 422, json: { message: 'Invalid page token' } };
  const shown = items.slice(start, start + size);
  const headers: Record<string, string> = {};
  if (shown.length === size) {
    const more = new URLSearchParams(query);
    more.set('page_token', shown.at(-1)?.name ?? '');
    headers['link'] = `<${address}?${more.toString()}>; rel="next"`;
  }
  return { status: 200, headers, json: shown.map(describe) };
}

/** A page of the tags of images by name: `last` is the name that the page before ended with. */
export function answerTagPage(
  request: PageRequest,
  tags: readonly string[],
  describe: (tag: string) => unknown,
): Answer {
  const { query, address } = request;
  if (query.get('pagination') !== 'keyset') return answerPage(request, tags, describe);
  const sizes = sizesOf(query);
  if (sizes === undefined) return NO_PAGE;
  const last = query.get('last') ?? '';
  const rest = tags.filter((tag) => tag > last);
  const shown = rest.slice(0, sizes.size);
  if (rest.length === shown.length) return { status: 200, json: shown.map(describe) };
  const more = new URLSearchParams(query);
  more.set('last', shown.at(-1) ?? '');
  return { status: 200, headers: { link: `<${address}?${more.toString()}>; rel="next"` }, json: shown.map(describe) };
}

interface OffsetFacts {
  readonly page: number;
  readonly size: number;
  readonly total: number;
  readonly pages: number;
  readonly next: number | undefined;
  /** Counted though there are many. */
  readonly isCounted?: boolean;
}

function describeOffset({ address, query }: PageRequest, facts: OffsetFacts): Readonly<Record<string, string>> {
  const { page, size, total, pages, next, isCounted = total < COUNT_LIMIT } = facts;
  const linkTo = (number: number, rel: string): string => {
    const more = new URLSearchParams(query);
    more.set('page', String(number));
    more.set('per_page', String(size));
    return `<${address}?${more.toString()}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 ? [linkTo(page - 1, 'prev')] : []),
    ...(next === undefined ? [] : [linkTo(next, 'next')]),
    linkTo(1, 'first'),
    ...(isCounted ? [linkTo(pages, 'last')] : []),
  ];
  return {
    link: links.join(', '),
    'x-page': String(page),
    'x-per-page': String(size),
    'x-prev-page': page > 1 ? String(page - 1) : '',
    'x-next-page': next === undefined ? '' : String(next),
    ...(isCounted ? { 'x-total': String(total), 'x-total-pages': String(pages) } : {}),
  };
}
