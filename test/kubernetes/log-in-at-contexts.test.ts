// Logging in at several contexts: side by side, all failures told at once, nothing left running.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EvidenceError } from '../../src/errors.ts';
import { connectCluster } from '../../src/kubernetes/connection/connect-cluster.ts';
import { isNamespacePresent } from '../../src/kubernetes/find-namespace.ts';
import { combineFailures } from '../../src/kubernetes/lists/list-errors.ts';
import { readUsage } from '../../src/kubernetes/read-usage.ts';
import { silentLog } from '../../src/log.ts';
import { kubernetesSettings } from '../builders/kubernetes-settings.ts';
import { NOW } from '../builders/snapshot.ts';
import {
  type KubeConfigContext,
  type KubernetesServer,
  kubeConfigText,
  makeCertificates,
  startKubernetesServer,
} from '../fakes/kubernetes-server.ts';
import { makeNotingPlugin } from '../support/credential-plugin.ts';
import { requireProgram } from '../support/real-parts.ts';
import { refusalOf } from './connection/access.ts';
import { pod } from './objects.ts';

const V1 = 'client.authentication.k8s.io/v1';

describe('failures', () => {
  it.each<[string, readonly object[], string]>([
    ['before any list are counted by context', [{ context: 'a' }, { context: 'b' }], '2 contexts'],
    ['of several lists in one context are counted as those', [{ context: 'a' }, { context: 'a' }], '2 lists'],
    ['of lists in several contexts too', [{ context: 'a', kind: 'Pod' }, { context: 'b' }], '2 lists'],
  ])('%s, and equal ones are told once', (_, places, count) => {
    const [first, ...others] = places.map(
      (details) => new EvidenceError('The login is over.', { code: 'EVIDENCE_KUBERNETES', details: { ...details } }),
    );
    const error = first === undefined ? undefined : combineFailures(first, others);
    expect(error?.message).toBe(`${count} could not be read in full:\nThe login is over.`);
  });
});

describe.runIf(requireProgram('openssl'))('several contexts', () => {
  let folder: string;
  let server: KubernetesServer;
  let tokens: Record<string, string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'contexts-'));
    await makeCertificates(folder);
  });
  beforeEach(async () => {
    tokens = { 'tok-1': 'admin' };
    server = await startKubernetesServer({ certificates: folder, tokens });
    server.put(pod('web', 'registry.test/app:1'));
  });
  afterEach(() => server.close());
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const plugin = (code: string) => ({ exec: { apiVersion: V1, command: process.execPath, args: ['-e', code] } });
  const context = (name: string, user: object): KubeConfigContext => ({ name, server, user });
  const read = (contexts: readonly KubeConfigContext[]) =>
    readUsage(kubernetesSettings({ kubeConfig: { kind: 'inline', text: kubeConfigText(contexts) } }), {
      environment: {},
      log: silentLog,
      now: NOW,
      limits: { retries: 0, retryDelayMs: 1, idleMs: 2000 },
    });

  it('are logged in to side by side, four at a time, and keep their order', async () => {
    const times = join(folder, 'times');
    const note = `require('node:fs').appendFileSync(${JSON.stringify(times)}`;
    const names = ['f', 'e', 'd', 'c', 'b', 'a'];
    const answer = JSON.stringify({ apiVersion: V1, kind: 'ExecCredential', status: { token: 'tok-1' } });
    const code = (name: string) =>
      `/* ${name} */ ${note}, '+'); setTimeout(() => { ${note}, '-'); process.stdout.write(${JSON.stringify(answer)}); }, 800)`;
    const usage = await read(names.map((name) => context(name, plugin(code(name)))));
    expect(usage.sources.map(({ name }) => name)).toEqual(names);
    let running = 0;
    const counts = (await readFile(times, 'utf8')).split('').map((sign) => (running += sign === '+' ? 1 : -1));
    expect(counts).toHaveLength(12);
    expect(Math.max(...counts)).toBeGreaterThan(1);
    expect(Math.max(...counts)).toBeLessThanOrEqual(4);
  });

  it('tell of all that fail, however late, and none is asked for anything', async () => {
    const error = await refusalOf(
      read([
        context('none', plugin('process.exit(3)')),
        context('good', { token: 'tok-1' }),
        context('slow', plugin('setTimeout(() => process.exit(4), 500)')),
        context('wrong', { tokenFile: join(folder, 'nowhere') }),
      ]),
    );
    expect(error).toMatchObject({ code: 'EVIDENCE_KUBERNETES', exitCode: 5 });
    const [head, ...lines] = error.message.split('\n');
    expect(head).toBe('3 contexts could not be read in full:');
    expect(lines.map((line) => /context "(\w+)"/.exec(line)?.[1])).toEqual(['none', 'slow', 'wrong']);
    expect(error.hint).toContain('--kube-context');
    expect(server.requests).toEqual([]);
  });

  it('of which one fails say so as that one does', async () => {
    const error = await refusalOf(
      read([context('good', { token: 'tok-1' }), context('bad', plugin('process.exit(3)'))]),
    );
    expect(error.message).toMatch(/^Cannot get ready to read context "bad": .* exit code 3\.$/);
  });

  it('tell that a login is over as that, also where a namespace is looked for', async () => {
    const { exec, answer } = await makeNotingPlugin({ folder, name: 'over' }, { token: 'tok-1' });
    const cluster = { server: server.url, 'certificate-authority': server.caFile };
    const options = { log: silentLog, environment: {}, idleMs: 2000 };
    const connection = await connectCluster({ name: 'prod', cluster, user: { exec } }, options);
    try {
      expect(await isNamespacePresent(connection, 'shop', AbortSignal.timeout(9000))).toBe(true);
      delete tokens['tok-1'];
      answer({});
      const error = await refusalOf(isNamespacePresent(connection, 'shop', AbortSignal.timeout(9000)));
      expect(error.message).toMatch(/^Cannot get ready to read context "prod": .*gave no credentials\.$/);
      expect(error.hint).toContain('Correct the kubeconfig');
    } finally {
      connection.close();
    }
  });
});
