// Whole reads against a server that speaks the API's protocol: pages, rights, credentials, and every way to fail.

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import * as http from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CleanupError, EvidenceError, UsageError } from '../../src/errors.ts';
import { RESOURCE_KINDS } from '../../src/kubernetes/kinds/resource-kinds.ts';
import { type ReadUsageOptions, readUsage, type UsageSettings } from '../../src/kubernetes/read-usage.ts';
import { silentLog } from '../../src/log.ts';
import { instantFromMs } from '../../src/model/time.ts';
import type { Usage } from '../../src/model/usage.ts';
import { kubernetesSettings } from '../builders/kubernetes-settings.ts';
import type { ServedResource } from '../fakes/kubernetes-discovery.ts';
import {
  type FaultAnswer,
  type KubeConfigContext,
  type KubernetesServer,
  type KubernetesServerOptions,
  kubeConfigText,
  makeCertificates,
  SERVED,
  startKubernetesServer,
  writeKubeConfig,
} from '../fakes/kubernetes-server.ts';
import { requireProgram } from '../support/real-parts.ts';
import { DIGEST_A, DIGEST_B, linesOf, oneOfEach, pod, referencesOf, templated } from './objects.ts';

const RESOURCES = RESOURCE_KINDS.map(({ group, resource }) => (group === '' ? resource : `${group}/${resource}`));
/** The kinds of the table that Kubernetes itself does not have, as CustomResourceDefinitions make them. */
const CUSTOM = RESOURCE_KINDS.filter(({ group }) => group.includes('.')).map(
  ({ group, resource, kind, scope }): ServedResource => ({
    group,
    version: 'v1',
    resource,
    kind,
    namespaced: scope === 'namespace',
    isCustom: true,
  }),
);
/** Lists that are read of a cluster without custom kinds, and what is asked before: `/api` and `/apis`. */
const LISTS = SERVED.length;
const DISCOVERY = 2;
const SURROUNDINGS = { environment: {}, log: silentLog, now: instantFromMs(Date.UTC(2026, 10, 22)) };
const QUICK = { retries: 2, retryDelayMs: 1, idleMs: 2000 };

interface Call {
  readonly contexts?: readonly string[];
  readonly namespaces?: readonly string[];
  readonly manifests?: readonly string[];
  readonly settings?: Partial<UsageSettings>;
  readonly options?: Partial<ReadUsageOptions>;
}

async function read(contexts: readonly KubeConfigContext[], call: Call = {}): Promise<Usage> {
  const settings = kubernetesSettings({
    kubeConfig: { kind: 'inline', text: kubeConfigText(contexts) },
    manifests: call.manifests ?? [],
    contexts: call.contexts ?? [],
    namespaces: call.namespaces ?? [],
    ...call.settings,
  });
  return readUsage(settings, { ...SURROUNDINGS, limits: QUICK, ...call.options });
}

/** What a read ended with; a read that succeeds fails the test. */
async function failureOf(work: Promise<unknown>): Promise<CleanupError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof EvidenceError || error instanceof UsageError) return error;
  throw new Error('It was read, or failed in another way.', { cause: error });
}

