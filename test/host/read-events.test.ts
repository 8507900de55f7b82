import { describe, expect, it } from 'vitest';
import { EvidenceError } from '../../src/errors.ts';
import type { EngineAnswer } from '../../src/host/connection.ts';
import { readEvents } from '../../src/host/read-events.ts';
import { silentLog } from '../../src/log.ts';
import type { ImageId, LocalImage, LocalStore } from '../../src/model/local-store.ts';
import { instantFromMs, type KnownOrUnknown, unknownTime } from '../../src/model/time.ts';

const ID = `sha256:${'a'.repeat(64)}` as ImageId;
const NAME = 'a.example/app:1';
const source = { request: { path: '/events' }, provesExchange: true };

function storeWith(tagged: KnownOrUnknown): LocalStore {
  const rest = { digests: [], labels: {}, sizeBytes: 0, layers: undefined, isList: false, created: unknownTime('x') };
  const image: LocalImage = { id: ID, names: [NAME], tagged, ...rest };
  const told = { storeId: 'x', hasBuildCache: false, digestsProvePush: false };
  const engine = { kind: 'docker', title: 'x', address: 'unix:///x', ...told } as const;
  const images = new Map([[ID, image]]);
  return { engine, complete: true, images, containers: [], disk: undefined, buildCache: undefined };
}

function at(seconds: number): KnownOrUnknown {
  return { kind: 'known', at: instantFromMs(seconds * 1000) };
}

function event(words: { type?: string; action?: string; id?: string; image?: string; time?: number }): string {
  const { type = 'container', action = 'start', id = 'c', image = NAME, time = 1000 } = words;
  return JSON.stringify({ Type: type, Action: action, Actor: { ID: id, Attributes: { image } }, time });
}

async function read(lines: readonly string[], store = storeWith(at(500)), change: Partial<typeof source> = {}) {
  const answer: EngineAnswer = { status: 200, headers: {}, text: lines.join('\n') };
  const connection = { address: 'unix:///x', ask: () => Promise.resolve(answer) };
  return await readEvents(connection, { ...source, ...change }, { store, log: silentLog });
}

describe('what events tell', () => {
  it.each(['create', 'start', 'die', 'died', 'restart'])('is a use for %s', async (action) => {
    expect((await read([event({ action })])).uses).toEqual(new Map([[ID, instantFromMs(1_000_000)]]));
  });

  it('is the latest use, whatever their order', async () => {
    const { uses } = await read([event({ time: 2000 }), event({ time: 3000 }), event({ time: 1000 })]);
    expect(uses.get(ID)).toBe(3_000_000);
  });

  it('is a use of the image that is named by its id', async () => {
    expect((await read([event({ image: ID })])).uses.size).toBe(1);
  });

  it('is no use of an image that got the name only later', async () => {
    expect((await read([event({ time: 400 })])).uses.size).toBe(0);
  });

  it('is a use where the engine does not tell when the name came: that only keeps', async () => {
    expect((await read([event({ time: 400 })], storeWith(unknownTime('x')))).uses.size).toBe(1);
  });

  it.each([
    ['of an image that is not here', event({ image: 'a.example/other:1' })],
    ['that is no use', event({ action: 'exec_start: sh' })],
    ['of another kind', event({ type: 'network' })],
    ['that is cut off', event({}).slice(0, 20)],
    ['of another form', '{"Type":7}'],
    ['that is empty', ''],
  ])('is nothing %s, and the others still count', async (_name, line) => {
    expect((await read([line])).uses.size).toBe(0);
    expect((await read([line, event({})])).uses.size).toBe(1);
  });

  it.each(['pull', 'push'])(
    'is that a registry had what was in a %s, where that is written down when it is done',
    async (action) => {
      const line = event({ type: 'image', action, id: NAME });
      expect((await read([line])).exchanged).toEqual(new Map([[ID, [NAME]]]));
      expect((await read([line], storeWith(at(500)), { provesExchange: false })).exchanged.size).toBe(0);
    },
  );

  it('is not that a registry had what got the name after the push', async () => {
    const line = event({ type: 'image', action: 'push', id: NAME, time: 400 });
    expect((await read([line])).exchanged.size).toBe(0);
  });

  it('is not that a registry had what got the name in the same second, unless that is told more exactly', async () => {
    const words = { Type: 'image', Action: 'push', Actor: { ID: NAME, Attributes: {} }, time: 500 };
    const tagged = storeWith(at(500.4));
    const exchanged = async (more: object) =>
      (await read([JSON.stringify({ ...words, ...more })], tagged)).exchanged.size;
    expect(await exchanged({})).toBe(0);
    expect(await exchanged({ timeNano: 500.3e9 })).toBe(0);
    expect(await exchanged({ timeNano: 500.5e9 })).toBe(1);
  });

  it('is not that a registry had an image of which nobody knows when it got the name', async () => {
    const line = event({ type: 'image', action: 'push', id: NAME });
    expect((await read([line], storeWith(unknownTime('x')))).exchanged.size).toBe(0);
  });

  it.each(['build', 'tag', 'pull', 'push', 'load', 'loadfromarchive', 'import'])(
    'is that somebody had an image in his hands for %s, by its name or its id',
    async (action) => {
      const text = (id: string, name: string) =>
        JSON.stringify({ Type: 'image', Action: action, Actor: { ID: id, Attributes: { name } }, time: 1000 });
      const expected = new Map([[ID, instantFromMs(1_000_000)]]);
      for (const line of [text(ID, ''), text(NAME, ''), text('', 'a'.repeat(64)), text('', NAME)])
        expect((await read([line], storeWith(unknownTime('x')), { provesExchange: false })).handled).toEqual(expected);
    },
  );

  it.each(['untag', 'delete', 'remove', 'prune', 'mount'])('is nobody at work for %s', async (action) => {
    expect((await read([event({ type: 'image', action, id: NAME })])).handled?.size).toBe(0);
  });

  it('is nothing when the engine keeps none, or breaks off: no event protects anything', async () => {
    const log = silentLog;
    const store = storeWith(at(500));
    const refusing = { address: 'x', ask: () => Promise.resolve({ status: 500, headers: {}, text: '' }) };
    const breaking = { address: 'x', ask: () => Promise.reject(new EvidenceError('x', { code: 'EVIDENCE_ENGINE' })) };
    expect((await readEvents(refusing, source, { store, log })).uses.size).toBe(0);
    expect((await readEvents(breaking, source, { store, log })).uses.size).toBe(0);
  });
});
