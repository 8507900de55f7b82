// The queue behind every reading: bounded, and over at the first failure.

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createRequestQueue } from '../../src/registry/request-queue.ts';

describe('the request queue', () => {
  it('never has more requests in flight than allowed, those that tasks add included', async () => {
    const queue = createRequestQueue(3, () => undefined);
    let running = 0;
    let most = 0;
    let done = 0;
    const task = (more: number) => async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      for (let at = 0; at < more; at += 1) queue.add(task(0));
      await sleep(1);
      running -= 1;
      done += 1;
    };
    for (let at = 0; at < 5; at += 1) queue.add(task(2));
    await queue.finish();
    expect([most, done, running]).toEqual([3, 15, 0]);
  });

  it('throws the first failure, after what was running has ended and nothing more has begun', async () => {
    const queue = createRequestQueue(2, () => undefined);
    const begun: string[] = [];
    const ended: string[] = [];
    const add = (name: string, work: () => Promise<void>): void =>
      queue.add(async () => {
        begun.push(name);
        await work();
        ended.push(name);
      });
    add('slow', () => sleep(20).then(() => undefined));
    add('failing', () => Promise.reject(new Error('first')));
    add('waiting', () => Promise.reject(new Error('second')));
    await expect(queue.finish()).rejects.toThrow('first');
    expect([begun, ended]).toEqual([['slow', 'failing'], ['slow']]);
    add('too late', () => Promise.resolve());
    await expect(queue.finish()).rejects.toThrow('first');
    expect(begun).toHaveLength(2);
  });

  it('tells how far it is, and of the end once, however often it runs dry', async () => {
    const steps: string[] = [];
    const queue = createRequestQueue(1, (done, total) => steps.push(`${done}/${total}`));
    queue.add(() => Promise.resolve());
    queue.add(() => Promise.resolve());
    await queue.finish();
    queue.add(() => Promise.resolve());
    await queue.finish();
    expect(steps).toEqual(['1/2']);
    queue.end();
    expect(steps).toEqual(['1/2', '3/3']);
  });

  it('tells of no end where nothing was to be done', () => {
    const steps: string[] = [];
    createRequestQueue(1, (done, total) => steps.push(`${done}/${total}`)).end();
    expect(steps).toEqual([]);
  });
});
