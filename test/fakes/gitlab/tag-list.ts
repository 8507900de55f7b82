// The tag listing of GitLab's registry, GET /gitlab/v1/repositories/PATH/tags/list/, as its specification describes it.
// https://gitlab.com/gitlab-org/container-registry/-/blob/master/docs/spec/gitlab/api.md#list-repository-tags

import type { Answer, FakeRequest } from '../github/exchange.ts';
import type { FakeTag, ImagesRecord } from './images.ts';

const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const PART = /^[a-zA-Z0-9._-]{1,128}$/;
const SORTS = ['name', '-name', 'published_at', '-published_at'];
const DEFAULT_SIZE = 100;
const MAX_SIZE = 1000;

interface Row {
  readonly name: string;
  readonly tag: FakeTag;
}

/** A page of tags with details. `origin` comes before the paths of links. */
export function listTagDetails(images: ImagesRecord, request: FakeRequest, origin: string): Answer {
  const url = new URL(request.path, 'http://fake');
  const query = url.searchParams;
  const wrong = checkQuery(query);
  if (wrong !== undefined) return wrong;
  const { before, last } = markersOf(query);
  const sort = query.get('sort') ?? 'name';
  const size = Number(query.get('n') ?? DEFAULT_SIZE);
  const exact = query.get('name_exact');
  const rows = sortRows(images, sort).filter(
    ({ name }) => name.includes(query.get('name') ?? '') && (exact === null || name === exact),
  );
  const order = orderOf(sort);
  const after = last === undefined ? rows : rows.filter((row) => order(row, last) > 0);
  const wanted = before === undefined ? after : rows.filter((row) => order(row, before) < 0);
  // The page before a tag ends just before it.
  const page = before === undefined ? wanted.slice(0, size) : wanted.slice(-size);
  const links = describeLinks({ rows, page, order }).map(([rel, key, row]) => {
    const more = new URLSearchParams({ n: String(size), [key]: sort.endsWith('name') ? row.name : encodeMarker(row) });
    for (const one of ['name', 'sort']) if (query.has(one)) more.set(one, query.get(one) ?? '');
    more.sort();
    return `<${origin}${url.pathname}?${more.toString()}>; rel="${rel}"`;
  });
  return {
    status: 200,
    headers: links.length === 0 ? {} : { link: links.join(', ') },
    json: page.map((row) => describeTag(images, row)),
  };
}

/** One tag. https://gitlab.com/gitlab-org/container-registry/-/blob/master/docs/spec/gitlab/api.md#get-repository-tag-details */
export function showTagDetails(images: ImagesRecord, name: string): Answer {
  const tag = images.tagTable.get(name);
  if (tag === undefined)
    return { status: 404, json: { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] } };
  const { digest: _, config_digest, media_type, size_bytes, ...times } = describeTag(images, { name, tag });
  const config = config_digest === undefined ? {} : { config: { digest: config_digest } };
  return {
    status: 200,
    json: {
      repository: images.path,
      ...times,
      image: { size_bytes, manifest: { digest: tag.digest, media_type }, ...config },
    },
  };
}

type Order = (one: Row, other: Row | string) => number;

/** How rows stand to each other, or to the name of a tag that may be gone. */
function orderOf(sort: string): Order {
  const sign = sort.startsWith('-') ? -1 : 1;
  return (one, other) => {
    if (sort.endsWith('name')) return sign * compare(one.name, typeof other === 'string' ? other : other.name);
    const [time = '', name = ''] = (typeof other === 'string' ? other : keyOf(other)).split('|');
    const [ownTime = '', ownName = ''] = keyOf(one).split('|');
    return sign * (compare(ownTime, time) || compare(ownName, name));
  };
}

function sortRows(images: ImagesRecord, sort: string): readonly Row[] {
  return [...images.tagTable].map(([name, tag]) => ({ name, tag })).sort(orderOf(sort));
}

