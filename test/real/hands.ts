// What people do to one repository of a real registry by hand: push and pull with skopeo, look into the storage.

import { execFile } from 'node:child_process';
import { mkdtemp, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { silentLog } from '../../src/log.ts';
import { parseDigest, parseRepository, parseTag } from '../../src/model/reference.ts';
import { instantFromMs } from '../../src/model/time.ts';
import { openRegistry } from '../../src/registry/open-registry.ts';
import type { Registry } from '../../src/registry/port.ts';
import { addToLayout, type BuiltManifest, makeLayout } from '../builders/image.ts';
import type { RegistryServer } from '../support/registry-server.ts';

const run = promisify(execFile);

/** Hands on one repository. */
export interface Hands {
  /** `127.0.0.1:PORT/team/app`. */
  readonly repository: string;
  /** Runs skopeo with this registry's credentials and certificates. */
  skopeo(...words: readonly string[]): Promise<string>;
  /** Pushes under each tag, or by digest when there is none. */
  push(manifest: BuiltManifest, ...tags: readonly string[]): Promise<void>;
  /** Deletes by tag or digest, `:old` or `@sha256:…`, as `skopeo delete` does: the whole manifest. */
  erase(reference: string): Promise<void>;
  /** All tags, sorted. */
  listTags(): Promise<readonly string[]>;
  /** Whether the registry has the tag or digest. @throws for any other trouble than "manifest unknown". */
  has(reference: string): Promise<boolean>;
  /** Reads back whatever the tag or digest needs: each manifest at any depth, each image with all its blobs. */
  pullWhole(reference: string): Promise<readonly string[]>;
  /** Does something with an adapter of its own. */
  withRegistry<Result>(use: (registry: Registry) => Promise<Result>): Promise<Result>;
}

const listSchema = z.object({ manifests: z.array(z.object({ digest: z.string() })).optional() });

/** `folder` takes the layout that is pushed from, and what is pulled. */
export async function makeHands(
  server: RegistryServer,
  { folder, name }: { readonly folder: string; readonly name: string },
): Promise<Hands> {
  const repository = `${server.host}/${name}`;
  const layout = await mkdtemp(join(folder, 'layout-'));
  await makeLayout(layout);
  const skopeo = makeSkopeo(server);

  async function withRegistry<Result>(use: (registry: Registry) => Promise<Result>): Promise<Result> {
    const registry = await openRegistryOf(server, repository);
    try {
      return await use(registry);
    } finally {
      await registry.close();
    }
  }

  async function push(manifest: BuiltManifest, ...tags: readonly string[]): Promise<void> {
    if (manifest.children.some(({ children }) => children.length > 0)) {
      // skopeo refuses nested indexes.
      for (const child of manifest.children) await push(child);
      await withRegistry(async (registry) => {
        for (const at of tags.length === 0 ? [manifest.digest] : tags.map(parseTag))
          await registry.putManifest(manifest, at);
      });
      return;
    }
    const local = manifest.digest.slice('sha256:'.length);
    await addToLayout(layout, manifest, [local]);
    const ends = tags.length === 0 ? [`@${manifest.digest}`] : tags.map((tag) => `:${tag}`);
    for (const end of ends) await skopeo('copy', `oci:${layout}:${local}`, `docker://${repository}${end}`);
  }

  async function pullWhole(reference: string): Promise<readonly string[]> {
    const { manifests } = listSchema.parse(
      JSON.parse(await skopeo('inspect', '--raw', `docker://${repository}${reference}`)),
    );
    if (manifests === undefined) {
      await skopeo('copy', `docker://${repository}${reference}`, `dir:${await mkdtemp(join(folder, 'pulled-'))}`);
      return [reference];
    }
    const below = await Promise.all(manifests.map(({ digest }) => pullWhole(`@${parseDigest(digest)}`)));
    return [reference, ...below.flat()];
  }

  return {
    repository,
    skopeo,
    push,
    pullWhole,
    withRegistry,
    erase: async (reference) => void (await skopeo('delete', `docker://${repository}${reference}`)),
    listTags: () => withRegistry(async (registry) => [...(await registry.listTags())].sort()),
    has: async (reference) => {
      try {
        await skopeo('inspect', '--raw', `docker://${repository}${reference}`);
        return true;
      } catch (error) {
        if (error instanceof Error && error.message.includes('manifest unknown')) return false;
        throw error;
      }
    },
  };
}

/** The blobs in a registry's storage: how many, and how many bytes. */
export async function measureBlobs(
  server: RegistryServer,
): Promise<{ readonly count: number; readonly bytes: number }> {
  const root = join(server.rootDirectory, 'docker/registry/v2/blobs');
  const files = (await readdir(root, { recursive: true })).filter((path) => path.endsWith('/data'));
  const sizes = await Promise.all(files.map(async (path) => (await stat(join(root, path))).size));
  return { count: files.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

function makeSkopeo(server: RegistryServer): Hands['skopeo'] {
  const { caFile, username, password } = server;
  const access = (side: string): readonly string[] => [
    caFile === undefined ? `--${side}tls-verify=false` : `--${side}cert-dir=${dirname(caFile)}`,
    ...(username === undefined || password === undefined ? [] : [`--${side}creds=${username}:${password}`]),
  ];
  return async (command = '', ...words) => {
    const side = words.at(-1)?.startsWith('docker:') === true ? 'dest-' : 'src-';
    const options = command === 'copy' ? ['--all', '--quiet', '--preserve-digests', ...access(side)] : [...access('')];
    return (await run('skopeo', [command, ...options, ...words])).stdout;
  };
}

function openRegistryOf(server: RegistryServer, repository: string): Promise<Registry> {
  const { caFile, username, password } = server;
  const settings = {
    plainHttp: false,
    ...(caFile === undefined ? {} : { caFile }),
    ...(username === undefined || password === undefined ? {} : { username, password }),
  };
  const target = { kind: 'registry', repository: parseRepository(repository) } as const;
  return openRegistry(target, { settings, environment: {}, now: instantFromMs(Date.now()), log: silentLog });
}