/** A proxy on loopback that opens tunnels (CONNECT) and writes down where to. */
async function startProxy() {
  const targets: string[] = [];
  const sockets = new Set<Duplex>();
  const proxy = http.createServer();
  proxy.on('connect', (request, socket) => {
    targets.push(request.url ?? '');
    const [host, port] = (request.url ?? '').split(':');
    const upstream = connect(Number(port), host ?? '', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    sockets.add(socket).add(upstream);
    socket.on('error', () => upstream.destroy());
    upstream.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    targets,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

describe.runIf(requireProgram('openssl'))('usage of clusters', () => {
  const servers: KubernetesServer[] = [];
  let server: KubernetesServer;
  let folder: string;
  let certificates: string;

  async function start(options: KubernetesServerOptions = {}): Promise<KubernetesServer> {
    const started = await startKubernetesServer({ certificates, ...options });
    servers.push(started);
    return started;
  }

  function prod(more: Partial<KubeConfigContext> = {}): KubeConfigContext[] {
    return [{ name: 'prod', server, user: { token: 'tok-admin' }, ...more }];
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'usage-'));
    certificates = await mkdtemp(join(folder, 'certificates-'));
    await makeCertificates(certificates);
  });
  beforeEach(async () => {
    server = await start();
    server.put(...oneOfEach());
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((each) => each.close()));
  });
  afterAll(async () => rm(folder, { recursive: true, force: true }));

  describe('that can be read', () => {
    it('holds the images of all eight kinds of all namespaces', async () => {
      server.put(pod('other', 'registry.test/other:1', { namespace: 'infra' }));
      const usage = await read(prod());
      expect(referencesOf(usage)).toEqual(
        [
          'cronjob',
          'daemonset',
          'deployment',
          'job',
          'other',
          'pod',
          'replicaset',
          'replicationcontroller',
          'statefulset',
        ].map((name) => `registry.test/${name}:1`),
      );
      expect(usage.sources).toEqual([{ kind: 'cluster', name: 'prod', pods: 2, objects: 9 }]);
      expect(usage.complete).toBe(true);
    });

    it('names every user', async () => {
      server.put(pod('pod-2', 'registry.test/pod:1', { namespace: 'infra' }));
      expect(linesOf(await read(prod()))).toContain(
        'registry.test/pod:1 < prod: infra/Pod/pod-2 (container app), prod: shop/Pod/pod (container app)',
      );
    });

    it('holds what is running, also digests that name no repository, and reports what is no reference', async () => {
      const containerStatuses = [
        { name: 'app', image: DIGEST_B, imageID: `docker-pullable://mirror.test/pod@${DIGEST_A}` },
        { name: 'bad', image: 'Not An Image', imageID: '' },
      ];
      server.put(pod('pod', 'registry.test/pod:1', { status: { containerStatuses } }));
      const usage = await read(prod());
      expect(referencesOf(usage)).toContain(`mirror.test/pod@${DIGEST_A}`);
      expect(usage.bareDigests.map(({ digest }) => digest)).toEqual([DIGEST_B]);
      expect(usage.unparsable.map(({ text }) => text)).toEqual(['Not An Image']);
    });

    it('asks for pages, as JSON and zipped, until the last one', async () => {
      for (let i = 0; i < 11; i++) server.put(pod(`p${i}`, `registry.test/p${i}:1`));
      const usage = await read(prod(), { options: { limits: { ...QUICK, pageSize: 5 } } });
      expect(usage.sources[0]?.pods).toBe(12);
      const pods = server.requests.filter(({ path }) => path.startsWith('/api/v1/pods'));
      expect(pods.map(({ path }) => new URL(path, server.url).searchParams.get('limit'))).toEqual(['5', '5', '5']);
      expect(pods[0]?.headers).toMatchObject({ accept: 'application/json', 'accept-encoding': 'gzip' });
      expect(server.requests).toHaveLength(DISCOVERY + LISTS + 2);
    });

    it('asks for 500 objects a page when nothing else is said', async () => {
      await readUsage(
        kubernetesSettings({ kubeConfig: { kind: 'inline', text: kubeConfigText(prod()) } }),
        SURROUNDINGS,
      );
      const lists = server.requests.slice(DISCOVERY).map(({ path }) => new URL(path, server.url));
      expect(lists).toHaveLength(LISTS);
      for (const { pathname, search } of lists)
        expect(search).toBe(
          /secrets|configmaps/.test(pathname) ? '?labelSelector=owner%3Dhelm&limit=50' : '?limit=500',
        );
    });

    it('is the same without gzip, and with fewer connections than requests', async () => {
      const plain = await start({ gzip: false });
      plain.put(...oneOfEach());
      for (let i = 0; i < 30; i++) plain.put(pod(`p${i}`, 'registry.test/pod:1'));
      const usage = await read(prod({ server: plain }), { options: { limits: { ...QUICK, pageSize: 2 } } });
      expect(usage.sources[0]?.pods).toBe(31);
      expect(plain.connections()).toBeLessThan(plain.requests.length / 2);
    });

    it('is read in the given namespaces only', async () => {
      server.put(pod('a', 'registry.test/a:1', { namespace: 'a' }), pod('b', 'registry.test/b:1', { namespace: 'b' }));
      const usage = await read(prod({ namespace: 'ignored' }), { namespaces: ['a', 'b', 'a'] });
      expect(referencesOf(usage)).toEqual(['registry.test/a:1', 'registry.test/b:1']);
      expect(server.requests).toHaveLength(DISCOVERY + 2 * LISTS);
    });

    it('is read in the namespace of each context only, where that is wanted', async () => {
      server.put(pod('a', 'registry.test/a:1', { namespace: 'a' }), pod('b', 'registry.test/b:1', { namespace: 'b' }));
      const other = await start();
      other.put(pod('c', 'registry.test/c:1', { namespace: 'c' }), pod('d', 'registry.test/d:1', { namespace: 'd' }));
      const contexts = [...prod({ namespace: 'a' }), ...prod({ name: 'dev', server: other })];
      const settings = { ownNamespacesOnly: true } as const;
      expect(referencesOf(await read(contexts, { settings }))).toEqual([
        'registry.test/a:1',
        'registry.test/c:1',
        'registry.test/d:1',
      ]);
      const error = await failureOf(read(prod({ namespace: 'shpo' }), { settings }));
      expect(error.message).toContain('No context has a namespace "shpo"');
    });

    it('comes from all contexts, or from the named ones', async () => {
      const other = await start();
      other.put(pod('only', 'registry.test/only:1'));
      const contexts = [...prod(), ...prod({ name: 'dev', server: other })];
      const all = await read(contexts);
      expect(all.sources.map(({ name, objects }) => [name, objects])).toEqual([
        ['prod', 8],
        ['dev', 1],
      ]);
      expect(referencesOf(await read(contexts, { contexts: ['dev'] }))).toEqual(['registry.test/only:1']);
    });

    it('comes from several kubeconfig files', async () => {
      const other = await start();
      other.put(pod('only', 'registry.test/only:1'));
      const paths = [
        await writeKubeConfig(join(folder, 'a'), prod()),
        await writeKubeConfig(join(folder, 'b'), prod({ name: 'dev', server: other })),
      ];
      const settings = kubernetesSettings();
      const given = await readUsage({ ...settings, kubeConfig: { kind: 'files', paths } }, SURROUNDINGS);
      const ambient = await readUsage(
        { ...settings, kubeConfig: { kind: 'ambient' } },
        { ...SURROUNDINGS, environment: { KUBECONFIG: paths.join(':') } },
      );
      expect(given.sources.map(({ name }) => name)).toEqual(['prod', 'dev']);
      expect(ambient).toEqual(given);
    });

    it('comes from the cluster that a pod runs in', async () => {
      const account = await mkdtemp(join(folder, 'account-'));
      await writeFile(join(account, 'token'), 'tok-admin\n');
      await writeFile(join(account, 'ca.crt'), await readFile(server.caFile));
      const usage = await readUsage(kubernetesSettings({ kubeConfig: { kind: 'ambient' } }), {
        ...SURROUNDINGS,
        environment: { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(server.port) },
        home: folder,
        serviceAccountDirectory: account,
      });
      expect(usage.sources).toEqual([{ kind: 'cluster', name: 'in-cluster', pods: 1, objects: 8 }]);
    });

    it('joins clusters and manifests', async () => {
      const manifests = join(folder, 'manifests');
      await mkdir(manifests, { recursive: true });
      await writeFile(
        join(manifests, 'web.json'),
        JSON.stringify(templated('Deployment', 'web', 'registry.test/pod:1')),
      );
      const usage = await read(prod(), { manifests: [manifests] });
      expect(usage.sources.map(({ kind }) => kind)).toEqual(['cluster', 'manifests']);
      expect(linesOf(usage)).toContain(
        'registry.test/pod:1 < manifests/web.json: shop/Deployment/web (container app), prod: shop/Pod/pod (container app)',
      );
    });

    it('may be empty, which the caller can see', async () => {
      const empty = await start();
      expect((await read(prod({ server: empty }))).sources).toEqual([
        { kind: 'cluster', name: 'prod', pods: 0, objects: 0 },
      ]);
    });

    it('is the same for every size and order of pages', async () => {
      const sizes: number[] = [];
      const paged = await start({
        pageSize: (page, limit) => Math.min(limit, sizes[(page - 1) % sizes.length] ?? limit),
      });
      paged.put(...oneOfEach());
      for (let i = 0; i < 12; i++)
        paged.put(pod(`p${i}`, `registry.test/p${i % 5}:1`), templated('Job', `j${i}`, `registry.test/j${i % 3}`));
      const expected = await read(prod({ server: paged }));
      await fc.assert(
        fc.asyncProperty(
          // A page may be empty and still not be the last one.
          fc
            .array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 6 })
            .filter((list) => list.some((size) => size > 0)),
          fc.integer({ min: 1, max: 20 }),
          async (pages, pageSize) => {
            sizes.splice(0, sizes.length, ...pages);
            expect(await read(prod({ server: paged }), { options: { limits: { ...QUICK, pageSize } } })).toEqual(
              expected,
            );
          },
        ),
        { numRuns: 25 },
      );
    });
  });

  describe('with credentials', () => {
    it.each([
      ['a token', async () => ({ token: 'tok-admin' })],
      ['a client certificate in files', async () => certificateFiles()],
      ['a client certificate in the kubeconfig', async () => certificateData()],
      ['a token file', async () => ({ tokenFile: await tokenFile() })],
      ['a token file in front of a token', async () => ({ token: 'tok-old', tokenFile: await tokenFile() })],
      ['a credential plugin', async () => ({ exec: plugin('tok-admin') })],
    ])('may be %s', async (_, user) => {
      expect((await read(prod({ user: await user() }))).sources[0]?.objects).toBe(8);
      expect(new Set(server.requests.map((request) => request.user))).toEqual(new Set(['admin']));
    });

    it('checks the server against the authority in the kubeconfig, as data or as a file', async () => {
      const data = (await readFile(server.caFile)).toString('base64');
      const cluster = { 'certificate-authority-data': data, 'certificate-authority': '/nowhere/ca.crt' };
      expect((await read(prod({ cluster }))).sources[0]?.objects).toBe(8);
    });

    it.each(['directly', 'through a proxy'])(
      'does not check the server when the kubeconfig says so, and only then: %s',
      async (way) => {
        const proxy = way === 'directly' ? undefined : await startProxy();
        const cluster = { 'certificate-authority': undefined, ...(proxy ? { 'proxy-url': proxy.url } : {}) };
        const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
        try {
          const insecure = await read(prod({ cluster: { ...cluster, 'insecure-skip-tls-verify': true } }));
          expect(insecure.sources[0]?.objects).toBe(8);
          process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
          expect((await failureOf(read(prod({ cluster })))).code).toBe('EVIDENCE_KUBERNETES');
        } finally {
          if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
          else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
          await proxy?.close();
        }
      },
    );

    it('checks the server under the name that the kubeconfig gives it', async () => {
      expect((await read(prod({ cluster: { 'tls-server-name': 'localhost' } }))).sources[0]?.objects).toBe(8);
      const error = await failureOf(read(prod({ cluster: { 'tls-server-name': 'other.test' } })));
      expect(error.hint).toContain('certificate-authority');
    });

    it('goes through the proxy of the kubeconfig', async () => {
      const proxy = await startProxy();
      try {
        expect((await read(prod({ cluster: { 'proxy-url': proxy.url } }))).sources[0]?.objects).toBe(8);
        expect(new Set(proxy.targets)).toEqual(new Set([`127.0.0.1:${server.port}`]));
      } finally {
        await proxy.close();
      }
    });

    it('registers tokens, passwords and keys as secrets', async () => {
      const secrets: string[] = [];
      const log = { ...silentLog, secret: (value: string) => secrets.push(value) };
      await read(prod({ user: { exec: plugin('tok-admin') } }), { options: { log } });
      expect(secrets).toContain('tok-admin');
      const user = { ...(await certificateData()), token: 'tok-admin', username: 'u', password: 'pass-word' };
      await failureOf(read(prod({ user: { ...user, token: 'tok-bad' } }), { options: { log } }));
      expect(secrets).toEqual(expect.arrayContaining(['tok-bad', 'pass-word', user['client-key-data']]));
    });

    it.each([
      ['groups to act as without a user', { token: 'tok-admin', 'as-groups': ['x'] }],
      ['a key that nobody knows', { token: 'tok-admin', 'new-method': {} }],
      ['an unknown authentication provider', { 'auth-provider': { name: 'keystone', config: {} } }],
      ['OIDC without a token', { 'auth-provider': { name: 'oidc', config: { 'client-id': 'x' } } }],
      ['a plugin that fails', { exec: { command: process.execPath, args: ['-e', 'process.exit(3)'] } }],
      ['a plugin that is not there', { exec: { command: '/nowhere/plugin' } }],
      ['a plugin that gives nothing', { exec: plugin('') }],
      ['a token file that is not there', { tokenFile: '/nowhere/token' }],
    ])('stops the run for %s, because the cluster cannot be asked as that user', async (_, user) => {
      const error = await failureOf(read(prod({ user })));
      expect(error).toMatchObject({ code: 'EVIDENCE_KUBERNETES', exitCode: 5 });
      expect(error.message).toContain('"prod"');
      expect(server.requests).toEqual([]);
    });

    it.each(['client-certificate', 'client-key'] as const)('stops the run for a %s alone', async (half) => {
      const files = await certificateFiles();
      expect((await failureOf(read(prod({ user: { [half]: files[half] } })))).message).toContain('must come together');
    });

    it('stops the run for plain HTTP', async () => {
      const error = await failureOf(read(prod({ cluster: { server: 'http://127.0.0.1:1' } })));
      expect(error.message).toMatch(/never sent over plain HTTP/);
    });

    it.each([
      ['that the server refuses', { token: 'tok-s3cret' }],
      [
        'that a plugin prints bare',
        { exec: { command: process.execPath, args: ['-e', 'process.stdout.write("s3cret")'] } },
      ],
    ])('never shows a token %s', async (_, user) => {
      const error = await failureOf(read(prod({ user })));
      const { message, hint, details, cause } = error;
      expect(JSON.stringify([message, hint, details, String(cause)])).not.toContain('s3cret');
    });

    async function certificateFiles() {
      const { certFile, keyFile } = server.clientCertificate;
      return { 'client-certificate': certFile, 'client-key': keyFile };
    }

    async function certificateData() {
      const { certFile, keyFile } = server.clientCertificate;
      const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
      return { 'client-certificate-data': cert.toString('base64'), 'client-key-data': key.toString('base64') };
    }

    async function tokenFile(): Promise<string> {
      const path = join(folder, 'token');
      await writeFile(path, 'tok-admin\n');
      return path;
    }

    function plugin(token: string) {
      const credential = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token } };
      const args = ['-e', `process.stdout.write(${JSON.stringify(JSON.stringify(credential))})`];
      return { apiVersion: credential.apiVersion, command: process.execPath, args };
    }
  });

  describe('that cannot be read in full', () => {
    it.each(RESOURCES)('stops the run when %s may not be listed, and prints the rule to add', async (resource) => {
      const whole = await start({ custom: CUSTOM });
      whole.forbid({ resource });
      const error = await failureOf(read(prod({ server: whole })));
      const [group = '', plural] = resource.includes('/') ? resource.split('/') : ['', resource];
      expect(error).toMatchObject({ code: 'EVIDENCE_KUBERNETES', exitCode: 5 });
      expect(error.message).toMatch(new RegExp(`${plural} in context "prod": .*403`));
      expect(error.hint).toContain(`{apiGroups: ["${group}"], resources: ["${plural}"], verbs: ["list"]}`);
      expect(error.hint).toContain('--kube-context');
    });

    it('tells all missing rights at once', async () => {
      for (const resource of ['pods', 'apps/daemonsets', 'batch/cronjobs']) server.forbid({ resource });
      const error = await failureOf(read(prod()));
      expect(error.message).toMatch(/3 lists/);
      for (const part of ['resources: ["pods"]', 'resources: ["daemonsets"]', 'resources: ["cronjobs"]'])
        expect(error.hint).toContain(part);
    });

    it('stops the run when one of several namespaces may not be listed', async () => {
      server.put(pod('a', 'registry.test/a:1', { namespace: 'a' }));
      server.forbid({ resource: 'apps/deployments', namespace: 'a' });
      const error = await failureOf(read(prod(), { namespaces: ['shop', 'a'] }));
      expect(error.message).toContain('of namespace "a"');
      expect(error.hint).toContain('a Role in namespace a');
    });

    it('stops the run when one of two contexts cannot be reached', async () => {
      const gone = await start();
      await gone.close();
      const dead = { url: gone.url, caFile: server.caFile };
      for (const contexts of [
        [...prod(), ...prod({ name: 'dead', server: dead })],
        [...prod({ name: 'dead', server: dead }), ...prod()],
      ]) {
        const error = await failureOf(read(contexts));
        expect(error).toMatchObject({ code: 'EVIDENCE_KUBERNETES', exitCode: 5 });
        expect(error.message).toMatch(/context "dead": there is no answer/);
        expect(error.hint).toContain('--kube-context');
      }
      expect((await read([...prod(), ...prod({ name: 'dead', server: dead })], { contexts: ['prod'] })).complete).toBe(
        true,
      );
    });

    it('stops the run for a wrong token (401), without trying again', async () => {
      const error = await failureOf(read(prod({ user: { token: 'expired' } })));
      expect(error.message).toContain('401');
      expect(server.requests.length).toBeLessThanOrEqual(8);
    });

    it('stops the run for a context without user when the server wants one', async () => {
      expect((await failureOf(read([{ name: 'prod', server }]))).message).toContain('401');
    });

    it('stops the run when the server has a certificate of another authority', async () => {
      const other = await startKubernetesServer();
      servers.push(other);
      const error = await failureOf(read(prod({ server: { url: server.url, caFile: other.caFile } })));
      expect(error).toMatchObject({ code: 'EVIDENCE_KUBERNETES', temporary: false });
      expect(error.hint).toContain('certificate-authority');
    });

    it.each<[FaultAnswer, RegExp]>([
      ['expired', /410.* 4 times/],
      ['unauthorized', /401/],
      ['internal-error', /500: etcdserver: leader changed/],
      ['unavailable', /503/],
      ['reset', /no answer/],
      ['cut-off', /no answer/],
      ['truncated-gzip', /no answer/],
      ['truncated-json', /not JSON/],
      ['html', /not JSON/],
      ['redirect', /302/],
      ['no-items', /items/],
      ['null-items', /items/],
      ['foreign-list', /"ServiceList", not DeploymentList/],
      ['same-token', /same continue token/],
      ['not-found', /404/],
      ['hang', /no answer within 0.2 seconds/],
    ])('stops the run when the first page of a kind ends in %s', async (answer, why) => {
      server.fail({ resource: 'apps/deployments', answer });
      const error = await failureOf(read(prod(), { options: { limits: { ...QUICK, idleMs: 200 } } }));
      expect(error).toMatchObject({ code: 'EVIDENCE_KUBERNETES', exitCode: 5 });
      expect(error.message).toContain('deployments in context "prod"');
      expect(error.message).toMatch(why);
    });

    it.each<FaultAnswer>([
      'expired',
      'unauthorized',
      'internal-error',
      'reset',
      'cut-off',
      'truncated-gzip',
      'truncated-json',
      'html',
      'no-items',
      'foreign-list',
      'same-token',
      'not-found',
    ])('stops the run when the second page of a kind ends in %s, and takes nothing of the first', async (answer) => {
      for (let i = 0; i < 5; i++) server.put(templated('CronJob', `c${i}`, 'registry.test/c:1'));
      server.fail({ resource: 'batch/cronjobs', page: 2, answer });
      const error = await failureOf(read(prod(), { options: { limits: { ...QUICK, pageSize: 2 } } }));
      expect(error).toMatchObject({ code: 'EVIDENCE_KUBERNETES', exitCode: 5 });
    });

    it.each(RESOURCES)(
      'stops the run when the list of %s is not there (404), although discovery says so',
      async (resource) => {
        const whole = await start({ custom: CUSTOM });
        whole.fail({ resource, answer: 'not-found' });
        expect((await failureOf(read(prod({ server: whole })))).message).toContain('404');
      },
    );

    it('stops the run for an object of unexpected form', async () => {
      server.put({ ...pod('odd', 'a:1'), spec: { containers: 'none' } });
      expect((await failureOf(read(prod()))).message).toContain('Pod shop/odd in context "prod"');
    });

    it('stops at once and leaves no request behind when a list fails while others hang', async () => {
      server.fail({ resource: 'pods', answer: 'hang' });
      server.fail({ resource: 'apps/deployments', answer: 'truncated-json' });
      const started = performance.now();
      await failureOf(read(prod(), { options: { limits: { ...QUICK, idleMs: 20_000 } } }));
      expect(performance.now() - started).toBeLessThan(5000);
    });
  });

  describe('that can be read after a while', () => {
    it.each<FaultAnswer>(['internal-error', 'unavailable', 'reset', 'cut-off', 'truncated-gzip', 'hang'])(
      'is whole when %s happened twice',
      async (answer) => {
        server.fail({ resource: 'apps/deployments', answer, times: 2 });
        const usage = await read(prod(), { options: { limits: { ...QUICK, idleMs: 200 } } });
        expect(usage.sources[0]?.objects).toBe(8);
      },
    );

    it('waits as long as a busy server asks', async () => {
      server.fail({ resource: 'apps/deployments', answer: 'too-many-requests', times: 1 });
      const started = performance.now();
      expect((await read(prod())).sources[0]?.objects).toBe(8);
      expect(performance.now() - started).toBeGreaterThan(900);
    });

    it('starts a list over when its token expires, and counts no object twice', async () => {
      for (let i = 0; i < 5; i++) server.put(pod(`p${i}`, `registry.test/p${i}:1`));
      server.fail({ resource: 'pods', page: 2, answer: 'expired', times: 1 });
      server.fail({ resource: 'pods', page: 3, answer: 'expired', times: 1 });
      const usage = await read(prod(), { options: { limits: { ...QUICK, pageSize: 2 } } });
      expect(usage.sources[0]).toMatchObject({ pods: 6, objects: 13 });
      const pods = server.requests.filter(({ path }) => path.startsWith('/api/v1/pods'));
      expect(pods.filter(({ path }) => !path.includes('continue='))).toHaveLength(3);
    });
  });

  describe('of a namespace', () => {
    it('is a usage error when no context has it, because an empty list would protect nothing', async () => {
      const error = await failureOf(read(prod(), { namespaces: ['shop', 'shpo'] }));
      expect(error).toMatchObject({ code: 'USAGE', exitCode: 2 });
      expect(error.message).toContain('"shpo"');
    });

    it('may be empty', async () => {
      server.putNamespace('quiet');
      expect((await read(prod(), { namespaces: ['quiet'] })).sources[0]?.objects).toBe(0);
    });

    it('may be in one of two contexts only', async () => {
      const other = await start();
      other.put(pod('a', 'registry.test/a:1', { namespace: 'a' }));
      const usage = await read([...prod(), ...prod({ name: 'dev', server: other })], { namespaces: ['shop', 'a'] });
      expect(usage.sources.map(({ objects }) => objects)).toEqual([8, 1]);
    });

    it('stops the run when it holds nothing and the server does not tell whether it exists', async () => {
      server.forbid({ resource: 'namespaces' });
      const error = await failureOf(read(prod(), { namespaces: ['shpo'] }));
      expect(error).toMatchObject({ code: 'EVIDENCE_KUBERNETES' });
      expect(error.hint).toContain('verbs: ["get"]');
    });
  });
});

describe('settings without sense', () => {
  const nothing = kubernetesSettings();
  const inline = {
    kind: 'inline',
    text: kubeConfigText([{ name: 'a', server: { url: 'https://127.0.0.1:1', caFile: 'x' } }]),
  } as const;

  it.each<[string, UsageSettings]>([
    ['name no source', nothing],
    ['choose contexts and have no kubeconfig', { ...nothing, manifests: ['.'], contexts: ['a'] }],
    ['choose namespaces and have no kubeconfig', { ...nothing, manifests: ['.'], namespaces: ['a'] }],
    ['name an impossible namespace', { ...nothing, kubeConfig: inline, namespaces: ['a/../b'] }],
    ['name an empty namespace', { ...nothing, kubeConfig: inline, namespaces: [''] }],
    ['name an unknown context', { ...nothing, kubeConfig: inline, contexts: ['b'] }],
    ['name a folder that is not there', { ...nothing, manifests: ['/nowhere/at/all'] }],
  ])('are a usage error when they %s', async (_, settings) => {
    const error = await failureOf(readUsage(settings, SURROUNDINGS));
    expect(error).toMatchObject({ code: 'USAGE', exitCode: 2 });
  });
});
