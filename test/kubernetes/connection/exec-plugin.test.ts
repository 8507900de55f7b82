// Credential plugins as real programs: what they are told, what they may answer, and every way to fail.

import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runExecPlugin } from '../../../src/kubernetes/connection/exec-plugin.ts';
import { loadKubeContexts } from '../../../src/kubernetes/kubeconfig/load-kube-contexts.ts';
import { type KubernetesServer, kubeConfigText } from '../../fakes/kubernetes-server.ts';
import { makeNotingPlugin } from '../../support/credential-plugin.ts';
import { requireProgram } from '../../support/real-parts.ts';
import { type Access, openAccess, PODS, refusalOf, textOf } from './access.ts';

const V1 = 'client.authentication.k8s.io/v1';
const V1_BETA = 'client.authentication.k8s.io/v1beta1';

/** A plugin that runs this JavaScript. */
function script(code: string, more: object = {}) {
  return { apiVersion: V1, command: process.execPath, args: ['-e', code], ...more };
}

/** A plugin that prints this status. */
function giving(status: unknown, more: object = {}, apiVersion = V1) {
  const text = JSON.stringify({ apiVersion, kind: 'ExecCredential', status });
  return script(`process.stdout.write(${JSON.stringify(text)})`, { apiVersion, ...more });
}

