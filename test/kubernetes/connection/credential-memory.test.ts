// Who gets which credentials when, without any program or server.

import { describe, expect, it } from 'vitest';
import {
  type CredentialMemory,
  type CredentialRequest,
  type Credentials,
  createCredentialMemory,
} from '../../../src/kubernetes/connection/credential-memory.ts';

/** Something that gives `t1`, `t2`, … as it is told to. */
function makeSource({ staleAtMs }: Pick<Credentials, 'staleAtMs'> = {}) {
  const asked: { readonly before: string | undefined; readonly signal: AbortSignal }[] = [];
  let hold: Promise<void> | undefined;
  const source = {
    asked,
    /** What is asked from now on waits for this. */
    holdUntil: (moment: Promise<void>) => {
      hold = moment;
    },
    obtain: async (before: Credentials | undefined, signal: AbortSignal): Promise<Credentials> => {
      asked.push({ before: before?.authorization, signal });
      const authorization = `t${asked.length}`;
      await hold;
      return { authorization, ...(staleAtMs === undefined ? {} : { staleAtMs }) };
    },
  };
  return source;
}

function ask(
  memory: CredentialMemory,
  obtain: CredentialRequest['obtain'],
  changes: Partial<CredentialRequest> = {},
): Promise<Credentials> {
  const usual = { key: 'a', refused: undefined, nowMs: () => 0, signal: new AbortController().signal };
  return memory.get({ ...usual, obtain, ...changes });
}

describe('credentials', () => {
  it('are got once, for those who ask together and for those who come later', async () => {
    const memory = createCredentialMemory();
    const { asked, obtain } = makeSource();
    const together = await Promise.all([1, 2, 3].map(() => ask(memory, obtain)));
    const later = await ask(memory, obtain);
    for (const one of together) expect(one).toBe(later);
    expect(asked).toHaveLength(1);
  });

  it('are not shared by who has another key', async () => {
    const memory = createCredentialMemory();
    const { obtain } = makeSource();
    const [one, other] = await Promise.all([ask(memory, obtain), ask(memory, obtain, { key: 'b' })]);
    expect(one.authorization).not.toBe(other.authorization);
  });

  it('are not shared by two memories', async () => {
    const { asked, obtain } = makeSource();
    await Promise.all([ask(createCredentialMemory(), obtain), ask(createCredentialMemory(), obtain)]);
    expect(asked).toHaveLength(2);
  });

  it.each([
    ['before they are stale', 999, 1],
    ['from the moment on at which they are', 1000, 2],
  ])('%s are got so often', async (_, nowMs, times) => {
    const memory = createCredentialMemory();
    const { asked, obtain } = makeSource({ staleAtMs: 1000 });
    await ask(memory, obtain);
    await ask(memory, obtain, { nowMs: () => nowMs });
    expect(asked.map(({ before }) => before)).toEqual([undefined, 't1'].slice(0, times));
  });

  it('that a server refused are given to nobody any more', async () => {
    const memory = createCredentialMemory();
    const { asked, obtain } = makeSource();
    const first = await ask(memory, obtain);
    const [second, other] = await Promise.all([ask(memory, obtain, { refused: first }), ask(memory, obtain)]);
    expect([second.authorization, other.authorization]).toEqual(['t2', 't2']);
    // A late refusal of the first ones is no reason to get third ones.
    expect(await ask(memory, obtain, { refused: first })).toBe(second);
    expect(asked.map(({ before }) => before)).toEqual([undefined, 't1']);
  });

  it('that a server refused do not come back when no others could be had', async () => {
    const memory = createCredentialMemory();
    const { obtain } = makeSource();
    const refused = await ask(memory, obtain);
    const fail = () => Promise.reject(new Error('no answer'));
    await expect(ask(memory, fail, { refused })).rejects.toThrow('no answer');
    expect((await ask(memory, obtain)).authorization).toBe('t2');
  });

  it('that could not be had are an error for all who wait, and the next who asks tries again', async () => {
    const memory = createCredentialMemory();
    const { obtain } = makeSource();
    const fail = () => Promise.reject(new Error('no answer'));
    const ends = await Promise.allSettled([ask(memory, fail), ask(memory, obtain)]);
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect((await ask(memory, obtain)).authorization).toBe('t1');
  });
});

describe('who gives up waiting', () => {
  function scene() {
    const memory = createCredentialMemory();
    const source = makeSource();
    const held = Promise.withResolvers<void>();
    source.holdUntil(held.promise);
    const gone = new AbortController();
    return { memory, source, held, gone, leaving: ask(memory, source.obtain, { signal: gone.signal }) };
  }

  it('does not end it for the others', async () => {
    const { memory, source, held, gone, leaving } = scene();
    const staying = ask(memory, source.obtain);
    gone.abort(new Error('closed'));
    await expect(leaving).rejects.toThrow('closed');
    expect(source.asked.map(({ signal }) => signal.aborted)).toEqual([false]);
    held.resolve();
    expect((await staying).authorization).toBe('t1');
    expect(source.asked).toHaveLength(1);
  });

  it('ends it as the last one, and who comes then begins anew', async () => {
    const { memory, source, held, gone, leaving } = scene();
    await Promise.resolve();
    gone.abort(new Error('closed'));
    await expect(leaving).rejects.toThrow('closed');
    expect(source.asked[0]?.signal.aborted).toBe(true);
    const next = ask(memory, source.obtain);
    held.resolve();
    expect((await next).authorization).toBe('t2');
    expect((await ask(memory, source.obtain)).authorization).toBe('t2');
  });

  it('leaves what then comes late to nobody', async () => {
    const { memory, source, held, gone, leaving } = scene();
    await Promise.resolve();
    gone.abort(new Error('closed'));
    await expect(leaving).rejects.toThrow('closed');
    source.holdUntil(Promise.resolve());
    const next = await ask(memory, source.obtain);
    held.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(next.authorization).toBe('t2');
    expect(await ask(memory, source.obtain)).toBe(next);
  });

  it('before asking starts nothing', async () => {
    const { asked, obtain } = makeSource();
    const signal = AbortSignal.abort(new Error('closed'));
    await expect(ask(createCredentialMemory(), obtain, { signal })).rejects.toThrow('closed');
    expect(asked).toEqual([]);
  });
});
