// A real registry from which somebody deletes what a cluster uses: alone by `verify`, and in the middle of an apply.

import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server, request as send } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runActionProcess } from '../action/run-action-process.ts';
import { runProcess } from '../cli/run-process.ts';
import { requireProgram } from '../support/real-parts.ts';
import { type RegistryServer, startRegistry } from '../support/registry-server.ts';
import { deployment, makeRealWorld, type RealWorld } from './real-world.ts';

const START = fileURLToPath(new URL('../cli/start-cli.ts', import.meta.url));
const hasAll = (['docker-registry', 'skopeo', 'git'] as const).every(requireProgram);

/** Passes everything on to the registry, and does something before the first DELETE. */
async function startMeddler(target: string, meddle: () => Promise<void>): Promise<Server> {
  let meddling: Promise<void> | undefined;
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    const pass = (): void => {
      const passed = send(`http://${target}${url}`, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      request.pipe(passed);
    };
    if (method === 'DELETE') meddling ??= meddle();
    (meddling ?? Promise.resolve()).then(pass, (error: unknown) => response.destroy(new Error(String(error))));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function hostOf(server: Server): string {
  const address = server.address();
  return `127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
}

describe.runIf(hasAll)('what a cluster uses', () => {
  let server: RegistryServer;
  let world: RealWorld;
  beforeEach(async () => {
    server = await startRegistry();
    world = await makeRealWorld(server);
  });
  afterEach(async () => {
    await world.remove();
    await server.stop();
  });

  const cli = (...words: readonly string[]) =>
    runProcess({ file: START, words, directory: world.folder, environment: world.environment });
  const verify = (...more: readonly string[]) =>
    cli('verify', '--repository', world.repository, '--kube-manifests', world.clusters, ...more);

  it('is there: exit code 0, and metrics that say so', async () => {
    const result = await verify('--metrics', 'app.prom');
    expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining('is there') as string });
    const metrics = await readFile(join(world.folder, 'app.prom'), 'utf8');
    expect(metrics).toContain(`name="web",container="main",image="${world.repository}:used"} 1\n`);
  });

  it('was deleted behind our back: exit code 1, with the workload', async () => {
    await world.erase(`@${world.images.used.digest}`);
    const { code, stdout, stderr } = await verify('--report-file', 'report.json');
    expect(code).toBe(1);
    expect(stdout).toContain(`${world.repository}:used`);
    expect(stdout).toContain('shop/Deployment/web (container main)');
    expect(stderr).toContain('1 ABSENT');
    expect(JSON.parse(await readFile(join(world.folder, 'report.json'), 'utf8'))).toMatchObject({
      command: 'verify',
      version: 1,
      totals: { absent: 1, available: 0 },
    });
  });

  it('lacks a part: exit code 1, and the part is named', async () => {
    const [amd] = world.images.used.children;
    await world.erase(`@${amd?.digest}`);
    const { code, stdout } = await verify();
    expect(code).toBe(1);
    expect(stdout).toContain(`INCOMPLETE, without ${amd?.digest.slice(0, 'sha256:'.length + 12)}`);
  });

  it('is not absent when nobody answers: exit code 4', async () => {
    await server.stop();
    const { code, stdout } = await verify('--log-level', 'error');
    expect(code).toBe(4);
    expect(stdout).not.toContain('ABSENT');
  });

  it('is found by a prefix, in the action too, with an output and a summary', async () => {
    await world.erase(`@${world.images.used.digest}`);
    const inputs = { command: 'verify', registry: server.host, 'kube-manifests': world.clusters };
    const { code, outputs, summary, stdout } = await runActionProcess(world.folder, inputs);
    expect(code).toBe(1);
    expect(outputs).toMatchObject({ 'absent-count': '1', 'deleted-count': '0', 'plan-file': '' });
    expect(summary).toContain('1 ABSENT');
    expect(summary).toContain('shop/Deployment/web');
    expect(stdout).toContain('::error::');
  });

  it('goes while an apply is at work: exit code 7, and everything that is needed to bring it back', async () => {
    const meddler = await startMeddler(server.host, () => world.erase(`@${world.images.used.digest}`));
    try {
      const repository = `${hostOf(meddler)}/team/app`;
      await writeFile(join(world.clusters, 'web.yaml'), deployment('web', `${repository}:used`));
      const words = world.words.map((word) => (word === world.repository ? repository : word));
      const { code, stdout, stderr } = await cli(
        'apply',
        ...words,
        '--report-file',
        'report.json',
        '--journal',
        'j.jsonl',
      );
      expect(code).toBe(7);
      expect(stdout).toMatch(/^ALARM: 1 image that clusters use was there before this run and is gone now:\n/);
      expect(stdout).toContain('shop/Deployment/web (container main)');
      expect(stdout).toContain('j.jsonl');
      expect(stderr).toContain('VERIFY_ALARM (exit 7)');
      const report: unknown = JSON.parse(await readFile(join(world.folder, 'report.json'), 'utf8'));
      expect(report).toMatchObject({
        result: { kind: 'alarm', error: { name: 'VerifyAlarm', exitCode: 7 } },
        verification: { lost: [{ image: `${repository}:used`, byThisRun: false }] },
      });
    } finally {
      meddler.closeAllConnections();
      meddler.close();
    }
  });
});
