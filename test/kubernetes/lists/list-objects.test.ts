// Whole lists over a connection that does exactly what a test says, and over the server that speaks the protocol.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EvidenceError } from '../../../src/errors.ts';
import { type ClusterConnection, connectCluster } from '../../../src/kubernetes/connection/connect-cluster.ts';
import type { HttpStream } from '../../../src/kubernetes/connection/http-get.ts';
import type { PresentKind } from '../../../src/kubernetes/kinds/resource-kind.ts';
import type { ListJob } from '../../../src/kubernetes/lists/list-job.ts';
import { listObjects } from '../../../src/kubernetes/lists/list-objects.ts';
import { silentLog } from '../../../src/log.ts';
import { type KubernetesServer, makeCertificates, startKubernetesServer } from '../../fakes/kubernetes-server.ts';
import { requireProgram } from '../../support/real-parts.ts';
import { pod } from '../objects.ts';

const PODS: PresentKind = {
  kind: 'Pod',
  resource: 'pods',
  group: '',
  version: 'v1',
  scope: 'namespace',
  reading: { by: 'pod-spec', podSpec: ['spec'] },
};
const LIMITS = { pageSize: 3, retries: 2, retryDelayMs: 1 };

/** Lists pods with a reader that gathers their names; tells how many readers there were. */
function list(connection: ClusterConnection, changes: Partial<ListJob<string[]>> = {}) {
  const readers: string[][] = [];
  const work = listObjects<string[]>({
    connection,
    target: { context: 'prod', kind: PODS },
    limits: LIMITS,
    signal: new AbortController().signal,
    newReader: () => {
      const names: string[] = [];
      readers.push(names);
      return { read: (item) => void names.push(nameIn(item)), finish: () => names };
    },
    ...changes,
  });
  return { readers, work };
}

function nameIn(item: Uint8Array): string {
  return (JSON.parse(Buffer.from(item).toString('utf8')) as { metadata: { name: string } }).metadata.name;
}

async function failureOf(work: Promise<unknown>): Promise<EvidenceError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof EvidenceError) return error;
  throw new Error('It was read, or failed in another way.', { cause: error });
}

/** The text of a page of pods with these names. */
function page(names: readonly string[], next = '', remainingItemCount?: number): string {
  const items = names.map((name) => ({ metadata: { name, namespace: 'shop' } }));
  return JSON.stringify({ kind: 'PodList', metadata: { continue: next, remainingItemCount }, items });
}

/** What a connection does when it is asked: an answer in parts, the last of which may be an error. */
type Answer = readonly (string | Error | (() => Promise<void>))[];

/** A connection that gives these answers, one after the other, and writes down what it was asked for. */
function connectTo(answers: readonly (Answer | 410)[]) {
  const asked: string[] = [];
  const aborted: string[] = [];
  /** Both in their order. */
  const events: string[] = [];
  const connection: ClusterConnection = {
    context: 'prod',
    get: () => Promise.reject(new Error('lists are not read whole')),
    open: (path, signal): Promise<HttpStream> => {
      const answer = answers[asked.length] ?? [];
      const token = new URL(path, 'http://server').searchParams.get('continue') ?? 'first';
      asked.push(token);
      events.push(token);
      signal.addEventListener('abort', () => {
        aborted.push(token);
        events.push(`${token} ended`);
      });
      const drop = (): void => undefined;
      if (answer === 410) return Promise.resolve({ status: 410, body: partsOf([]), drop });
      return Promise.resolve({ status: 200, body: partsOf(answer), drop });
    },
    close: () => undefined,
  };
  return { connection, asked, aborted, events };
}

async function* partsOf(answer: Answer): AsyncGenerator<Uint8Array> {
  for (const part of answer) {
    if (part instanceof Error) throw part;
    if (typeof part === 'string') yield Buffer.from(part);
    else await part();
  }
}

const BROKEN = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });

