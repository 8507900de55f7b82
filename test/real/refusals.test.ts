// Nothing is lost where an apply may not or must not delete: registries that refuse, guards that say no.

import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/report/report.ts';
import { type ProcessResult, runProcess } from '../cli/run-process.ts';
import { type KubernetesServer, startKubernetesServer, writeKubeConfig } from '../fakes/kubernetes-server.ts';
import { requireProgram } from '../support/real-parts.ts';
import { type RegistryServer, type RegistryServerOptions, startRegistry } from '../support/registry-server.ts';
import { root } from '../support/source-files.ts';
import { makeHands } from './hands.ts';
import { makeRealWorld, type RealWorld } from './real-world.ts';

const START = fileURLToPath(new URL('../cli/start-cli.ts', import.meta.url));
/** The same by way of the bundle. */
const BIN = join(root, 'bin', 'registry-cleanup.js');

const hasAll = (['docker-registry', 'skopeo', 'openssl', 'git'] as const).every(requireProgram);

describe.runIf(hasAll)('an apply', () => {
  let server: RegistryServer;
  let cluster: KubernetesServer;
  let world: RealWorld;
  beforeAll(async () => {
    [server, cluster] = await Promise.all([startRegistry(), startKubernetesServer()]);
    world = await makeRealWorld(server);
  });
  afterAll(async () => {
    await world.remove();
    await Promise.all([server.stop(), cluster.close()]);
  });

  /** Runs the command line, and reads the report that it leaves. */
  async function apply(words: readonly string[], file = START): Promise<ProcessResult & { readonly report: Report }> {
    const reportFile = join(world.folder, 'report.json');
    const result = await runProcess({
      file,
      words: ['apply', ...words, '--report-file', reportFile],
      directory: world.folder,
    });
    return { ...result, report: JSON.parse(await readFile(reportFile, 'utf8')) as Report };
  }

  async function withoutDeletes<Result>(of: RegistryServer, use: () => Promise<Result>): Promise<Result> {
    const seen = (await of.accessLog()).length;
    const result = await use();
    const sent = (await of.accessLog()).slice(seen);
    expect(sent.length).toBeGreaterThan(5);
    expect(sent.filter((line) => !/^(?:GET|HEAD) /.test(line))).toEqual([]);
    return result;
  }

  const REFUSING: readonly { readonly name: string; readonly options: RegistryServerOptions }[] = [
    { name: 'read-only', options: { readOnly: true } },
    { name: 'deletes are disabled', options: { deleteEnabled: false } },
  ];
  it.each(REFUSING)('ends in 1, tells what to do and loses nothing where $name', async ({ options }) => {
    const refusing = await startRegistry(options);
    try {
      await cp(server.rootDirectory, refusing.rootDirectory, { recursive: true });
      const hands = await makeHands(refusing, { folder: world.folder, name: 'team/app' });
      const words = world.words.map((word) => (word === world.repository ? hands.repository : word));
      const { code, stdout, report } = await apply(words);
      expect(code).toBe(1);
      expect(report.result).toEqual({ kind: 'applied' });
      expect(report.totals.deleted).toBe(0);
      expect(report.totals.failed).toBeGreaterThan(0);
      expect(stdout).toContain('storage.delete.enabled');
      const accepted = (await refusing.accessLog()).filter((line) => /^(?:DELETE|PUT|POST|PATCH) .* 2\d\d$/.test(line));
      expect(accepted).toEqual([]);
      const tags = await hands.listTags();
      expect(tags).toEqual(await world.listTags());
      for (const tag of tags) await hands.pullWhole(`:${tag}`);
    } finally {
      await refusing.stop();
    }
  });

  it('is refused when too large a share would go', async () => {
    const { code, report, stderr, stdout } = await withoutDeletes(server, () =>
      apply([...world.words, '--max-delete-share', '0.1']),
    );
    expect({ code, result: report.result }).toEqual({ code: 6, result: { kind: 'refused' } });
    expect(report.plan?.repositories[0]?.guards.map(({ guard }) => guard)).toEqual(['max-delete-share']);
    expect(stdout + stderr).toContain('--max-delete-share');
  });

  it('is refused when no tag would be left', async () => {
    const config = join(world.folder, 'nothing.yml');
    await writeFile(config, 'cleanup:\n  keepPolicies:\n    - references: {branch: none}\n');
    const words = ['--repository', world.repository, '--config', config, '--git-dir', gitDirectory(), '--without-kube'];
    const { code, report } = await withoutDeletes(server, () => apply([...words, '--max-delete-share', '1']));
    expect({ code, result: report.result }).toEqual({ code: 6, result: { kind: 'refused' } });
    expect(report.plan?.repositories[0]?.guards.map(({ guard }) => guard)).toEqual(['nothing-left']);
  });

  it('is refused when a cluster runs no pod at all', async () => {
    const path = await writeKubeConfig(join(world.folder, 'kubeconfig'), [
      { name: 'empty', server: cluster, user: { token: 'tok-admin' } },
    ]);
    const { code, report } = await withoutDeletes(server, () => apply([...world.words, '--kube-config', path]));
    expect({ code, result: report.result }).toEqual({ code: 6, result: { kind: 'refused' } });
    expect(report.plan?.repositories[0]?.guards.map(({ guard }) => guard)).toEqual(['empty-context']);
  });

  it('is stopped before any delete when a cluster says no', async () => {
    cluster.forbid({ resource: 'pods' });
    const path = join(world.folder, 'kubeconfig');
    const { code, report } = await withoutDeletes(server, () => apply([...world.words, '--kube-config', path]));
    expect(code).toBe(5);
    expect(report.result).toMatchObject({ kind: 'stopped', error: { code: 'EVIDENCE_KUBERNETES' } });
    cluster.heal();
  });

  it('is refused when less than half of the evidence of the previous report is left', async () => {
    const previous = join(world.folder, 'previous.json');
    const planned = await world.plan({ 'report-file': previous });
    const report = JSON.parse(await readFile(previous, 'utf8')) as { plan: { evidence: { git: { commits: number } } } };
    report.plan.evidence.git.commits = 50;
    await writeFile(previous, JSON.stringify(report));
    const { code, report: refused } = await withoutDeletes(server, () =>
      apply([...world.words, '--previous-report', previous]),
    );
    expect(planned.totals.deleted).toBeGreaterThan(0);
    expect({ code, result: refused.result }).toEqual({ code: 6, result: { kind: 'refused' } });
    expect(refused.plan?.repositories[0]?.guards).toMatchObject([
      { guard: 'evidence-shrank', text: 'the previous report saw 50 commits, this run sees 2' },
    ]);
  });

  it('goes through when nothing of that is so, by the program that users start', async () => {
    const { code, report } = await apply(world.words, BIN);
    expect({ code, result: report.result }).toEqual({ code: 0, result: { kind: 'applied' } });
    expect(report.totals.deleted).toBeGreaterThan(0);
    for (const tag of await world.listTags()) await world.pullWhole(`:${tag}`);
  });

  function gitDirectory(): string {
    const at = world.words.indexOf('--git-dir');
    return world.words[at + 1] ?? '';
  }
});
