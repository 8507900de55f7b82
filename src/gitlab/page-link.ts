// Where the next page of a list begins. Only what a link says of the page is used: the path stays ours.
// https://docs.gitlab.com/api/rest/#pagination

import { ProtocolError } from '../errors.ts';
import type { GitlabAnswer } from './gitlab-answer.ts';

/** The parameters that name one page. */
export type PageQuery = Readonly<Record<string, string | number>>;

/** Where an answer was asked for. */
export interface PagePlace {
  /** `https://gitlab.com`. */
  readonly origin: string;
  readonly purpose: string;
}

/** What names a place in lists that are read by their keys. */
const CURSORS = ['page_token', 'cursor', 'id_after'] as const;

/**
 * What names the page after this answer: a key where GitLab pages by keys, else a number; undefined on the last page.
 * @throws ProtocolError PROTOCOL for a link that cannot be read, or that leads to another origin.
 */
export function findNextPage(answer: GitlabAnswer, place: PagePlace): PageQuery | undefined {
  const link = findLink(answer.header('link'), place);
  const cursors = CURSORS.flatMap((name) => {
    const value = link?.get(name) ?? undefined;
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
  if (cursors.length > 0) return Object.fromEntries(cursors);
  const number = answer.header('x-next-page')?.trim() || (link?.get('page') ?? '');
  if (/^[1-9]\d{0,8}$/.test(number)) return { page: Number(number) };
  if (number === '' && link === undefined) return undefined;
  throw badLink(place, 'does not name a page');
}

/** The query of the link `next`: https://www.rfc-editor.org/rfc/rfc8288#section-3 */
function findLink(header: string | undefined, place: PagePlace): URLSearchParams | undefined {
  if (header === undefined || header.trim() === '') return undefined;
  const links = [...header.matchAll(/<([^<>]*)>([^<]*)/g)];
  if (links.length === 0) throw badLink(place, 'cannot be read');
  const next = links.find(([, , parameters]) =>
    (/;\s*rel\s*=\s*"?([^";,]*)"?/i.exec(parameters ?? '')?.[1] ?? '').toLowerCase().split(/\s+/).includes('next'),
  );
  if (next === undefined) return undefined;
  const url = URL.parse(next[1] ?? '', place.origin);
  if (url === null) throw badLink(place, 'cannot be read');
  if (url.origin !== place.origin || url.username !== '' || url.password !== '')
    throw badLink(place, `leads to ${url.origin}, away from ${place.origin}`);
  return url.searchParams;
}

function badLink(place: PagePlace, fault: string): ProtocolError {
  return new ProtocolError(`Cannot ${place.purpose}: the link to another page ${fault}.`, {
    code: 'PROTOCOL',
    hint: 'The list is not whole, so nothing can be decided from it.',
  });
}
