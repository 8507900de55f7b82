// A small repository of werf's with one image that a policy keeps and one that it does not, to which tests add what they are about.

import { afterAll, beforeAll, onTestFinished } from 'vitest';
import type { WerfVersion } from '../../builders/werf-repository.ts';
import { type RegistryServer, startRegistry } from '../../support/registry-server.ts';
import type { CommitName } from './history.ts';
import { decisionsOf, makePlace, type Place, type PlaceRun, told } from './place.ts';
import { makeShelf, type Shelf } from './shelf.ts';

/** One image per commit of main, and only the newest. */
export const SMALL_YAML = `project: shop
configVersion: 1
cleanup:
  keepPolicies:
  - references: {branch: main}
    imagesPerReference: {last: 1}
---
image: [backend, worker]
dockerfile: Dockerfile
`;

/** What a test is about. */
export interface SmallOptions {
  /** Of its own: all small repositories of a test file may lie in one registry. */
  readonly name: string;
  readonly version?: WerfVersion;
  /** `127.0.0.1:PORT` of a proxy that the tool is to go through. */
  readonly host?: string;
  /** Instead of {@link SMALL_YAML}. */
  readonly werfYaml?: string;
  /** Where records go, as with version 3. */
  readonly meta?: string;
  /** Puts more on the shelf. */
  readonly add?: (shelf: Shelf, commit: (name: CommitName) => string, repository: string) => void;
}

/** A place with what was pushed there. */
export interface Small extends Place {
  readonly shelf: Shelf;
  commit(name: CommitName): string;
  /** Writes manifests of one Pod for each image. */
  use(...images: readonly string[]): Promise<void>;
}

/** Makes it: stage `new` is of main's newest commit, `old` of an older one. */
async function makeSmall(server: RegistryServer, options: SmallOptions): Promise<Small> {
  const now = Date.now();
  const { name, host, meta } = options;
  const place = await makePlace(server, { now, name, ...(host === undefined ? {} : { host }) });
  const shelf = makeShelf({ project: 'shop', version: options.version ?? '2' }, now);
  const commit = (of: CommitName): string => place.history.commit(of);
  shelf.stage('new');
  shelf.publish('backend', commit('head'), 'new');
  shelf.stage('old');
  shelf.publish('backend', commit('second'), 'old');
  options.add?.(shelf, commit, place.repository);
  if (meta === undefined) await shelf.push(server.origin, name);
  else await shelf.pushApart(server.origin, { primary: name, meta });
  await place.write('werf.yaml', options.werfYaml ?? SMALL_YAML);
  const use = (...images: readonly string[]): Promise<void> =>
    place.write('clusters/pods.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: images.map(pod) }));
  await use('docker.io/library/busybox:1');
  return { ...place, shelf, commit, use };
}

/** What a run decided about stages, by their short names. */
export function fatesOf(run: PlaceRun, small: Small, repository = 0): Readonly<Record<string, string>> {
  const decisions = decisionsOf(run, repository);
  return Object.fromEntries(
    small.shelf.names().flatMap((name): [string, string][] => {
      const decision = decisions.get(small.shelf.find(name).id)?.decision;
      return decision === undefined ? [] : [[name, decision]];
    }),
  );
}

/** Throws with everything that was said when a run did not end with this code. */
export function assertCode(run: PlaceRun, code: number): void {
  if (run.code !== code) throw new Error(`expected exit ${code}, got ${told(run)}`);
}

function pod(image: string, at: number): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `pod-${at}`, namespace: 'shop', uid: `pod-${at}` },
    spec: { containers: [{ name: 'main', image }] },
    status: { phase: 'Running' },
  };
}

/** A real registry for the tests of one file. */
export interface SharedRegistry {
  /** To be called in tests: it starts before the first one. */
  readonly server: () => RegistryServer;
  /** Makes a project, which goes with its test. */
  readonly small: (options: SmallOptions) => Promise<Small>;
}

/** Starts a registry before the tests of the file that calls this, where it is installed, and stops it after them. */
export function shareRegistry(hasAll: boolean): SharedRegistry {
  let started: RegistryServer | undefined;
  beforeAll(async () => {
    if (hasAll) started = await startRegistry();
  });
  afterAll(async () => {
    await started?.stop();
  });
  function server(): RegistryServer {
    if (started === undefined) throw new Error('the registry has not started yet');
    return started;
  }
  return {
    server,
    small: async (options) => {
      const made = await makeSmall(server(), options);
      onTestFinished(() => made.remove());
      return made;
    },
  };
}
