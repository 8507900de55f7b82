// Names of repositories, tags and digests as value types. Only this file makes them, by parsing.
// Grammar: https://github.com/distribution/reference/blob/v0.6.0/reference.go

import { UsageError } from '../errors.ts';

declare const digestBrand: unique symbol;
declare const tagBrand: unique symbol;
declare const nameBrand: unique symbol;
declare const hostBrand: unique symbol;

/** `sha256:` and 64 lower-case hex digits, or `sha512:` and 128. */
export type Digest = string & { readonly [digestBrand]: true };
/** 1 to 128 characters, `[A-Za-z0-9_][A-Za-z0-9_.-]*`. */
export type Tag = string & { readonly [tagBrand]: true };
/** The path of a repository on its registry: `team/app`, `library/nginx`. */
export type RepositoryName = string & { readonly [nameBrand]: true };
/** A registry's host, with its port when it has one: `ghcr.io`, `localhost:5000`; `docker.io` for Docker Hub. */
export type RegistryHost = string & { readonly [hostBrand]: true };

/** A repository on a registry. */
export interface RepositoryReference {
  readonly host: RegistryHost;
  readonly name: RepositoryName;
}

/** An image as somebody names it. A name without tag and digest has the tag `latest`. */
export interface ImageReference {
  readonly repository: RepositoryReference;
  readonly tag?: Tag;
  readonly digest?: Digest;
}

const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const PATH_COMPONENT = '[a-z0-9]+(?:(?:[.]|_{1,2}|-+)[a-z0-9]+)*';
const NAME = new RegExp(`^${PATH_COMPONENT}(?:/${PATH_COMPONENT})*$`);
const HOST =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?$/;
const MAX_NAME_LENGTH = 255;

/** Hosts that all mean Docker Hub. */
const DOCKER_HUB_ALIASES: ReadonlySet<string> = new Set([
  'docker.io',
  'index.docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
]);

/** Whether the text is a digest of an algorithm we can check. */
export function isDigest(text: string): text is Digest {
  return DIGEST.test(text);
}

/** Whether the text is a valid tag. */
export function isTag(text: string): text is Tag {
  return TAG.test(text);
}

/** Whether the text is a valid repository path. */
export function isRepositoryName(text: string): text is RepositoryName {
  return text.length <= MAX_NAME_LENGTH && NAME.test(text);
}

/** @throws UsageError USAGE when the text is not a digest. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw badReference(text, 'a digest', 'A digest is sha256: and 64 lower-case hex digits.');
}

/** @throws UsageError USAGE when the text is not a tag. */
export function parseTag(text: string): Tag {
  if (isTag(text)) return text;
  throw badReference(
    text,
    'a tag',
    'A tag has up to 128 letters, digits, "_", "." and "-", and starts with none of the last two.',
  );
}

/** @throws UsageError USAGE when the text is not a repository path. */
export function parseRepositoryName(text: string): RepositoryName {
  if (isRepositoryName(text)) return text;
  throw badReference(text, 'a repository name', 'A repository name is lower-case path components: team/app.');
}

/** A registry host; every alias of Docker Hub becomes `docker.io`, other hosts are lower-cased. @throws UsageError USAGE */
export function parseRegistryHost(text: string): RegistryHost {
  if (!HOST.test(text)) throw badReference(text, 'a registry host', 'A host looks like ghcr.io or localhost:5000.');
  const lower = text.toLowerCase();
  return (DOCKER_HUB_ALIASES.has(lower) ? 'docker.io' : lower) as RegistryHost;
}

/**
 * A repository from text: `ghcr.io/team/app`, `localhost:5000/app`, `nginx` (Docker Hub, `library/nginx`).
 * @throws UsageError USAGE when it has a tag, a digest, a scheme, or is no repository at all.
 */
export function parseRepository(text: string): RepositoryReference {
  const reference = parseImageReference(text);
  if (reference.digest === undefined && reference.tag === undefined) return reference.repository;
  throw badReference(text, 'a repository', 'Leave out the tag and the digest.');
}

/**
 * An image reference, normalised as Docker does: a first component without `.`, `:` and other than `localhost` is no
 * host, so the host is Docker Hub; a single component there gets `library/`. Tag and digest may stand together. The
 * default tag is not filled in: see {@link effectiveTag}.
 * @throws UsageError USAGE when the text is no image reference.
 */
export function parseImageReference(text: string): ImageReference {
  const [beforeDigest, digestText, ...more] = text.split('@');
  if (beforeDigest === undefined || more.length > 0)
    throw badReference(text, 'an image reference', 'It has more than one "@".');
  const slash = beforeDigest.lastIndexOf('/');
  const colon = beforeDigest.indexOf(':', slash + 1);
  const path = colon === -1 ? beforeDigest : beforeDigest.slice(0, colon);
  const tagText = colon === -1 ? undefined : beforeDigest.slice(colon + 1);
  return {
    repository: parsePath(path, text),
    ...(tagText === undefined ? {} : { tag: parseTag(tagText) }),
    ...(digestText === undefined ? {} : { digest: parseDigest(digestText) }),
  };
}

/**
 * A prefix of repository names, `HOST` or `HOST/path`, as references write it: aliases of Docker Hub become `docker.io`, the
 * host is lower-cased, slashes at the end are gone. @throws UsageError USAGE when it does not begin with a host.
 */
export function parseRepositoryPrefix(text: string): string {
  const [host, ...path] = text.replace(/\/+$/, '').split('/');
  return [parseRegistryHost(host ?? ''), ...path].join('/');
}

/** The tag that a puller would use: the given one, `latest` when neither tag nor digest is given, else none. */
export function effectiveTag(reference: ImageReference): Tag | undefined {
  if (reference.tag !== undefined) return reference.tag;
  return reference.digest === undefined ? ('latest' as Tag) : undefined;
}

/** `ghcr.io/team/app`. */
export function formatRepository(repository: RepositoryReference): string {
  return `${repository.host}/${repository.name}`;
}

/** `ghcr.io/team/app:v1@sha256:…`, with whatever parts there are. */
export function formatImageReference(reference: ImageReference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${formatRepository(reference.repository)}${tag}${digest}`;
}

/** The first 12 hex digits with the algorithm, for tables: `sha256:0123456789ab`. */
export function shortDigest(digest: Digest): string {
  const [algorithm, hex] = digest.split(':');
  return `${algorithm}:${(hex ?? '').slice(0, 12)}`;
}

/** Whether two repositories are the same place. */
export function isSameRepository(a: RepositoryReference, b: RepositoryReference): boolean {
  return a.host === b.host && a.name === b.name;
}

function parsePath(path: string, whole: string): RepositoryReference {
  const slash = path.indexOf('/');
  const first = slash === -1 ? '' : path.slice(0, slash);
  const hasHost = first !== '' && (/[.:\]]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  if (hasHost)
    return { host: parseRegistryHost(first), name: nameOf(path.slice(slash + 1), parseRegistryHost(first), whole) };
  const hub = parseRegistryHost('docker.io');
  return { host: hub, name: nameOf(path, hub, whole) };
}

function nameOf(path: string, host: RegistryHost, whole: string): RepositoryName {
  const name = host === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  if (isRepositoryName(name)) return name;
  throw badReference(
    whole,
    'an image reference',
    'It looks like ghcr.io/team/app:tag, in lower case, without https://.',
  );
}

function badReference(text: string, what: string, hint: string): UsageError {
  return new UsageError(`${JSON.stringify(text.slice(0, 300))} is not ${what}.`, { code: 'USAGE', hint });
}