describe.runIf(requireProgram('openssl'))('a credential plugin', () => {
  let access: Access;
  let server: KubernetesServer;

  beforeAll(async () => {
    access = await openAccess();
    server = await access.start();
  });
  beforeEach(() => server.heal());
  afterAll(() => access.close());

  const noting = (name: string, status: object) => makeNotingPlugin({ folder: access.folder, name }, status);

  async function clientPair() {
    const { certFile, keyFile } = server.clientCertificate;
    return {
      clientCertificateData: await readFile(certFile, 'utf8'),
      clientKeyData: await readFile(keyFile, 'utf8'),
    };
  }

  describe('gives', () => {
    it.each([V1, V1_BETA])('a token, in %s', async (version) => {
      expect(await access.ask(server, { user: { exec: giving({ token: 'tok-admin' }, {}, version) } })).toEqual([200]);
      expect(access.secrets).toContain('tok-admin');
    });

    it('a client certificate with its key, which is a secret', async () => {
      const pair = await clientPair();
      expect(await access.ask(server, { user: { exec: giving(pair) } })).toEqual([200]);
      expect(server.requests[0]?.user).toBe('admin');
      expect(access.secrets).toContain(pair.clientKeyData);
    });

    it('both', async () => {
      const exec = giving({ token: 'tok-admin', ...(await clientPair()) });
      expect(await access.ask(server, { user: { exec } })).toEqual([200]);
      expect(server.requests[0]?.headers['authorization']).toBe('Bearer tok-admin');
    });

    it('nothing where the entry has a token, which goes first', async () => {
      const plugin = await noting('unused', {});
      expect(await access.ask(server, { user: { token: 'tok-admin', exec: plugin.exec } })).toEqual([200]);
      expect(await plugin.runs()).toBe(0);
    });
  });

  describe('is told', () => {
    async function toldTo(exec: object, cluster: object = {}, environment = {}): Promise<Record<string, unknown>> {
      const told = join(access.folder, 'told.json');
      const code = `
        const {argv, env} = process;
        let stdin = 'open';
        try { require('node:fs').readFileSync(0); stdin = 'empty'; } catch {}
        require('node:fs').writeFileSync(${JSON.stringify(told)}, JSON.stringify({args: argv.slice(1), env, stdin}));
        const {apiVersion} = JSON.parse(env.KUBERNETES_EXEC_INFO);
        process.stdout.write(JSON.stringify({apiVersion, kind: 'ExecCredential', status: {token: 'tok-admin'}}));`;
      const plugin = script(code, exec);
      await access.ask(server, {
        user: { exec: plugin },
        cluster,
        environment: { PATH: process.env['PATH'], ...environment },
      });
      return JSON.parse(await readFile(told, 'utf8')) as Record<string, unknown>;
    }

    function infoOf(told: Record<string, unknown>): unknown {
      return JSON.parse((told['env'] as Record<string, string>)['KUBERNETES_EXEC_INFO'] ?? '');
    }

    it('the version and that nobody is there to answer, and no cluster unless the kubeconfig says so', async () => {
      const told = await toldTo({});
      expect(infoOf(told)).toEqual({ apiVersion: V1, kind: 'ExecCredential', spec: { interactive: false } });
      expect(told['stdin']).toBe('empty');
      expect(infoOf(await toldTo({ apiVersion: V1_BETA, interactiveMode: 'IfAvailable' }))).toMatchObject({
        apiVersion: V1_BETA,
      });
    });

    it('the cluster with its authority as data, the settings of the plugin and the proxy when provideClusterInfo is set', async () => {
      const config = { audience: 'prod', nested: { list: [1, 'a'] } };
      const told = await toldTo(
        { provideClusterInfo: true },
        {
          'tls-server-name': 'localhost',
          extensions: [
            { name: 'other', extension: { a: 1 } },
            { name: 'client.authentication.k8s.io/exec', extension: config },
          ],
        },
      );
      expect(infoOf(told)).toEqual({
        apiVersion: V1,
        kind: 'ExecCredential',
        spec: {
          cluster: {
            server: server.url,
            'tls-server-name': 'localhost',
            'certificate-authority-data': (await readFile(server.caFile)).toString('base64'),
            config,
          },
          interactive: false,
        },
      });
    });

    it('that the server is not checked, when it is not', async () => {
      const told = await toldTo(
        { provideClusterInfo: true },
        { 'certificate-authority': undefined, 'insecure-skip-tls-verify': true },
      );
      expect(infoOf(told)).toMatchObject({ spec: { cluster: { 'insecure-skip-tls-verify': true } } });
    });

    it('its arguments as they are, the environment, and its own variables on top', async () => {
      const env = [
        { name: 'AWS_PROFILE', value: 'prod' },
        { name: 'KUBERNETES_EXEC_INFO', value: 'forged' },
      ];
      const told = await toldTo({ env }, {}, { AWS_PROFILE: 'dev', REGION: 'eu' });
      expect(told['env']).toMatchObject({ AWS_PROFILE: 'prod', REGION: 'eu' });
      expect(infoOf(told)).toMatchObject({ apiVersion: V1 });
    });

    it('its arguments without a shell', async () => {
      const odd = ['a b', '$HOME', '"; exit 1', ''];
      const told = join(access.folder, 'odd.json');
      const code = `require('node:fs').writeFileSync(${JSON.stringify(told)}, JSON.stringify(process.argv.slice(1)));`;
      await refusalOf(access.ask(server, { user: { exec: script('', { args: ['-e', code, '--', ...odd] }) } }));
      expect(JSON.parse(await readFile(told, 'utf8'))).toEqual(odd);
    });
  });

  it('is found next to the kubeconfig, or on PATH when its name has no slash', async () => {
    const bin = join(access.folder, 'bin');
    await mkdir(bin, { recursive: true });
    const answer = JSON.stringify({ apiVersion: V1, kind: 'ExecCredential', status: { token: 'tok-admin' } });
    await writeFile(join(bin, 'my-plugin'), `#!/bin/sh\nprintf '%s' '${answer}'\n`);
    await chmod(join(bin, 'my-plugin'), 0o755);
    for (const [command, environment] of [
      ['./bin/my-plugin', {}],
      ['my-plugin', { PATH: bin }],
    ] as const) {
      const text = kubeConfigText([{ name: 'prod', server, user: { exec: { apiVersion: V1, command } } }]);
      const paths = [await access.file('config', text)];
      const [context] = await loadKubeContexts({ kind: 'files', paths }, [], { environment: {} });
      expect(await access.ask(server, { user: context?.user ?? {}, environment })).toEqual([200]);
    }
  });

  describe('is run again', () => {
    it('when its credentials are about to expire, and not before', async () => {
      let nowMs = Date.now();
      const at = (seconds: number) => new Date(nowMs + seconds * 1000).toISOString();
      const plugin = await noting('expiring', { token: 'tok-admin', expirationTimestamp: at(100) });
      const connection = await access.connect(server, { user: { exec: plugin.exec }, nowMs: () => nowMs });
      const get = async () => (await connection.get(PODS, AbortSignal.timeout(9000))).status;
      expect([await get(), await get(), await plugin.runs()]).toEqual([200, 200, 1]);
      nowMs += 95_000;
      plugin.answer({ token: 'tok-admin', expirationTimestamp: at(3600) });
      expect([await get(), await get(), await plugin.runs()]).toEqual([200, 200, 2]);
    });

    it('once for all requests that met a 401, and with its new certificate', async () => {
      const plugin = await noting('refused', { token: 'tok-over' });
      const connection = await access.connect(server, { user: { exec: plugin.exec } });
      plugin.answer(await clientPair());
      const answers = await Promise.all([1, 2, 3, 4].map(() => connection.get(PODS, AbortSignal.timeout(9000))));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      expect(await plugin.runs()).toBe(2);
    });

    it('not for credentials that are good for ever', async () => {
      const plugin = await noting('lasting', { token: 'tok-admin' });
      expect(await access.ask(server, { user: { exec: plugin.exec } }, 3)).toEqual([200, 200, 200]);
      expect(await plugin.runs()).toBe(1);
    });
  });

  it.each<[string, object, RegExp]>([
    [
      'is not there, with the hint of the kubeconfig',
      { apiVersion: V1, command: '/nowhere/kubelogin', installHint: 'Install it with\n  brew install kubelogin' },
      /"kubelogin" is not there; the kubeconfig says: "Install it with brew install kubelogin"/,
    ],
    ['is not on PATH', { apiVersion: V1, command: 'no-such-plugin' }, /"no-such-plugin" is not there\./],
    ['is no program', { apiVersion: V1, command: '/etc/passwd' }, /cannot be started \(EACCES\)/],
    ['fails', script('process.exit(3)'), /ended with exit code 3\./],
    [
      'fails with a complaint',
      script('process.stderr.write("line 1\\nlogin expired, token=s3cret-1\\n"); process.exit(1)'),
      /ended with exit code 1: "line 1 login expired, token=\*\*\*"/,
    ],
    ['is killed', script('process.kill(process.pid, "SIGTERM")'), /was ended by SIGTERM/],
    ['prints nothing', script(''), /did not print an ExecCredential/],
    ['prints a bare token', script('process.stdout.write("s3cret")'), /did not print an ExecCredential/],
    ['prints a text with a token', script('process.stdout.write("{s3cret: 1}")'), /did not print an ExecCredential/],
    ['prints without end', { apiVersion: V1, command: 'yes', args: ['s3cret'] }, /more than/],
    [
      'prints another kind',
      script(`process.stdout.write(JSON.stringify({apiVersion: '${V1}', kind: 'Token', status: {token: 's3cret'}}))`),
      /did not print an ExecCredential/,
    ],
    ['has no status', giving(undefined), /did not print an ExecCredential/],
    ['gives nothing', giving({}), /gave no credentials/],
    ['gives an empty token', giving({ token: '' }), /gave no credentials/],
    ['gives a certificate without key', giving({ clientCertificateData: 's3cret' }), /half of a client certificate/],
    ['gives a token and a key alone', giving({ token: 's3cret', clientKeyData: 's3cret' }), /half of a client/],
    ['gives a certificate that is none', giving({ clientCertificateData: 's3cret', clientKeyData: 's3cret' }), /used/],
    [
      'gives what has expired',
      giving({ token: 's3cret', expirationTimestamp: '2020-01-01T01:00:00+01:00' }),
      /expired at 2020-01-01T00:00:00\.000Z/,
    ],
    ['gives a time that is none', giving({ token: 's3cret', expirationTimestamp: 'soon' }), /did not print/],
    [
      'answers in another version',
      { ...giving({ token: 's3cret' }), apiVersion: V1_BETA },
      /in another version than .*v1beta1/,
    ],
    ['has no version', { command: 'x' }, /apiVersion of its credential plugin is not one of/],
    ['has the first version', { apiVersion: 'client.authentication.k8s.io/v1alpha1', command: 'x' }, /apiVersion/],
    ['needs a terminal', giving({ token: 't' }, { interactiveMode: 'Always' }), /wants a terminal/],
    [
      'has a mode of its own',
      giving({ token: 't' }, { interactiveMode: 'Sometimes' }),
      /interactiveMode .* not one of/,
    ],
  ])('stops the run when it %s, and no secret shows', async (_, exec, why) => {
    const user = { exec: exec as ReturnType<typeof script> };
    const error = await refusalOf(access.ask(server, { user, environment: { PATH: process.env['PATH'] } }));
    expect(error).toMatchObject({ code: 'EVIDENCE_KUBERNETES', exitCode: 5, temporary: false });
    expect(error.message).toMatch(why);
    expect(error.message.length).toBeLessThan(700);
    expect(textOf(error)).not.toContain('s3cret');
    expect(server.requests).toEqual([]);
  });

  it('does not quote the secrets that it was given', async () => {
    const exec = script('console.error(process.argv.join(" "), process.env.API_TOKEN); process.exit(1)', {
      env: [{ name: 'API_TOKEN', value: 'plain word' }],
    });
    exec.args.push('--', '--client-secret=s3cret', '--password', 'hunter', '--region', 'eu-west');
    const error = await refusalOf(access.ask(server, { user: { exec } }));
    expect(error.message).toContain('eu-west');
    expect(textOf(error)).not.toMatch(/s3cret|hunter|plain word/);
    expect(access.secrets).toEqual(expect.arrayContaining(['s3cret', 'hunter', 'plain word']));
  });

  describe('that goes on for ever', () => {
    const waiting = (signal: AbortSignal, timeoutMs: number) =>
      runExecPlugin({
        exec: script('setInterval(() => {}, 1000)'),
        cluster: { server: 'https://127.0.0.1:1' },
        trust: { isChecked: true },
        environment: {},
        secrets: [],
        nowMs: 0,
        timeoutMs,
        signal,
      });

    it('is given up', async () => {
      await expect(waiting(new AbortController().signal, 300)).rejects.toThrow(/no answer within 0.3 seconds/);
    });

    it('ends with the connection', async () => {
      const abort = new AbortController();
      const work = waiting(abort.signal, 60_000);
      abort.abort();
      await expect(work).rejects.toThrow(/was stopped/);
    });
  });
});
