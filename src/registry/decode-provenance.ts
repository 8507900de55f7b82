// Provenance that BuildKit wrote: an in-toto statement's bytes to the commits that were built. What does not decode is unread, never empty.
// https://docs.docker.com/build/metadata/attestations/slsa-definitions/

import * as z from 'zod';
import { describeCause, ProtocolError } from '../errors.ts';
import type { Digest } from '../model/reference.ts';
import type { ProvenanceFacts, ProvenanceRevision } from '../model/snapshot.ts';
import { PROVENANCE_PREFIX } from './media-types.ts';

/** Larger provenances are not read: with every build step in it, one has some hundred kilobytes. Bytes. */
export const MAX_PROVENANCE_BYTES = 8 * 1024 * 1024;

const STATEMENT_PREFIX = 'https://in-toto.io/Statement/';

/** Both versions of the predicate name BuildKit in this way; another builder means other things by the same keys. */
const BUILD_TYPES = ['https://mobyproject.org/buildkit@', 'https://github.com/moby/buildkit/'];

/** BuildKit's own part of the metadata, in version 0.2 and in the first drafts of version 1. */
const METADATA = 'https://mobyproject.org/buildkit@v1#metadata';

const text = z.string().nullish();

/** https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md */
const statementSchema = z.object({
  _type: z.string().startsWith(STATEMENT_PREFIX),
  subject: z.array(z.object({ digest: z.record(z.string(), z.string()) })).nullish(),
  predicateType: z.string(),
  predicate: z.unknown(),
});

const configSourceSchema = z.object({ uri: text, digest: z.record(z.string(), z.string()).nullish() }).nullish();
const metadataSchema = z.object({ vcs: z.object({ source: text, revision: text }).nullish() }).nullish();

/** What the client asked for, where the build that made the image was begun by another one. */
const rootSchema = z
  .object({
    configSource: configSourceSchema,
    request: z.object({ args: z.object({ 'vcs:source': text, 'vcs:revision': text }).nullish() }).nullish(),
  })
  .nullish();

/** https://slsa.dev/spec/v0.2/provenance */
const version02Schema = z.object({
  buildType: z.string(),
  invocation: z
    .object({ configSource: configSourceSchema, parameters: z.object({ root: rootSchema }).nullish() })
    .nullish(),
  metadata: z.object({ [METADATA]: metadataSchema }).nullish(),
});

/** https://slsa.dev/spec/v1.1/provenance */
const version1Schema = z.object({
  buildDefinition: z.object({
    buildType: z.string(),
    externalParameters: z
      .object({ configSource: configSourceSchema, request: z.object({ root: rootSchema }).nullish() })
      .nullish(),
  }),
  runDetails: z
    .object({ metadata: z.object({ buildkit_metadata: metadataSchema, [METADATA]: metadataSchema }).nullish() })
    .nullish(),
});

type ConfigSource = z.infer<typeof configSourceSchema>;
type Vcs = { readonly source?: string | null | undefined; readonly revision?: string | null | undefined };
type Root = z.infer<typeof rootSchema>;

/** Where a provenance names the source that was built; materials are left out, because an image may be made with a stranger's. */
interface BuiltSources {
  readonly buildType: string;
  readonly contexts: readonly ConfigSource[];
  readonly workingCopies: readonly (Vcs | null | undefined)[];
}

/**
 * What a statement says about the sources of one of these manifests; a statement that names no subject is taken for one about them.
 * Statements that are no provenance name no commit. `unread`, with the reason: bytes that are no statement, a statement about something
 * else, a version or a builder that nobody here knows, and a revision that is no commit.
 */
export function decodeProvenance(bytes: Uint8Array, about: ReadonlySet<Digest>): ProvenanceFacts {
  try {
    const statement = readStatement(bytes, about);
    const { predicateType } = statement;
    if (!predicateType.startsWith(PROVENANCE_PREFIX)) return { kind: 'read', predicateType, revisions: [] };
    return { kind: 'read', predicateType, revisions: revisionsOf(readSources(statement)) };
  } catch (error) {
    if (error instanceof ProtocolError) return { kind: 'unread', why: error.message };
    throw error;
  }
}

function readStatement(bytes: Uint8Array, about: ReadonlySet<Digest>): z.infer<typeof statementSchema> {
  const statement = parse(statementSchema, readJson(bytes));
  const subjects = (statement.subject ?? []).flatMap(({ digest }) =>
    Object.entries(digest).map(([algorithm, hex]) => `${algorithm}:${hex}`),
  );
  const known: ReadonlySet<string> = about;
  if (subjects.length > 0 && !subjects.some((subject) => known.has(subject)))
    throw unread('it is about something else than the image that it lies beside');
  return statement;
}

