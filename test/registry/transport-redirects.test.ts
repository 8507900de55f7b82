import { afterEach, describe, expect, it } from 'vitest';
import { followRedirects } from '../../src/registry/follow-redirects.ts';
import type { HttpRequest, HttpResponse } from '../../src/registry/http-client.ts';
import type { Transport } from '../../src/registry/transport.ts';
import { type Reply, type Script, type ScriptedServer, startScriptedServer } from '../support/scripted-server.ts';
import { ask, openTestTransport, textOf } from '../support/try-transport.ts';
import { containing } from '../support/typed-matchers.ts';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const PATH = '/v2/team/app/blobs/x';
const OK: Reply = { status: 200, body: 'blob' };
const to = (location: string, status = 307): Reply => ({ status, headers: { location } });

async function start(script: Script): Promise<ScriptedServer> {
  const server = await startScriptedServer(script);
  closers.push(() => server.stop());
  return server;
}

/** A registry with Basic authentication, which redirects `PATH` as the script says. */
async function connect(script: Script): Promise<{ readonly registry: ScriptedServer; readonly transport: Transport }> {
  const registry = await start((request, count) =>
    request.url === '/v2/'
      ? { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } }
      : script(request, count),
  );
  const transport = await openTestTransport(registry.host, { settings: { username: 'alice', password: 'hush' } });
  closers.push(() => transport.close());
  return { registry, transport };
}

const authorizationOf = (server: ScriptedServer): readonly boolean[] =>
  server.requests.map(({ headers }) => headers.authorization !== undefined);

describe('redirects', () => {
  it.each([301, 302, 303, 307, 308])('a %i within the registry is followed, with credentials', async (status) => {
    const { registry, transport } = await connect(({ url }) => (url === PATH ? to('/other?x=1', status) : OK));
    expect(textOf(await ask(transport, PATH))).toBe('blob');
    expect(registry.requests.map(({ url }) => url)).toEqual([PATH, '/other?x=1']);
    expect(authorizationOf(registry)).toEqual([true, true]);
  });

  it('another server gets neither credentials nor any header but Accept', async () => {
    const store = await start(() => OK);
    const { registry, transport } = await connect(() => to(`${store.origin}/signed?sig=1`));
    const headers = { Accept: 'application/x', 'X-Secret': 'hush', Cookie: 'hush' };
    expect(textOf(await ask(transport, PATH, { headers }))).toBe('blob');
    expect(authorizationOf(registry)).toEqual([true]);
    expect(store.requests).toMatchObject([{ url: '/signed?sig=1', headers: { accept: 'application/x' } }]);
    expect(JSON.stringify(store.requests)).not.toMatch(/hush|authorization|cookie/i);
  });

  it('another port of the same host is another server', async () => {
    const store = await start(() => OK);
    const { registry, transport } = await connect(() => to(`http://127.0.0.1:${store.host.split(':')[1]}/x`));
    await ask(transport, PATH);
    expect([authorizationOf(registry), authorizationOf(store)]).toEqual([[true], [false]]);
  });

  it('who comes back from another server comes without credentials', async () => {
    let home = '';
    const store = await start(() => to(`${home}/back`));
    const { registry, transport } = await connect(({ url }) => (url === PATH ? to(`${store.origin}/x`) : OK));
    home = registry.origin;
    await ask(transport, PATH);
    expect(authorizationOf(registry)).toEqual([true, false]);
  });

  it('a 404 of another server is an error, not an absence', async () => {
    const store = await start(() => ({ status: 404 }));
    const { transport } = await connect(() => to(`${store.origin}/x`));
    await expect(ask(transport, PATH, { expect: [200, 404] })).rejects.toMatchObject({
      name: 'RegistryError',
      code: 'REGISTRY_REFUSED',
      message: containing('where the registry redirected to'),
    });
  });

  it.each(['Basic realm="give"', 'Bearer realm="STORE/token",service="s"'])(
    'a 401 of another server with the challenge %s gets no credentials',
    async (challenge) => {
      const store: ScriptedServer = await start(() => ({
        status: 401,
        headers: { 'www-authenticate': challenge.replace('STORE', store.origin) },
      }));
      const { registry, transport } = await connect(() => to(`${store.origin}/x`));
      await expect(ask(transport, PATH)).rejects.toMatchObject({ name: 'RegistryError', code: 'REGISTRY_REFUSED' });
      expect(store.requests.map(({ url }) => url)).toEqual(['/x']);
      expect([authorizationOf(store), authorizationOf(registry)]).toEqual([[false], [true]]);
    },
  );

  it('a mishap of another server is tried again from the start, with a new signed address', async () => {
    const store = await start(({ url }) => (url === '/signed-1' ? { status: 503 } : OK));
    const { transport } = await connect((_request, count) => to(`${store.origin}/signed-${count}`));
    expect(textOf(await ask(transport, PATH))).toBe('blob');
    expect(store.requests.map(({ url }) => url)).toEqual(['/signed-1', '/signed-2']);
  });

  it('five in a row are followed, six are not', async () => {
    const { registry, transport } = await connect(({ url }) => {
      const step = Number(/\/hop(\d+)$/.exec(url)?.[1] ?? '0');
      return step === 0 ? OK : to(step === 1 ? '/end' : `/hop${step - 1}`);
    });
    expect((await ask(transport, '/hop5')).status).toBe(200);
    await expect(ask(transport, '/hop6')).rejects.toMatchObject({ name: 'ProtocolError', code: 'PROTOCOL' });
    expect(registry.requests).toHaveLength(12);
  });

  it.each(['PUT', 'POST', 'DELETE'] as const)('a %s is not redirected', async (method) => {
    const store = await start(() => OK);
    const { transport } = await connect(() => to(`${store.origin}/x`));
    await expect(ask(transport, PATH, { method })).rejects.toMatchObject({ code: 'PROTOCOL' });
    expect(store.requests).toEqual([]);
  });

  it.each([
    ['file:///etc/passwd', 'to file:'],
    ['http://user:pw@127.0.0.1:1/', 'with a user name'],
    ['http://', 'without a usable address'],
  ])('a redirect to %s is refused', async (location, words) => {
    const { transport } = await connect(() => to(location));
    await expect(ask(transport, PATH)).rejects.toMatchObject({
      name: 'ProtocolError',
      message: containing(words),
    });
  });

  it('a redirect without an address is refused', async () => {
    const { transport } = await connect(() => ({ status: 302 }));
    await expect(ask(transport, PATH)).rejects.toMatchObject({ name: 'ProtocolError' });
  });

  it('never leads from https to http, and the message hides the signature', async () => {
    const request: HttpRequest = {
      method: 'GET',
      origin: 'https://reg.example',
      path: PATH,
      headers: {},
      maxBytes: 1,
      purpose: 'read a blob',
    };
    const sent: string[] = [];
    const exchange = async ({ origin, path }: HttpRequest): Promise<HttpResponse> => {
      sent.push(`${origin}${path}`);
      const headers = (name: string): readonly string[] =>
        name === 'location' ? ['http://store.example/a?sig=hush'] : [];
      return { status: 307, headers, body: new Uint8Array(), cut: false, origin };
    };
    await expect(followRedirects(request, exchange)).rejects.toMatchObject({
      code: 'PROTOCOL',
      message: 'Cannot read a blob: reg.example redirects from https to http://store.example/a?….',
    });
    expect(sent).toEqual([`https://reg.example${PATH}`]);
  });
});