describe('a list in pages', () => {
  it('asks for the next page as soon as its token is there, and for none beyond', async () => {
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    const first = page(['a', 'b'], 'two');
    const cut = first.indexOf('"items"');
    const server = connectTo([
      [first.slice(0, cut), () => arrived, first.slice(cut)],
      [page(['c'], 'three')],
      [page(['d'])],
    ]);
    const { work, readers } = list(server.connection);
    await expect.poll(() => server.asked).toEqual(['first', 'two']);
    expect(readers).toEqual([[]]);
    arrive();
    expect(await work).toEqual({ complete: true, objects: 4, result: ['a', 'b', 'c', 'd'] });
    expect(server.asked).toEqual(['first', 'two', 'three']);
  });

  it('asks for the next page also when the token comes last, as in lists of custom kinds', async () => {
    const first = '{"items":[{"metadata":{"name":"a"}}],"kind":"PodList","metadata":{"continue":"two"}}';
    const server = connectTo([[first], [page(['b'])]]);
    expect(await list(server.connection).work).toMatchObject({ objects: 2, result: ['a', 'b'] });
  });

  it('hands over each object once when a page breaks in its middle, however often', async () => {
    const second = page(['b', 'c', 'd'], 'three');
    const [early, late] = [
      second.indexOf('{"metadata":{"name":"c"') + 5,
      second.indexOf('{"metadata":{"name":"d"') + 5,
    ];
    const server = connectTo([
      [page(['a'], 'two')],
      [second.slice(0, late), BROKEN],
      // Asked for ahead with the token of the page that broke.
      [page(['never read'])],
      [second.slice(0, early), BROKEN],
      [page(['never read'])],
      [second],
      [page(['e'])],
    ]);
    const { work, readers } = list(server.connection);
    expect(await work).toEqual({ complete: true, objects: 5, result: ['a', 'b', 'c', 'd', 'e'] });
    expect(readers).toHaveLength(1);
    expect(server.asked).toEqual(['first', 'two', 'three', 'two', 'three', 'two', 'three']);
    expect(server.events.slice(0, 7)).toEqual(['first', 'two', 'three', 'three ended', 'two', 'three', 'three ended']);
  });

  it('begins with a new reader when the first page breaks, for it is of another moment then', async () => {
    const first = page(['a', 'gone'], '');
    const server = connectTo([[first.slice(0, first.indexOf('"gone"')), BROKEN], [page(['new', 'a'])]]);
    const { work, readers } = list(server.connection);
    expect(await work).toMatchObject({ objects: 2, result: ['new', 'a'] });
    expect(readers).toEqual([['a'], ['new', 'a']]);
  });

  it.each([
    ['another object', ['b', 'x']],
    ['another order', ['c', 'b', 'd']],
    ['fewer objects', ['b']],
    ['an object more in front', ['0', 'b', 'c', 'd']],
  ])('stops when a page that broke comes again with %s', async (_, names) => {
    const second = page(['b', 'c', 'd']);
    const server = connectTo([
      [page(['a'], 'two')],
      [second.slice(0, second.indexOf('{"metadata":{"name":"d"') + 5), BROKEN],
      [page(names)],
    ]);
    expect((await failureOf(list(server.connection).work)).message).toContain('with another page');
  });

  it('starts over with a new reader when its token expires', async () => {
    const server = connectTo([[page(['a'], 'two')], 410, [page(['a', 'b'])]]);
    const { work, readers } = list(server.connection);
    expect(await work).toEqual({ complete: true, objects: 2, result: ['a', 'b'] });
    expect(readers).toEqual([['a'], ['a', 'b']]);
  });

  it('stops when its token expires again and again', async () => {
    const server = connectTo(Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? [page(['a'], 'two')] : 410)));
    expect((await failureOf(list(server.connection).work)).message).toContain('(410) 4 times');
    expect(server.asked).toHaveLength(8);
  });

  it('stops when tokens go round in a circle', async () => {
    const server = connectTo([[page(['a'], 'x')], [page(['b'], 'y')], [page(['c'], 'x')], [page(['b'], 'y')]]);
    expect((await failureOf(list(server.connection).work)).message).toContain('the same continue token');
  });

  it.each<[string, readonly string[], number]>([
    ['as much', [page(['a'], 'two', 2), page(['b'], 'three', 1), page(['c'])], 3],
    ['more', [page(['a'], 'two', 1), page(['b', 'c'])], 3],
    [
      'more than a later page says: only the first one is of the whole list',
      [page(['a'], 'x', 1), page(['b'], 'y', 9), page(['c'])],
      3,
    ],
    ['anything, when nothing is said', [page(['a'], 'two'), page(['b'], 'three', 9), page([])], 2],
    ['anything, when a number below nothing is said', [page(['a'], 'two', -4), page([])], 1],
  ])('is whole when its pages hold what the first one announces: %s', async (_, pages, objects) => {
    const server = connectTo(pages.map((text) => [text]));
    expect((await list(server.connection).work).objects).toBe(objects);
    expect(server.asked).toHaveLength(pages.length);
  });

  it('is read again when fewer objects come than its first page announced', async () => {
    const server = connectTo([[page(['a'], 'two', 2)], [page(['b'])], [page(['a'], 'two', 2)], [page(['b', 'c'])]]);
    const { work, readers } = list(server.connection);
    expect(await work).toEqual({ complete: true, objects: 3, result: ['a', 'b', 'c'] });
    expect(readers).toEqual([
      ['a', 'b'],
      ['a', 'b', 'c'],
    ]);
  });

  it('is judged anew when it is read again: pods that have gone since are no loss', async () => {
    const server = connectTo([[page(['a'], 'two', 2)], [page(['b'])], [page(['a'], 'two', 1)], [page(['b'])]]);
    expect((await list(server.connection).work).result).toEqual(['a', 'b']);
  });

  it.each<[string, readonly (Answer | 410)[]]>([
    ['at its end', [[page(['a'], 'two', 11)], [page(['b'])], [page(['a'], 'two', 11)], [page(['b'])]]],
    [
      'in its middle, also when its token expires in between',
      [
        [page(['a'], 'x', 11)],
        [page([], 'y', 11)],
        [page(['b'])],
        [page(['a'], 'x', 11)],
        410,
        [page(['a'], 'x', 11)],
        [page(['b'])],
      ],
    ],
    ['without a token for the rest', [[page(['a', 'b'], '', 10)], [page(['a', 'b'], '', 10)]]],
    [
      'in every page but the first',
      [[page(['a', 'b'], 'two', 10)], [page([])], [page(['a', 'b'], 'two', 10)], [page([])]],
    ],
  ])('stops when objects are missing again: %s', async (_, answers) => {
    const server = connectTo(answers);
    const { code, message, temporary } = await failureOf(list(server.connection).work);
    expect({ code, temporary }).toEqual({ code: 'EVIDENCE_KUBERNETES', temporary: false });
    expect(message).toContain('announced 12 objects and held 2, also when it was read again');
    expect(server.asked).toHaveLength(answers.length);
  });

  it('believes the first page that it read to its end, when it had to ask for it twice', async () => {
    const first = page(['a', 'b'], 'two', 10);
    const server = connectTo([
      [first.slice(0, -5), BROKEN],
      [page(['never read'])],
      [page(['a'], 'two', 1)],
      [page(['c'])],
    ]);
    expect((await list(server.connection).work).objects).toBe(2);
  });

  it('gives up what it has asked for ahead when a page is no list', async () => {
    const server = connectTo([[page(['a'], 'two').slice(0, -2)], [page(['b'])]]);
    expect((await failureOf(list(server.connection).work)).message).toContain('not JSON');
    expect(server.aborted).toContain('two');
  });

  it('passes on what its reader throws, and does not take it for a broken connection', async () => {
    const odd = new RangeError('a mistake of ours');
    const server = connectTo([[page(['a'])], [page(['a'])]]);
    const newReader = () => ({
      read: () => {
        throw odd;
      },
      finish: () => [],
    });
    await expect(list(server.connection, { newReader }).work).rejects.toBe(odd);
    expect(server.asked).toHaveLength(1);
  });

  it('ends when it is told to', async () => {
    const stop = new AbortController();
    const server = connectTo([[page(['a'], 'two').slice(0, 60), () => new Promise(() => undefined)]]);
    server.connection.open = () =>
      new Promise((_, reject) => stop.signal.addEventListener('abort', () => reject(BROKEN)));
    const { work } = list(server.connection, { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(work).rejects.toThrow('enough');
  });
});

