// A repository of 5,000 tags, each with a config of its own, on a real registry: bounded memory, and not one request too many.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { measureRun, tellPeak } from '../../bench/measure.ts';
import { seedRegistry } from '../../bench/seed-registry.ts';
import { requireProgram } from '../support/real-parts.ts';
import { type RegistryServer, startRegistry } from '../support/registry-server.ts';
import { program } from '../support/run-bundle.ts';
import { startWatchingProxy, type WatchingProxy } from '../support/watching-proxy.ts';

const TAGS = 5_000;
/** Otherwise Node lets garbage lie for as long as the machine has memory, and its peak says little about what a plan holds. */
const TIDY = ['--max-semi-space-size=4', '--max-old-space-size=128'];
/** Measured: 230 MB, and 370 MB for an untidy Node. */
const MAX_PEAK_BYTES = 400e6;
/** As many as a plan may have in flight, and one to find out whether the registry speaks TLS. */
const MAX_CONNECTIONS = 33;

const reportSchema = z.object({ totals: z.object({ kept: z.number(), deleted: z.number() }) });

describe.runIf(requireProgram('docker-registry'))(`a plan of ${TAGS} tags with distinct configs`, () => {
  let registry: RegistryServer;
  let proxy: WatchingProxy;

  beforeAll(async () => {
    registry = await startRegistry();
    proxy = await startWatchingProxy(registry.host);
  });

  afterAll(async () => {
    await proxy.stop();
    await registry.stop();
  });

  it('asks once for the tags, once for each manifest and config, and little else', { timeout: 180_000 }, async () => {
    const images = seedRegistry({ rootDirectory: registry.rootDirectory, repository: 'team/app', tags: TAGS });
    const words = ['plan', '--repository', `${proxy.host}/team/app`, '--without-git', '--without-kube'];
    const run = await measureRun(process.execPath, [...TIDY, program, ...words, '--format', 'json'], {
      env: tellPeak(),
    });
    expect(reportSchema.parse(JSON.parse(run.stdout)).totals).toEqual({ kept: 0, deleted: TAGS });

    const expected = images.flatMap(({ tag, configDigest }) => [
      `GET /v2/team/app/manifests/${tag}`,
      `GET /v2/team/app/blobs/${configDigest}`,
    ]);
    const others = proxy.log.filter((line) => !/ \/v2\/team\/app\/(?:manifests|blobs)\//.test(line));
    expect(proxy.log.filter((line) => !others.includes(line)).toSorted()).toEqual(expected.toSorted());
    // The registry puts all tags on one page and has no referrers API, which one question finds out.
    expect(others).toEqual([
      'GET /v2/team/app/tags/list?n=1000',
      expect.stringMatching(/^GET \/v2\/team\/app\/referrers\/sha256:[0-9a-f]{64}$/),
    ]);
    expect(proxy.connections()).toBeLessThanOrEqual(MAX_CONNECTIONS);
    expect(run.peakBytes).toBeGreaterThan(50e6);
    expect(run.peakBytes).toBeLessThan(MAX_PEAK_BYTES);
  });
});
