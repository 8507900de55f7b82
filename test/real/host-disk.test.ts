// Kubelet's rule on a disk that really fills up: real engines whose store lies on a file system of 160 megabytes.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type LocalEngine, listLocalEngines, startLocalEngine } from '../support/local-engines.ts';
import { requireMount } from '../support/real-parts.ts';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';

const hasMount = requireMount();
const SIZE = 160;
/** What an image of 10 megabytes takes. */
const SHARE = (10 * 100) / SIZE;
/** The report as JSON, as far as it is looked at. */
const Report = z.object({
  steps: z.array(z.object({ names: z.array(z.string()) })),
  disk: z.object({
    goal: z
      .object({ wantedBytes: z.number(), eligibleBytes: z.number(), missingBytes: z.number().optional() })
      .optional(),
  }),
});

// One after another on one disk: each goes on from what the one before has left.
describe.runIf(hasMount).each(listLocalEngines())('%s on a disk that is too full', (kind) => {
  let disk: SmallDisk;
  let engine: LocalEngine;
  let before: number;

  /** Six images, one after another; one has a container, and one had. Runs saw most of them come. */
  beforeAll(async () => {
    disk = await mountSmallDisk(SIZE);
    engine = await startLocalEngine(kind, { store: disk.path });
    for (const name of ['used-once', 'held']) {
      await engine.add(name);
      await engine.client('create', '--name', `of-${name}`, name);
    }
    expect(await host(99, 98)).toMatchObject({ code: 0 });
    await engine.client('rm', 'of-used-once');
    for (const name of ['never-1', 'never-2', 'never-3']) {
      await engine.add(name);
      expect(await host(99, 98)).toMatchObject({ code: 0 });
    }
    await engine.add('never-4');
    before = await disk.usedPercent();
  }, 180_000);

  afterAll(async () => {
    await engine.stop();
    await disk.remove();
  }, 60_000);

  const ALL = ['held', 'never-1', 'never-2', 'never-3', 'never-4', 'used-once'];
  /** Nothing here is older than the test. */
  const AT_ONCE = ['--minimum-image-age', '0'];

  /** In a container the folder that the engine names may be another one: it is named. */
  function host(high: number, low: number, ...words: readonly string[]) {
    const thresholds = ['--image-gc-high-threshold', `${high}%`, '--image-gc-low-threshold', `${low}%`];
    return engine.host('--engine-root', disk.path, '--log-level', 'warn', ...thresholds, ...words);
  }

  async function confirm(high: number, low: number, ...words: readonly string[]) {
    const { code, stderr, stdout } = await host(high, low, '--confirm', '--format', 'json', ...words);
    if (stdout === '') throw new Error(stderr);
    return { code, stderr, report: Report.parse(JSON.parse(stdout)) };
  }

  it('does nothing below the high threshold', async () => {
    const { code, report } = await confirm(before + 1, 1, ...AT_ONCE);
    expect([code, report.steps]).toEqual([0, []]);
    expect(await engine.names()).toEqual(ALL);
  });

  it('deletes nothing that came less long ago than the minimum age, and says that nothing was found', async () => {
    const { code, stderr, report } = await confirm(before, 1);
    expect([code, report.steps]).toEqual([1, []]);
    expect(report.disk.goal?.eligibleBytes).toBe(0);
    expect(stderr).not.toBe('');
    expect(await engine.names()).toEqual(ALL);
  });

  it('shows what would go and deletes nothing', async () => {
    const { code, stdout } = await host(before, Math.ceil(before - 1.5 * SHARE), ...AT_ONCE);
    expect([code, stdout]).toEqual([0, expect.stringContaining('never-1') as string]);
    expect(await engine.names()).toEqual(ALL);
  });

  it('deletes what was never used first, in the order in which it came, and stops at the low threshold', async () => {
    const low = Math.ceil(before - 2.5 * SHARE);
    const { code, stderr, report } = await confirm(before, low, ...AT_ONCE);
    expect([code, stderr]).toEqual([0, '']);
    const gone = report.steps.slice(0, 3).map(({ names }) => /never-\d/.exec(names.join())?.[0]);
    expect(gone).toEqual(['never-1', 'never-2', 'never-3']);
    expect(await engine.names()).toEqual(['held', 'never-4', 'used-once']);
    expect(await disk.usedPercent()).toBeLessThanOrEqual(low);
    const again = await confirm(before, low, ...AT_ONCE);
    expect([again.code, again.report.steps]).toEqual([0, []]);
  });

  it('keeps what a name says, and goes on to what was used once', async () => {
    const { code } = await confirm(1, 0, ...AT_ONCE, '--keep-image', '*never-4*');
    expect(code).toBe(1);
    expect(await engine.names()).toEqual(['held', 'never-4']);
  });

  it('never takes what a container has, and says what it wanted and found', async () => {
    const { code, stderr, report } = await confirm(1, 0, ...AT_ONCE);
    expect(code).toBe(1);
    expect(await engine.names()).toEqual(['held']);
    const { wantedBytes = 0, eligibleBytes = 0, missingBytes } = report.disk.goal ?? {};
    expect(eligibleBytes).toBeGreaterThanOrEqual(10 * 1024 * 1024);
    expect(wantedBytes).toBeGreaterThan(eligibleBytes);
    expect(missingBytes).toBeGreaterThan(0);
    expect(stderr).not.toBe('');
  });

  it('takes thresholds in bytes', async () => {
    const bytes = ['--image-gc-high-threshold', '150MB', '--image-gc-low-threshold', '100MB'];
    const { code, stdout } = await engine.host('--engine-root', disk.path, ...bytes, '--confirm', '--format', 'json');
    expect([code, Report.parse(JSON.parse(stdout)).steps]).toEqual([0, []]);
  });
});
