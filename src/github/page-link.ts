// The links between pages of a list. Only what they say of the page is used: the path stays ours.
// https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api

import { ProtocolError } from '../errors.ts';

/** Where an answer was asked for. */
export interface PagePlace {
  /** `https://api.github.com`. */
  readonly origin: string;
  /** Last part of the path, escaped: `versions`. */
  readonly lastSegment: string;
  readonly purpose: string;
}

/** What the `link` header says; every query has the parameters of that page. */
export interface PageLinks {
  readonly next?: URLSearchParams;
  readonly last?: URLSearchParams;
}

/**
 * The links `next` and `last` of a header: https://www.rfc-editor.org/rfc/rfc8288#section-3. GitHub writes ids in place of names
 * (`/repositories/1296269/branches?page=2`), so only origin and end of the path can be compared.
 * @throws ProtocolError PROTOCOL for a header that cannot be read, or a link that leads elsewhere.
 */
export function parsePageLinks(header: string | undefined, place: PagePlace): PageLinks {
  if (header === undefined || header.trim() === '') return {};
  const links = [...header.matchAll(/<([^<>]*)>([^<]*)/g)];
  if (links.length === 0) throw badLink(place, 'cannot be read');
  const find = (relation: string): URLSearchParams | undefined => {
    const link = links.find(([, , parameters]) =>
      (/;\s*rel\s*=\s*"?([^";,]*)"?/i.exec(parameters ?? '')?.[1] ?? '').toLowerCase().split(/\s+/).includes(relation),
    );
    return link === undefined ? undefined : queryOf(link[1] ?? '', place);
  };
  const next = find('next');
  const last = find('last');
  return { ...(next === undefined ? {} : { next }), ...(last === undefined ? {} : { last }) };
}

function queryOf(address: string, place: PagePlace): URLSearchParams {
  const url = URL.parse(address, place.origin);
  if (url === null) throw badLink(place, 'cannot be read');
  if (url.origin !== place.origin || url.username !== '' || url.password !== '')
    throw badLink(place, `leads to ${url.host}, away from ${new URL(place.origin).host}`);
  if (url.pathname.split('/').at(-1) !== place.lastSegment) throw badLink(place, 'leads to another list');
  return url.searchParams;
}

function badLink(place: PagePlace, fault: string): ProtocolError {
  return new ProtocolError(`Cannot ${place.purpose}: the link to another page ${fault}.`, {
    code: 'PROTOCOL',
    hint: 'The list is not whole, so nothing can be decided from it.',
  });
}
