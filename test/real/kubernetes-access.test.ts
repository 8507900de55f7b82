// Every way to log in at a real API server, with kubectl beside it: who may read, reads; who may not, stops the run.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectCluster } from '../../src/kubernetes/connection/connect-cluster.ts';
import { loadKubeContexts } from '../../src/kubernetes/kubeconfig/load-kube-contexts.ts';
import { silentLog } from '../../src/log.ts';
import { type KubeConfigContext, writeKubeConfig } from '../fakes/kubernetes-server.ts';
import { addAccount, type KubeAccount } from '../support/kube-accounts.ts';
import { type KubeApiserver, startKubeApiserver } from '../support/kube-apiserver.ts';
import { requireKubeApiserver, requireProgram } from '../support/real-parts.ts';
import { startConnectProxy, startSocksProxy } from '../support/tunnel-proxies.ts';

const V1 = 'client.authentication.k8s.io/v1';
const PODS = '/api/v1/namespaces/default/pods';

describe.runIf(requireKubeApiserver() && requireProgram('openssl'))('access to a real API server', () => {
  let server: KubeApiserver;
  let account: KubeAccount;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'real-access-'));
    server = await startKubeApiserver();
    const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }];
    account = await addAccount(server, { name: 'access', rules });
    await server.create({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'access-group' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'access' },
      subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'dev, ops' }],
    });
  });
  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function configOf(user: object, cluster: object = {}): Promise<string> {
    const context: KubeConfigContext = { name: 'real', server, user, cluster };
    return writeKubeConfig(join(folder, 'config'), [context]);
  }

  /** A connection by a kubeconfig file, as a run makes it. */
  async function connect(paths: readonly string[], environment: Readonly<Record<string, string | undefined>> = {}) {
    const [context] = await loadKubeContexts({ kind: 'files', paths }, [], { environment });
    if (context === undefined) throw new Error('The kubeconfig has no context.');
    return connectCluster(context, { log: silentLog, idleMs: 10_000, environment });
  }

  async function ask(user: object, cluster: object = {}): Promise<number> {
    const connection = await connect([await configOf(user, cluster)]);
    const { status } = await connection.get(PODS, AbortSignal.timeout(20_000));
    connection.close();
    return status;
  }

  /** Whether kubectl may do the same with the same file. */
  async function kubectlMay(): Promise<boolean> {
    const words = [`--kubeconfig=${join(folder, 'config')}`, '--context=real', 'get', 'pods', '--request-timeout=20s'];
    return server.kubectl(...words).then(
      () => true,
      () => false,
    );
  }

  function giving(status: object) {
    const text = JSON.stringify({ apiVersion: V1, kind: 'ExecCredential', status });
    const args = ['-e', `process.stdout.write(${JSON.stringify(text)})`];
    return { apiVersion: V1, command: process.execPath, args, interactiveMode: 'Never' };
  }

  it.each<[string, number, () => Promise<object> | object]>([
    ['a token', 200, () => ({ token: account.token })],
    ['an expired token', 401, () => ({ token: account.expiredToken })],
    ['a token of nobody', 401, () => ({ token: 'nobody' })],
    ['a password, which no server looks at any more', 403, () => ({ username: 'admin', password: 'admin' })],
    ['a client certificate in files', 200, () => certificateFiles()],
    ['a client certificate as data', 200, async () => certificateData()],
    ['a token file', 200, async () => ({ tokenFile: await file('token', `${account.token}\n`) })],
    ['a plugin with a token', 200, () => ({ exec: giving({ token: account.token }) })],
    ['a plugin with an expired token', 401, () => ({ exec: giving({ token: account.expiredToken }) })],
    ['a plugin with a certificate', 200, async () => ({ exec: giving(await certificatePems()) })],
    ['somebody else, who has no rights', 403, () => ({ token: server.adminToken, as: 'jane' })],
    [
      'somebody else in a group that may, with a comma in its name',
      200,
      () => ({ token: server.adminToken, as: 'jane', 'as-groups': ['staff', 'dev, ops'] }),
    ],
    [
      'somebody else in groups that a comma parts, which are not that group',
      403,
      () => ({ token: server.adminToken, as: 'jane', 'as-groups': ['dev', 'ops'] }),
    ],
    [
      'somebody else with everything that goes with it',
      200,
      () => ({
        token: server.adminToken,
        as: account.user,
        'as-uid': '42',
        'as-user-extra': { 'acme.test/Reason': ['audit', 'ü'] },
      }),
    ],
    [
      'somebody that it may not be',
      403,
      () => ({ token: account.token, as: 'admin', 'as-groups': ['system:masters'] }),
    ],
  ])('as %s: %i, and kubectl agrees', async (_, expected, user) => {
    expect(await ask(await user())).toBe(expected);
    expect(await kubectlMay()).toBe(expected === 200);
  });

  it('as nobody is asked for, which is forbidden', async () => {
    // kubectl would ask for a name and a password here.
    expect(await ask({})).toBe(403);
  });

  it('goes on with a token that was renewed while the old one ended', async () => {
    const tokenFile = await file('rotated', account.expiredToken);
    const connection = await connect([await configOf({ tokenFile })]);
    await writeFile(tokenFile, account.token);
    const answers = await Promise.all([1, 2, 3, 4].map(() => connection.get(PODS, AbortSignal.timeout(20_000))));
    connection.close();
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  it('is had by the account of a pod', async () => {
    const directory = await mkdtemp(join(folder, 'account-'));
    await writeFile(join(directory, 'token'), account.token);
    await writeFile(join(directory, 'ca.crt'), await readFile(server.caFile));
    const environment = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(server.port) };
    const surroundings = { environment, home: folder, serviceAccountDirectory: directory };
    const [context] = await loadKubeContexts({ kind: 'ambient' }, [], surroundings);
    if (context === undefined) throw new Error('There is no account.');
    const connection = await connectCluster(context, { log: silentLog, idleMs: 10_000, environment });
    expect((await connection.get(PODS, AbortSignal.timeout(20_000))).status).toBe(200);
    connection.close();
  });

  it.each([
    ['http', startConnectProxy],
    ['socks5', startSocksProxy],
  ])('goes through a proxy that speaks %s, as kubectl does', async (scheme, start) => {
    const proxy = await start({ login: 'me:p@ss' });
    try {
      const cluster = { 'proxy-url': `${scheme}://me:p%40ss@${proxy.host}` };
      expect(await ask({ token: account.token }, cluster)).toBe(200);
      expect(await kubectlMay()).toBe(true);
      expect(new Set(proxy.targets)).toEqual(new Set([`127.0.0.1:${server.port}`]));
      expect(new Set(proxy.logins)).toEqual(new Set(['me:p@ss']));
    } finally {
      await proxy.close();
    }
  });

  it.each([V1, 'client.authentication.k8s.io/v1beta1'])(
    'tells a plugin of %s what kubectl tells it',
    async (version) => {
      const told = join(folder, 'told.json');
      const answer = JSON.stringify({ apiVersion: version, kind: 'ExecCredential', status: { token: account.token } });
      const code = `
      require('node:fs').writeFileSync(${JSON.stringify(told)}, process.env.KUBERNETES_EXEC_INFO);
      process.stdout.write(${JSON.stringify(answer)});`;
      const exec = {
        apiVersion: version,
        command: process.execPath,
        args: ['-e', code],
        interactiveMode: 'IfAvailable',
        provideClusterInfo: true,
      };
      const cluster = {
        'tls-server-name': 'localhost',
        'disable-compression': true,
        extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'prod' } }],
      };
      expect(await ask({ exec }, cluster)).toBe(200);
      const ours: unknown = JSON.parse(await readFile(told, 'utf8'));
      await rm(told);
      expect(await kubectlMay()).toBe(true);
      expect(ours).toEqual(JSON.parse(await readFile(told, 'utf8')));
    },
  );

  async function file(name: string, text: string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  }

  function certificateFiles() {
    const { certFile, keyFile } = server.clientCertificate;
    return { 'client-certificate': certFile, 'client-key': keyFile };
  }

  async function certificatePems() {
    const { certFile, keyFile } = server.clientCertificate;
    return {
      clientCertificateData: await readFile(certFile, 'utf8'),
      clientKeyData: await readFile(keyFile, 'utf8'),
    };
  }

  async function certificateData() {
    const { clientCertificateData: cert, clientKeyData: key } = await certificatePems();
    const encode = (text: string) => Buffer.from(text).toString('base64');
    return { 'client-certificate-data': encode(cert), 'client-key-data': encode(key) };
  }
});