describe.runIf(requireProgram('openssl'))('a list of a server', () => {
  let folder: string;
  let server: KubernetesServer | undefined;

  async function connected(options: { readonly gzip: boolean }): Promise<ClusterConnection> {
    server = await startKubernetesServer({ certificates: folder, ...options });
    for (let index = 0; index < 8; index++) {
      const object = pod(`p${index}`, `registry.test/${'x'.repeat(index * 100)}:1`);
      server.put({ ...object, metadata: { ...object.metadata, labels: { owner: 'helm' } } });
    }
    const context = {
      name: 'prod',
      cluster: { server: server.url, 'certificate-authority': server.caFile },
      user: { token: 'tok-admin' },
    };
    return connectCluster(context, { log: silentLog, idleMs: 2000, environment: {} });
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'list-objects-'));
    await makeCertificates(folder);
  });
  afterEach(async () => server?.close());
  afterAll(async () => rm(folder, { recursive: true, force: true }));

  it.each([
    ['cut-off', false],
    ['truncated-gzip', true],
  ] as const)('is whole and exact when pages end in %s', async (answer, gzip) => {
    const connection = await connected({ gzip });
    for (const number of [1, 2, 3]) server?.fail({ resource: 'pods', page: number, answer, times: 2 });
    const { work } = list(connection);
    expect((await work).result).toEqual(Array.from({ length: 8 }, (_, index) => `p${index}`));
    connection.close();
  });

  it('is whole although a proxy has hidden an object from it once, and refused when it does so again', async () => {
    const connection = await connected({ gzip: true });
    server?.fail({ resource: 'pods', page: 3, answer: 'hidden-item', times: 1 });
    expect((await list(connection).work).objects).toBe(8);
    server?.fail({ resource: 'pods', page: 2, answer: 'hidden-item' });
    expect((await failureOf(list(connection).work)).message).toContain('announced 8 objects and held 7');
    connection.close();
  });

  it('sends the parameters of its query with every page', async () => {
    const connection = await connected({ gzip: true });
    await list(connection, { query: { labelSelector: 'owner=helm' } }).work;
    const queries = server?.requests.map(({ path }) => new URL(path, 'https://server').searchParams) ?? [];
    expect(queries.map((query) => query.get('labelSelector'))).toEqual(['owner=helm', 'owner=helm', 'owner=helm']);
    connection.close();
  });
});
