// Who we are to a server, and who the server is to us, over real TLS on loopback.

import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type KubernetesServer, startKubernetesServer } from '../../fakes/kubernetes-server.ts';
import { requireProgram } from '../../support/real-parts.ts';
import { type Access, openAccess, PODS, refusalOf, textOf } from './access.ts';

describe.runIf(requireProgram('openssl'))('a connection to a cluster', () => {
  let access: Access;
  let server: KubernetesServer;
  /** Changed by tests. */
  let tokens: Record<string, string>;

  beforeAll(async () => {
    access = await openAccess();
    tokens = {};
    server = await access.start({ tokens });
  });
  beforeEach(() => {
    server.heal();
    for (const token of Object.keys(tokens)) delete tokens[token];
    tokens['tok-admin'] = 'admin';
  });
  afterAll(() => access.close());

  async function certificateData() {
    const { certFile, keyFile } = server.clientCertificate;
    const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
    return { 'client-certificate-data': cert.toString('base64'), 'client-key-data': key.toString('base64') };
  }

  function certificateFiles() {
    const { certFile, keyFile } = server.clientCertificate;
    return { 'client-certificate': certFile, 'client-key': keyFile };
  }

  describe('with credentials', () => {
    it.each([
      ['a token', async () => ({ token: 'tok-admin' })],
      ['a token with the line end of a YAML block', async () => ({ token: 'tok-admin\n' })],
      ['a client certificate in files', async () => certificateFiles()],
      ['a client certificate in the kubeconfig', async () => certificateData()],
      [
        'data in front of files',
        async () => ({ ...(await certificateData()), 'client-certificate': '/nowhere', 'client-key': '/nowhere' }),
      ],
      ['a token file', async () => ({ tokenFile: await access.file('token', 'tok-admin\n') })],
      [
        'a token file in front of a token',
        async () => ({ token: 'tok-old', tokenFile: await access.file('token', 'tok-admin') }),
      ],
    ])('may have %s', async (_, user) => {
      expect(await access.ask(server, { user: await user() })).toEqual([200]);
      expect(server.requests[0]?.user).toBe('admin');
    });

    it('sends user name and password, also beyond ASCII', async () => {
      expect(await access.ask(server, { user: { username: 'ute', password: 'paß:wort' } })).toEqual([401]);
      expect(server.requests[0]?.headers['authorization']).toBe(
        `Basic ${Buffer.from('ute:paß:wort').toString('base64')}`,
      );
    });

    it('shows a certificate and a token both', async () => {
      await access.ask(server, { user: { ...certificateFiles(), token: 'tok-admin' } });
      expect(server.requests[0]).toMatchObject({ user: 'admin', headers: { authorization: 'Bearer tok-admin' } });
    });

    it('sends nothing for a context without user', async () => {
      expect(await access.ask(server)).toEqual([401]);
      expect(server.requests[0]?.headers['authorization']).toBeUndefined();
    });

    it('sends every group and extra to act as in a header of its own', async () => {
      const [key, cert] = await Promise.all(
        ['server.key', 'server.crt'].map((name) => readFile(join(access.folder, name))),
      );
      let raw: string[] = [];
      const bare = createServer({ key, cert }, (request, response) => {
        raw = request.rawHeaders;
        response.end('{}');
      });
      await new Promise<void>((resolve) => bare.listen(0, '127.0.0.1', resolve));
      try {
        const url = `https://127.0.0.1:${(bare.address() as AddressInfo).port}`;
        const user = {
          token: 't',
          as: 'jané',
          'as-uid': '42',
          'as-groups': ['dev, ops', 'view'],
          'as-user-extra': { 'acme.test/Reason': ['audit', 'nightly'] },
        };
        await access.ask({ url, caFile: server.caFile }, { user });
      } finally {
        await new Promise((resolve) => bare.close(resolve));
      }
      const sent = raw.flatMap((name, at) => (name.startsWith('Impersonate-') ? [`${name}: ${raw[at + 1]}`] : []));
      expect(sent.map((line) => Buffer.from(line, 'latin1').toString('utf8'))).toEqual([
        'Impersonate-User: jané',
        'Impersonate-Uid: 42',
        'Impersonate-Group: dev, ops',
        'Impersonate-Group: view',
        'Impersonate-Extra-acme.test%2FReason: audit',
        'Impersonate-Extra-acme.test%2FReason: nightly',
      ]);
    });

    it('registers tokens, passwords and keys as secrets, in each form that may show', async () => {
      const user = { ...(await certificateData()), token: 'tok-s3cret' };
      await access.ask(server, { user });
      const key = await readFile(server.clientCertificate.keyFile, 'utf8');
      expect(access.secrets).toEqual(expect.arrayContaining(['tok-s3cret', user['client-key-data'], key]));
      await access.ask(server, { user: { username: 'u', password: 'pass-word' } });
      expect(access.secrets).toEqual(
        expect.arrayContaining(['pass-word', Buffer.from('u:pass-word').toString('base64')]),
      );
      access.secrets.length = 0;
      await access.ask(server, { user: certificateFiles() });
      expect(access.secrets).toContain(key);
      await access.ask(server, { user: { tokenFile: await access.file('token', 'tok-in-file') } });
      expect(access.secrets).toContain('tok-in-file');
    });
  });

  describe('whose credentials change', () => {
    it('reads a token file again at every connection', async () => {
      const tokenFile = await access.file('rotated', 'tok-admin');
      expect(await access.ask(server, { user: { tokenFile } })).toEqual([200]);
      delete tokens['tok-admin'];
      tokens['tok-2'] = 'admin';
      await writeFile(tokenFile, 'tok-2');
      expect(await access.ask(server, { user: { tokenFile } })).toEqual([200]);
      expect(server.requests).toHaveLength(2);
    });

    it('reads a token file again after a minute, before the server refuses the old token', async () => {
      const tokenFile = await access.file('rotated', 'tok-admin');
      let nowMs = 0;
      const connection = await access.connect(server, { user: { tokenFile }, nowMs: () => nowMs });
      tokens['tok-2'] = 'second';
      await writeFile(tokenFile, 'tok-2');
      await connection.get(PODS, AbortSignal.timeout(9000));
      nowMs = 60_000;
      await connection.get(PODS, AbortSignal.timeout(9000));
      expect(server.requests.map(({ user }) => user)).toEqual(['admin', 'second']);
    });

    it('reads them again once for all requests that met a 401 in the middle, and sends each once more', async () => {
      const tokenFile = await access.file('rotated', 'tok-admin');
      const connection = await access.connect(server, { user: { tokenFile } });
      expect((await connection.get(PODS, AbortSignal.timeout(9000))).status).toBe(200);
      delete tokens['tok-admin'];
      tokens['tok-2'] = 'second';
      await writeFile(tokenFile, 'tok-2');
      const answers = await Promise.all([1, 2, 3].map(() => connection.get(PODS, AbortSignal.timeout(9000))));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(server.requests.map(({ user }) => user)).toEqual([
        'admin',
        undefined,
        undefined,
        undefined,
        'second',
        'second',
        'second',
      ]);
    });

    it('tries a request only once more, and then hands the 401 on', async () => {
      const tokenFile = await access.file('rotated', 'tok-wrong');
      expect(await access.ask(server, { user: { tokenFile } })).toEqual([401]);
      expect(server.requests).toHaveLength(2);
    });

    it.each([
      ['a token', { token: 'tok-wrong' }],
      ['a password', { username: 'u', password: 'p' }],
    ])('asks once only with %s, which is the same every time', async (_, user) => {
      expect(await access.ask(server, { user })).toEqual([401]);
      expect(server.requests).toHaveLength(1);
    });

    it('takes up a client certificate that was renewed in its files', async () => {
      const cert = await access.file('client-2.crt', await readFile(join(access.folder, 'server.crt'), 'utf8'));
      const key = await access.file('client-2.key', await readFile(join(access.folder, 'server.key'), 'utf8'));
      const connection = await access.connect(server, { user: { 'client-certificate': cert, 'client-key': key } });
      await writeFile(cert, await readFile(server.clientCertificate.certFile));
      await writeFile(key, await readFile(server.clientCertificate.keyFile));
      expect((await connection.get(PODS, AbortSignal.timeout(9000))).status).toBe(200);
      expect(server.requests.map(({ user }) => user)).toEqual([undefined, 'admin']);
    });

    it('stops the run when the token file is gone', async () => {
      const tokenFile = await access.file('going', 'tok-admin');
      const connection = await access.connect(server, { user: { tokenFile } });
      delete tokens['tok-admin'];
      await writeFile(tokenFile, '');
      const error = await refusalOf(connection.get(PODS, AbortSignal.timeout(9000)));
      expect(error.message).toMatch(/"prod": .*going is empty/);
    });
  });

  describe('checks the server', () => {
    it.each([
      ['a file', async () => ({})],
      [
        'data in front of a file',
        async () => ({
          'certificate-authority': '/nowhere',
          'certificate-authority-data': (await readFile(server.caFile)).toString('base64'),
        }),
      ],
    ])('against the authority in %s', async (_, cluster) => {
      const asking = { user: { token: 'tok-admin' }, cluster: await cluster() };
      expect(await access.ask(server, asking)).toEqual([200]);
    });

    it('under the name that the kubeconfig gives it', async () => {
      const user = { token: 'tok-admin' };
      expect(await access.ask(server, { user, cluster: { 'tls-server-name': 'localhost' } })).toEqual([200]);
      await expect(access.ask(server, { user, cluster: { 'tls-server-name': 'other.test' } })).rejects.toMatchObject({
        code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      });
    });

    it('whatever NODE_TLS_REJECT_UNAUTHORIZED says, and only insecure-skip-tls-verify ends that', async () => {
      const user = { token: 'tok-admin' };
      const cluster = { 'certificate-authority': undefined };
      const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
      try {
        await expect(access.ask(server, { user, cluster })).rejects.toThrow(/verify|self.signed|certificate/);
        const open = { ...cluster, 'insecure-skip-tls-verify': true };
        expect(await access.ask(server, { user, cluster: open })).toEqual([200]);
      } finally {
        if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
        else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
      }
    });

    it('and sends no token to one of another authority', async () => {
      const other = await startKubernetesServer();
      try {
        const asked = access.ask({ url: other.url, caFile: server.caFile }, { user: { token: 'tok-admin' } });
        await expect(asked).rejects.toThrow(/certificate/);
        expect(other.requests).toEqual([]);
      } finally {
        await other.close();
      }
    });
  });

  it.each([
    ['a token file that is not there', { tokenFile: '/nowhere/token' }, /\/nowhere\/token/],
    ['a token with a line break', { token: 'tok-s3cret\ntok-s3cret' }, /a character that no token has/],
    ['a key that is none', { 'client-certificate-data': 'czNjcmV0', 'client-key-data': 'czNjcmV0' }, /cannot be used/],
    ['data that is not base64', { 'client-certificate-data': 's3cret!', 'client-key-data': 's3cret!' }, /not base64/],
    ['a name to act as with a line break', { token: 't', as: 'a\r\nX-Evil: 1' }, /control character/],
  ])('is refused for %s, before anything is sent and without a word of the secret', async (_, user, why) => {
    const error = await refusalOf(access.ask(server, { user }));
    expect(error).toMatchObject({ code: 'EVIDENCE_KUBERNETES', exitCode: 5, temporary: false });
    expect(error.message).toMatch(why);
    expect(textOf(error)).not.toMatch(/s3cret|czNjcmV0/);
    expect(server.requests).toEqual([]);
  });

  it.each([
    ['holds no certificate', Buffer.from('no PEM').toString('base64'), /holds no PEM certificate/],
    [
      'is broken',
      Buffer.from('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----').toString('base64'),
      /cannot be parsed/,
    ],
    ['is not base64', 'ä', /not base64/],
  ])('is refused when the certificate authority %s', async (_, data, why) => {
    const error = await refusalOf(access.ask(server, { cluster: { 'certificate-authority-data': data } }));
    expect(error.message).toMatch(why);
  });

  it('asks a plain server on loopback, as `kubectl proxy` is one', async () => {
    const { createServer: createPlain } = await import('node:http');
    const plain = createPlain((_, response) => response.end('{}'));
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(plain.address() as AddressInfo).port}`;
      expect(await access.ask({ url, caFile: server.caFile })).toEqual([200]);
    } finally {
      plain.closeAllConnections();
      await new Promise((resolve) => plain.close(resolve));
    }
  });
});