function readSources({ predicateType, predicate }: z.infer<typeof statementSchema>): BuiltSources {
  const version = predicateType.slice(PROVENANCE_PREFIX.length);
  if (version === 'v0.2') return readVersion02(predicate);
  // From version 1 on the type has no minor version.
  if (version === 'v1') return readVersion1(predicate);
  throw unread(`its version ${show(version)} is not known`);
}

function readVersion02(predicate: unknown): BuiltSources {
  const { buildType, invocation, metadata } = parse(version02Schema, predicate);
  const root = invocation?.parameters?.root;
  return {
    buildType,
    contexts: [invocation?.configSource, root?.configSource],
    workingCopies: [metadata?.[METADATA]?.vcs, vcsOfRoot(root)],
  };
}

function readVersion1(predicate: unknown): BuiltSources {
  const { buildDefinition, runDetails } = parse(version1Schema, predicate);
  const { buildType, externalParameters } = buildDefinition;
  const root = externalParameters?.request?.root;
  const metadata = runDetails?.metadata;
  return {
    buildType,
    contexts: [externalParameters?.configSource, root?.configSource],
    workingCopies: [metadata?.buildkit_metadata?.vcs, metadata?.[METADATA]?.vcs, vcsOfRoot(root)],
  };
}

function vcsOfRoot(root: Root): Vcs | undefined {
  const args = root?.request?.args;
  return args === null || args === undefined
    ? undefined
    : { source: args['vcs:source'], revision: args['vcs:revision'] };
}

function revisionsOf({ buildType, contexts, workingCopies }: BuiltSources): readonly ProvenanceRevision[] {
  if (!BUILD_TYPES.some((known) => buildType.startsWith(known)))
    throw unread(`its build type ${show(buildType)} is not BuildKit's`);
  const found = [
    ...contexts.map((context) => revisionOf(commitOf(context?.uri ?? '', context?.digest ?? {}), context?.uri)),
    ...workingCopies.map((vcs) => revisionOf(vcs?.revision ?? undefined, vcs?.source)),
  ].filter((revision) => revision !== undefined);
  return [...new Map(found.map((revision) => [JSON.stringify(revision), revision])).values()];
}

/** A git context's digest is its commit; that of a tarball is none. Without a digest, the address itself may name a whole commit. */
function commitOf(uri: string, digest: { readonly [algorithm: string]: string }): string | undefined {
  const { sha1, gitCommit, sha256 } = digest;
  const named = /#([0-9a-f]{64}|[0-9a-f]{40})(?:$|:)/i.exec(uri)?.[1];
  return sha1 ?? gitCommit ?? (isGitAddress(uri) ? sha256 : undefined) ?? named;
}

function isGitAddress(uri: string): boolean {
  return /^(?:git|ssh):\/\/|^[^/]+@[^/]+:/i.test(uri) || /\.git\/?(?:[?#]|$)/i.test(uri);
}

/** What docker's clients append to the revision of a working copy with changes that no commit holds. */
const DIRTY = /-dirty$/;

function revisionOf(revision: string | undefined, address: string | null | undefined): ProvenanceRevision | undefined {
  if (revision === undefined || revision === '') return undefined;
  const commit = revision.replace(DIRTY, '').toLowerCase();
  if (!/^[0-9a-f]{7,64}$/.test(commit)) throw unread(`it names the revision ${show(revision)}, which is no commit`);
  const source = withoutSecrets((address ?? '').replace(/[#?].*$/s, ''));
  return { commit, ...(source === '' ? {} : { source }) };
}

/** Earlier releases of BuildKit wrote the credentials in an address down. */
function withoutSecrets(address: string): string {
  return address.replace(/^(https?:\/\/)[^/]*@/i, '$1').replace(/^([a-z][a-z0-9+.-]*:\/\/[^/:@]*):[^/]*@/i, '$1@');
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw unread(`it is not JSON: ${describeCause(error)}`);
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unread(`it is malformed: ${issue?.path.map(String).join('.') || 'the whole'}: ${issue?.message}`);
}

function unread(why: string): ProtocolError {
  return new ProtocolError(why, { code: 'PROTOCOL' });
}

function show(value: string): string {
  return JSON.stringify(value.replace(/\p{Cc}+/gu, ' ').slice(0, 100));
}
