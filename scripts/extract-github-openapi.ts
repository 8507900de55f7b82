// Extracts from GitHub's published REST description the operations that this project uses, for the fake GitHub of the tests.
// Run it from the project's folder: `node scripts/extract-github-openapi.ts`. It fetches one package of 28 MB into a temporary folder.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** GitHub's description as it is published for Octokit; https://github.com/octokit/openapi. Unpacked it has 385 MB, so it is no dependency. */
const PACKAGE = '@octokit/openapi@23.0.2';
const MEMBER = 'package/generated/api.github.com.json';
const TARGET = join(import.meta.dirname, '..', 'test', 'fakes', 'github', 'openapi.json');

/** Operations, by path and method. Placeholders as GitHub spells them. */
const OPERATIONS: Readonly<Record<string, readonly string[]>> = {
  '/repos/{owner}/{repo}': ['get'],
  '/repos/{owner}/{repo}/branches': ['get'],
  '/repos/{owner}/{repo}/contents/{path}': ['get'],
  '/repos/{owner}/{repo}/deployments': ['get'],
  '/repos/{owner}/{repo}/deployments/{deployment_id}/statuses': ['get'],
  '/repos/{owner}/{repo}/environments': ['get'],
  '/repos/{owner}/{repo}/git/matching-refs/{ref}': ['get'],
  '/repos/{owner}/{repo}/git/ref/{ref}': ['get'],
  '/repos/{owner}/{repo}/issues/comments/{comment_id}': ['get', 'patch', 'delete'],
  '/repos/{owner}/{repo}/issues/{issue_number}/comments': ['get', 'post'],
  '/repos/{owner}/{repo}/pulls': ['get'],
  '/repos/{owner}/{repo}/pulls/{pull_number}': ['get'],
  '/repos/{owner}/{repo}/releases': ['get'],
  '/users/{username}': ['get'],
  '/orgs/{org}': ['get'],
  '/user': ['get'],
  '/rate_limit': ['get'],
  ...Object.fromEntries(
    ['/orgs/{org}', '/users/{username}', '/user'].flatMap((owner) => {
      const versions = `${owner}/packages/{package_type}/{package_name}/versions`;
      return [
        [`${owner}/packages/{package_type}/{package_name}`, ['get']],
        [versions, ['get']],
        [`${versions}/{package_version_id}`, ['get', 'delete']],
        [`${versions}/{package_version_id}/restore`, ['post']],
      ];
    }),
  ),
};

/** The examples that the fake builds its answers on (test/fakes/github/wire.ts); the others are left out. */
const EXAMPLES = new Set([
  'content-file-response-if-content-is-a-file',
  'deployment-items',
  'deployment-status-items',
  'full-repository-default-response',
  'organization-full',
  'public-user-response-with-git-hub-plan-information',
  'pull-request',
  'pull-request-simple-items',
  'release-items',
]);

/** Prose and extensions, which nothing here reads. */
const DROPPED = new Set(['externalDocs', 'x-github', 'x-webhooks', 'x-octokit', 'tags', 'summary', 'example']);

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

const description = parseObject(readDescription());
writeFileSync(TARGET, `${JSON.stringify(extract(description), undefined, 1)}\n`);

function readDescription(): string {
  const folder = mkdtempSync(join(tmpdir(), 'github-openapi-'));
  try {
    const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder, PACKAGE], {
      cwd: folder,
      encoding: 'utf8',
    });
    execFileSync('tar', ['-xzf', packed.trim(), MEMBER], { cwd: folder });
    return readFileSync(join(folder, MEMBER), 'utf8');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function extract(whole: JsonObject): Json {
  const paths = Object.fromEntries(
    Object.entries(OPERATIONS).map(([path, methods]) => {
      const item = objectIn(objectIn(whole, 'paths'), path);
      return [path, strip(Object.fromEntries(methods.map((method) => [method, objectIn(item, method)])), [])];
    }),
  );
  const components: Record<string, Record<string, Json>> = {};
  const open = listReferences(paths);
  for (let reference = open.pop(); reference !== undefined; reference = open.pop()) {
    const [, , kind = '', name = ''] = reference.split('/');
    const group = components[kind] ?? {};
    components[kind] = group;
    if (name in group) continue;
    const component = strip(valueIn(objectIn(objectIn(whole, 'components'), kind), name), [kind]);
    group[name] = component;
    open.push(...listReferences(component));
  }
  return {
    openapi: valueIn(whole, 'openapi'),
    info: { ...objectIn(whole, 'info'), 'x-extracted-from': PACKAGE },
    servers: valueIn(whole, 'servers'),
    paths,
    components: sortByName(
      Object.fromEntries(Object.entries(components).map(([kind, group]) => [kind, sortByName(group)])),
    ),
  };
}

/** The value without prose. An object below `properties` has names of its own, so nothing is dropped from it; examples have any. */
function strip(value: Json, trail: readonly string[]): Json {
  const place = trail.at(-1) ?? '';
  if (isList(value)) return value.map((item) => strip(item, trail));
  if (value === null || typeof value !== 'object' || place === 'value' || place === 'default') return value;
  const entries = Object.entries(value).filter(([key, inner]) => {
    if (place === 'properties') return true;
    if (place === 'examples') return isWantedExample(inner);
    if (key === 'description') return 'content' in value || 'responses' === trail.at(-2) || 'responses' === place;
    return !DROPPED.has(key) || (key === 'tags' && typeof inner === 'object' && !isList(inner));
  });
  return Object.fromEntries(entries.map(([key, inner]) => [key, strip(inner, [...trail, key])]));
}

/** By what it refers to; anything else below `examples` is part of an example itself. */
function isWantedExample(inner: Json): boolean {
  const [reference] = listReferences(inner);
  return reference === undefined || EXAMPLES.has(reference.split('/').at(-1) ?? '');
}

function listReferences(value: Json): string[] {
  if (isList(value)) return value.flatMap(listReferences);
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : listReferences(inner),
  );
}

function sortByName<T>(group: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(group).sort(([left], [right]) => (left < right ? -1 : 1)));
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function valueIn(value: JsonObject, key: string): Json {
  const inner = value[key];
  if (inner === undefined) throw new Error(`GitHub's description has no ${key}`);
  return inner;
}

function objectIn(value: JsonObject, key: string): JsonObject {
  return asObject(valueIn(value, key), key);
}

function asObject(value: Json, key: string): JsonObject {
  if (value === null || typeof value !== 'object' || isList(value)) throw new Error(`${key} is no object`);
  return value;
}

function parseObject(text: string): JsonObject {
  const parsed: unknown = JSON.parse(text);
  return asObject(parsed as Json, 'the description');
}