/** The first page has none before it, the last none after. */
function describeLinks(facts: {
  readonly rows: readonly Row[];
  readonly page: readonly Row[];
  readonly order: Order;
}): readonly (readonly ['previous' | 'next', 'before' | 'last', Row])[] {
  const [first] = facts.page;
  const end = facts.page.at(-1);
  if (first === undefined || end === undefined) return [];
  const hasBefore = facts.rows[0] !== first;
  const hasAfter = facts.rows.at(-1) !== end;
  return [
    ...(hasBefore ? [['previous', 'before', first] as const] : []),
    ...(hasAfter ? [['next', 'last', end] as const] : []),
  ];
}

function describeTag(images: ImagesRecord, { name, tag }: Row) {
  const manifest = images.manifest(tag.digest);
  return {
    name,
    digest: tag.digest,
    ...(manifest?.configDigest === undefined ? {} : { config_digest: manifest.configDigest }),
    media_type: manifest?.mediaType ?? '',
    size_bytes: manifest?.sizeBytes ?? 0,
    created_at: new Date(tag.createdAtMs).toISOString(),
    ...(tag.updatedAtMs === undefined ? {} : { updated_at: new Date(tag.updatedAtMs).toISOString() }),
    published_at: new Date(publishedAt(tag)).toISOString(),
  };
}

function checkQuery(query: URLSearchParams): Answer | undefined {
  const size = query.get('n');
  if (size !== null && !/^[+-]?\d+$/.test(size))
    return invalid('TYPE', "the 'n' query parameter value type must be one of: int");
  if (size !== null && (Number(size) < 1 || Number(size) > MAX_SIZE))
    return invalid('VALUE', `the 'n' query parameter value must be between 1 and ${MAX_SIZE}`);
  if (query.has('last') && query.has('before')) return invalid('VALUE', 'keys: [last before] are mutually exclusive');
  const { before, last } = markersOf(query);
  for (const [key, marker] of Object.entries({ before, last }))
    if (marker !== undefined && !TAG.test(marker.split('|').at(-1) ?? ''))
      return invalid('VALUE', `the '${key}' query parameter value must match the pattern '${TAG.source}'`);
  const part = query.get('name');
  if (part !== null && part !== '' && !PART.test(part))
    return invalid('VALUE', `the 'name' query parameter value must match the pattern '${PART.source}'`);
  if (query.has('name') && query.has('name_exact'))
    return invalid('VALUE', 'keys: [name name_exact] are mutually exclusive');
  const sort = query.get('sort');
  if (sort !== null && sort !== '' && !SORTS.includes(sort))
    return invalid('VALUE', `the 'sort' query parameter must be set to one of: ${SORTS.join(', ')}`);
  return undefined;
}

function invalid(what: 'TYPE' | 'VALUE', detail: string): Answer {
  const message = what === 'TYPE' ? 'invalid query parameter value type' : 'invalid query parameter value';
  return { status: 400, json: { errors: [{ code: `INVALID_QUERY_PARAMETER_${what}`, message, detail }] } };
}

/** A tag's name or, in Base64, a time and a name. */
function markersOf(query: URLSearchParams): { readonly before: string | undefined; readonly last: string | undefined } {
  const decode = (text: string | null): string | undefined => {
    if (text === null) return undefined;
    const decoded = Buffer.from(text, 'base64').toString('utf8').trim();
    return /^\d+-\d{2}-\d{2}T[\d:.]+Z\|/.test(decoded) ? decoded : text;
  };
  return { before: decode(query.get('before')), last: decode(query.get('last')) };
}

function encodeMarker(row: Row): string {
  return Buffer.from(keyOf(row)).toString('base64');
}

function keyOf({ name, tag }: Row): string {
  return `${new Date(publishedAt(tag)).toISOString()}|${name}`;
}

function publishedAt(tag: FakeTag): number {
  return tag.updatedAtMs ?? tag.createdAtMs;
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
