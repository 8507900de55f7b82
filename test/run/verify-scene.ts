// A cluster's manifests and a registry in memory whose answers can be bent: what a verify looks at.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VerifySettings } from '../../src/config/settings.ts';
import { silentLog } from '../../src/log.ts';
import { type Digest, parseRepository, type Tag } from '../../src/model/reference.ts';
import type { Registry } from '../../src/registry/port.ts';
import type { VerifyReport } from '../../src/report/verify-report.ts';
import { runVerify } from '../../src/run/verify.ts';
import { kubernetesSettings } from '../builders/kubernetes-settings.ts';
import { createMemoryRegistry, type MemoryRegistry } from '../builders/memory-registry.ts';
import { NOW } from '../contract/registry-places.ts';

/** What the registry in memory calls itself. */
export const NAME = 'registry.example.com/team/app';

/** A scene, and everything that was asked of the registry. */
export interface VerifyScene {
  readonly folder: string;
  readonly memory: MemoryRegistry;
  /** `resolve TAG`, `read DIGEST`, `find DIGEST,…`: in order. */
  readonly asked: string[];
  /** In place of an answer: throws, or lets the question pass. */
  disturb: (asked: Tag | Digest) => void;
  /** One pod with a container for each image. */
  deploy(...images: readonly string[]): Promise<void>;
  verify(changes?: Partial<VerifySettings>): Promise<VerifyReport>;
  remove(): Promise<void>;
}

/** An empty registry and no workload. */
export async function makeVerifyScene(): Promise<VerifyScene> {
  const folder = await mkdtemp(join(tmpdir(), 'verify-'));
  const memory = createMemoryRegistry();
  const repository = parseRepository(NAME);
  const scene: VerifyScene = {
    folder,
    memory,
    asked: [],
    disturb: () => undefined,
    deploy: (...images) => writeFile(join(folder, 'pod.json'), JSON.stringify(podOf(images))),
    verify: (changes = {}) => {
      const settings: VerifySettings = {
        repositories: [{ kind: 'registry', repository, provider: 'oci' }],
        registries: [],
        mirrors: new Map(),
        kubernetes: kubernetesSettings({ manifests: [join(folder, 'pod.json')] }),
        registry: { plainHttp: false },
        format: 'text',
        logLevel: 'info',
        ...changes,
      };
      const context = { log: silentLog, environment: {}, now: () => NOW };
      return runVerify(settings, context, () => Promise.resolve(watched(scene)));
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
  await scene.deploy('elsewhere.example.com/other:1');
  return scene;
}

/** A pod `web` in namespace `shop`; containers are called `app-0`, `app-1`, … */
function podOf(images: readonly string[]): object {
  const containers = images.map((image, at) => ({ name: `app-${at}`, image }));
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop' }, spec: { containers } };
}

function watched(scene: VerifyScene): Registry {
  const { registry } = scene.memory;
  const note = (word: string, asked: Tag | Digest): void => {
    scene.asked.push(`${word} ${asked}`);
    scene.disturb(asked);
  };
  return {
    ...registry,
    resolveTag: async (tag) => {
      note('resolve', tag);
      return registry.resolveTag(tag);
    },
    readManifest: async (digest) => {
      note('read', digest);
      return registry.readManifest(digest);
    },
    readDigests: async (digests) => {
      for (const digest of digests) note('find', digest);
      return registry.readDigests(digests);
    },
  };
}
