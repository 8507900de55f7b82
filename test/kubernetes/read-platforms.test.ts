import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KubernetesSettings } from '../../src/config/settings.ts';
import { readPlatforms } from '../../src/kubernetes/read-platforms.ts';
import { silentLog } from '../../src/log.ts';
import { kubernetesSettings } from '../builders/kubernetes-settings.ts';
import {
  type KubernetesObject,
  type KubernetesServer,
  kubeConfigText,
  makeCertificates,
  startKubernetesServer,
} from '../fakes/kubernetes-server.ts';
import { requireProgram } from '../support/real-parts.ts';

const QUICK = { retries: 1, retryDelayMs: 1, idleMs: 2000 };

function node(name: string, operatingSystem?: string, architecture?: string): KubernetesObject {
  return { kind: 'Node', metadata: { name }, status: { nodeInfo: { operatingSystem, architecture } } };
}

describe.runIf(requireProgram('openssl'))('the platforms of nodes', () => {
  let certificates: string;
  let server: KubernetesServer;

  beforeAll(async () => {
    certificates = await mkdtemp(join(tmpdir(), 'platforms-'));
    await makeCertificates(certificates);
  });
  afterAll(() => rm(certificates, { recursive: true, force: true }));
  beforeEach(async () => {
    server = await startKubernetesServer({
      certificates,
      custom: [{ group: '', version: 'v1', resource: 'nodes', kind: 'Node' }],
    });
  });
  afterEach(() => server.close());

  const read = (changes: Partial<KubernetesSettings> = {}, names: readonly string[] = ['prod']) => {
    const text = kubeConfigText(names.map((name) => ({ name, server, user: { token: 'tok-admin' } })));
    const settings = kubernetesSettings({ kubeConfig: { kind: 'inline', text }, ...changes });
    return readPlatforms(settings, { environment: {}, log: silentLog, limits: QUICK });
  };

  it('are those that all nodes tell, each once, on however many pages', async () => {
    server.put(node('a', 'linux', 'amd64'), node('b', 'linux', 'arm64'), node('c', 'linux', 'amd64'));
    expect(await read()).toEqual([{ context: 'prod', platforms: new Set(['linux/amd64', 'linux/arm64']) }]);
  });

  it('are told by context', async () => {
    server.put(node('a', 'windows', 'amd64'));
    const contexts = await read({}, ['one', 'two']);
    expect(contexts.map(({ context }) => context)).toEqual(['one', 'two']);
  });

  it.each([
    ['without the right to list nodes', () => server.forbid({ resource: 'nodes' }), /right to list nodes is missing/],
    ['without any node', () => undefined, /no nodes/],
    [
      'when one node does not tell its own',
      () => server.put(node('a', 'linux', 'amd64'), node('b', 'linux')),
      /does not tell/,
    ],
    ['when one tells an empty one', () => server.put(node('a', '', 'amd64')), /does not tell/],
    [
      'when the server fails',
      () => {
        server.put(node('a', 'linux', 'amd64'));
        server.fail({ answer: 'internal-error', resource: 'nodes' });
      },
      /500/,
    ],
  ])('are unknown %s, and why is told', async (_name, change, why) => {
    change();
    expect(await read()).toEqual([
      { context: 'prod', platforms: 'unknown', why: expect.stringMatching(why) as string },
    ]);
  });

  it('are unknown in a run that looks into some namespaces only, and no server is asked', async () => {
    server.put(node('a', 'linux', 'amd64'));
    expect(await read({ namespaces: ['shop'] })).toMatchObject([{ platforms: 'unknown' }]);
    expect(server.requests).toEqual([]);
  });

  it('are nobody’s without a kubeconfig', async () => {
    expect(await readPlatforms(kubernetesSettings(), { environment: {}, log: silentLog })).toEqual([]);
  });
});
