// Mistakes on this machine are told before the registry, which may be large, gets its first request.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Settings } from '../../src/config/settings.ts';
import { type CleanupError, EvidenceError, UsageError } from '../../src/errors.ts';
import { silentLog } from '../../src/log.ts';
import { parseRepository } from '../../src/model/reference.ts';
import { closeAll, collectEvidence } from '../../src/run/collect-evidence.ts';
import { createGitSandbox, type GitSandbox } from '../builders/git-repository.ts';
import { buildImage, pushImage } from '../builders/image.ts';
import { kubernetesSettings } from '../builders/kubernetes-settings.ts';
import { NOW, policyOf } from '../builders/snapshot.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry-server.ts';

let folder: string;
let registry: FakeRegistry;
let sandbox: GitSandbox;
let seen: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'registry-cleanup-sources-'));
  sandbox = createGitSandbox();
  registry = await startFakeRegistry();
  await pushImage(registry.origin, 'shop/app', { manifest: buildImage({ seed: 'a' }), tags: ['v1'] });
  seen = registry.log.length;
});

afterAll(async () => {
  await registry.stop();
  sandbox.remove();
  await rm(folder, { recursive: true, force: true });
});

/** The path of a folder with these files. */
async function folderOf(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(join(folder, name));
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, name, file), text);
  return join(folder, name);
}

async function collect(parts: Pick<Settings, 'git' | 'kubernetes'>): Promise<void> {
  const settings: Settings = {
    command: 'plan',
    repositories: [{ kind: 'registry', provider: 'oci', repository: parseRepository(`${registry.host}/shop/app`) }],
    policy: policyOf(),
    registry: { plainHttp: true },
    forge: 'off',
    missing: [],
    journal: join(folder, 'journal.jsonl'),
    format: 'text',
    logLevel: 'info',
    ...parts,
  };
  const context = { log: silentLog, environment: sandbox.environment, now: () => NOW };
  const { repositories } = await collectEvidence(settings, context, new Map());
  await closeAll(
    repositories.map((repository) => repository.registry),
    silentLog,
  );
}

const kubeConfigOf = (text: string): Pick<Settings, 'git' | 'kubernetes'> => ({
  git: 'off',
  kubernetes: kubernetesSettings({ kubeConfig: { kind: 'inline', text } }),
});
const manifestsIn = (path: string): Pick<Settings, 'git' | 'kubernetes'> => ({
  git: 'off',
  kubernetes: kubernetesSettings({ manifests: [path] }),
});
const cloneIn = (directory: string): Pick<Settings, 'git' | 'kubernetes'> => ({
  git: { directory, isNamed: true, allowUnshallow: true, allowFetch: true },
  kubernetes: 'off',
});

const kubeConfigFor = (server: string) =>
  JSON.stringify({
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'prod', context: { cluster: 'c', user: 'u' } }],
  });
const podWith = (image: string) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [{ image }] } });

const MISTAKES: readonly {
  readonly name: string;
  readonly parts: () => Promise<Pick<Settings, 'git' | 'kubernetes'>>;
  readonly error: new (...all: never[]) => CleanupError;
  readonly says: RegExp;
}[] = [
  { name: 'a kubeconfig that is nonsense', parts: async () => kubeConfigOf('nonsense'), error: UsageError, says: /./ },
  {
    name: 'a kubeconfig without contexts',
    parts: async () => kubeConfigOf('{"clusters":[],"users":[],"contexts":[]}'),
    error: UsageError,
    says: /has no context/,
  },
  {
    name: 'a context that the kubeconfig does not have',
    parts: async () => ({
      git: 'off',
      kubernetes: kubernetesSettings({
        kubeConfig: { kind: 'inline', text: kubeConfigFor('https://127.0.0.1:1') },
        contexts: ['pord'],
      }),
    }),
    error: UsageError,
    says: /"pord"/,
  },
  {
    name: 'a kubeconfig that is not there',
    parts: async () => ({
      git: 'off',
      kubernetes: kubernetesSettings({ kubeConfig: { kind: 'files', paths: [join(folder, 'nowhere')] }, contexts: [] }),
    }),
    error: UsageError,
    says: /there is no such file/,
  },
  {
    name: 'a folder without manifests',
    parts: async () => manifestsIn(await folderOf('empty', { 'README.md': '' })),
    error: UsageError,
    says: /holds no .yaml/,
  },
  {
    name: 'a manifest that is a template',
    parts: async () => manifestsIn(await folderOf('template', { 'pod.yaml': 'image: {{ .Values.image }}\n' })),
    error: EvidenceError,
    says: /is not YAML/,
  },
  {
    name: 'a manifest with a placeholder for its image',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what envsubst would fill in
    parts: async () => manifestsIn(await folderOf('placeholder', { 'pod.json': podWith('${IMAGE}') })),
    error: EvidenceError,
    says: /cannot be understood/,
  },
  {
    name: 'a folder that is no clone',
    parts: async () => cloneIn(await folderOf('no-clone', {})),
    error: EvidenceError,
    says: /not a git repository/,
  },
  {
    name: 'a clone without origin',
    parts: async () => cloneIn(sandbox.bare('no-origin')),
    error: EvidenceError,
    says: /no remote named origin/,
  },
];

describe('before the registry gets a request', () => {
  it.each(MISTAKES)('$name is told', async ({ parts, error, says }) => {
    const thrown: unknown = await collect(await parts()).catch((cause: unknown) => cause);
    expect(thrown).toBeInstanceOf(error);
    expect(String(thrown)).toMatch(says);
    expect(registry.log.slice(seen)).toEqual([]);
  });

  it('nothing is told of what only a server can tell: the registry is read before the cluster', async () => {
    // The registry plays the cluster, too, and is a bad one.
    await expect(collect(kubeConfigOf(kubeConfigFor(registry.origin)))).rejects.toThrow(/Cannot learn which kinds/);
    const sent = registry.log.slice(seen);
    seen = registry.log.length;
    expect(sent[0]).toMatch(/tags\/list/);
    const firstOfCluster = sent.findIndex((line) => line.startsWith('GET /api'));
    const lastOfRegistry = sent.findLastIndex((line) => line.includes('/v2/'));
    expect(firstOfCluster).toBeGreaterThan(lastOfRegistry);
  });
});
