// Whole runs and their logins at clusters: a run asks a cluster several times, and logs in once.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runApply, runExplain, runPlan, runRbac, runVerify } from '../../src/cleanup.ts';
import type { KubernetesSettings, Settings } from '../../src/config/settings.ts';
import { silentLog } from '../../src/log.ts';
import { parseRepository } from '../../src/model/reference.ts';
import { addToLayout, buildImage, makeLayout } from '../builders/image.ts';
import { kubernetesSettings } from '../builders/kubernetes-settings.ts';
import { ANY_AGE, NOW, policyOf } from '../builders/snapshot.ts';
import {
  type KubeConfigContext,
  type KubernetesServer,
  kubeConfigText,
  makeCertificates,
  startKubernetesServer,
} from '../fakes/kubernetes-server.ts';
import { pod } from '../kubernetes/objects.ts';
import { makeNotingPlugin } from '../support/credential-plugin.ts';
import { type OidcIssuer, startIssuer } from '../support/oidc-issuer.ts';
import { requireProgram } from '../support/real-parts.ts';

const NAME = 'registry.example.com/team/app';
const repository = parseRepository(NAME);

describe.runIf(requireProgram('openssl'))('a run', () => {
  let certificates: string;
  let folder: string;
  let directory: string;
  let server: KubernetesServer;
  /** Of the server; changed by tests. */
  let tokens: Record<string, string>;
  let issuer: OidcIssuer | undefined;

  beforeAll(async () => {
    certificates = await mkdtemp(join(tmpdir(), 'logins-certificates-'));
    await makeCertificates(certificates);
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'logins-'));
    directory = join(folder, 'layout');
    await makeLayout(directory);
    await addToLayout(directory, buildImage({ seed: 'used' }), ['used']);
    await addToLayout(directory, buildImage({ seed: 'doomed' }), ['doomed']);
    tokens = { 'tok-1': 'admin' };
    server = await startKubernetesServer({ certificates, tokens });
    server.put(pod('web', `${NAME}:used`));
  });
  afterEach(async () => {
    await issuer?.close();
    issuer = undefined;
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });
  afterAll(() => rm(certificates, { recursive: true, force: true }));

  const clusters = (...contexts: readonly Partial<KubeConfigContext>[]): KubernetesSettings => {
    const text = kubeConfigText(contexts.map((more, at) => ({ name: `context-${at}`, server, ...more })));
    return kubernetesSettings({ kubeConfig: { kind: 'inline', text } });
  };

  const settingsOf = (command: Settings['command'], kubernetes: KubernetesSettings): Settings => ({
    command,
    repositories: [{ kind: 'oci-layout', directory, repository }],
    policy: policyOf({ ...ANY_AGE, git: { enabled: false, keepPolicies: [] } }),
    registry: { plainHttp: false },
    git: 'off',
    forge: 'off',
    kubernetes,
    missing: [],
    journal: join(folder, 'journal.jsonl'),
    format: 'text',
    logLevel: 'info',
  });

  const contextOf = (onStep: () => void = () => undefined) => ({
    log: { ...silentLog, progress: (step: string) => (step === `apply ${NAME}` ? onStep() : undefined) },
    environment: {},
    now: () => NOW,
  });

  /** An apply that deletes what nobody uses, with a first reading, a second before the first delete, and a third as its proof. */
  async function applyTo(kubernetes: KubernetesSettings, onStep?: () => void): Promise<void> {
    const report = await runApply(settingsOf('apply', kubernetes), contextOf(onStep));
    expect(report.result).toEqual({ kind: 'applied' });
    expect(report.totals).toMatchObject({ deleted: 1, kept: 1, failed: 0 });
    expect(report.verification).toMatchObject({ images: 1, lost: [], unknown: [] });
    expect(readings()).toBe(3);
  }

  function readings(): number {
    return server.requests.filter(({ path, user }) => path.startsWith('/api/v1/pods?') && user !== undefined).length;
  }

  async function startKnownIssuer(ttlSeconds: number) {
    const [key, cert] = await Promise.all(
      ['server.key', 'server.crt'].map((name) => readFile(join(certificates, name))),
    );
    if (key === undefined || cert === undefined) throw new Error('There are no certificates.');
    issuer = await startIssuer({
      tls: { key, cert },
      refreshToken: 'refresh',
      clientId: 'kubernetes',
      ttlSeconds,
      onToken: (token) => {
        tokens[token] = 'admin';
      },
    });
    const config = {
      'idp-issuer-url': issuer.url,
      'idp-certificate-authority': server.caFile,
      'client-id': 'kubernetes',
      'refresh-token': 'refresh',
    };
    return { issuer, user: { 'auth-provider': { name: 'oidc', config } } };
  }

  it('that applies uses a refresh token, which is good once, for all that it reads', async () => {
    const { issuer: known, user } = await startKnownIssuer(3600);
    await applyTo(clusters({ user }));
    expect(known.tokens).toHaveLength(1);
  });

  it('that applies goes from one refresh token to the next when tokens are over at once', async () => {
    const { issuer: known, user } = await startKnownIssuer(10);
    await applyTo(clusters({ user }));
    expect(known.tokens.length).toBeGreaterThan(3);
  });

  it('that applies starts a plugin once', async () => {
    const { exec, runs } = await makeNotingPlugin({ folder, name: 'plugin' }, { token: 'tok-1' });
    await applyTo(clusters({ user: { exec } }));
    expect(await runs()).toBe(1);
  });

  it('that applies starts a plugin again when the server takes its token no more', async () => {
    const { exec, runs, answer } = await makeNotingPlugin({ folder, name: 'plugin' }, { token: 'tok-1' });
    await applyTo(clusters({ user: { exec } }), () => {
      answer({ token: 'tok-2' });
      delete tokens['tok-1'];
      tokens['tok-2'] = 'admin';
    });
    expect(await runs()).toBe(2);
  });

  it.each<[string, (kubernetes: KubernetesSettings) => Promise<unknown>]>([
    ['plans', (kubernetes) => runPlan(settingsOf('plan', kubernetes), contextOf())],
    ['explains', (kubernetes) => runExplain({ ...settingsOf('explain', kubernetes), target: 'used' }, contextOf())],
    [
      'verifies',
      (kubernetes) => {
        const { repositories, registry, format, logLevel } = settingsOf('plan', kubernetes);
        const scope = { repositories, registries: [], mirrors: new Map() };
        return runVerify({ ...scope, kubernetes, registry, format, logLevel }, contextOf());
      },
    ],
    ['prints rights', (kubernetes) => runRbac({ ...kubernetes, format: 'text', logLevel: 'info' }, contextOf())],
  ])('that %s logs in once for two contexts of one issuer', async (_, run) => {
    const { issuer: known, user } = await startKnownIssuer(3600);
    await run(clusters({ user }, { user }));
    expect(new Set(server.requests.map(({ user: name }) => name))).toEqual(new Set(['admin']));
    expect(known.tokens).toHaveLength(1);
  });

  it('knows nothing of the run before it', async () => {
    const { exec, runs } = await makeNotingPlugin({ folder, name: 'plugin' }, { token: 'tok-1' });
    const context = contextOf();
    for (const command of ['plan', 'plan'] as const)
      await runPlan(settingsOf(command, clusters({ user: { exec } })), context);
    expect(await runs()).toBe(2);
  });
});
