// A plan is made, the world changes, the plan is applied: what changed stays, with the reason, and the rest is done.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/plan/outcome.ts';
import type { Report } from '../../src/report/report.ts';
import {
  type BuiltManifest,
  buildArtifact,
  buildImage,
  buildIndex,
  cosignTag,
  fallbackTag,
} from '../builders/image.ts';
import { runProcess } from '../cli/run-process.ts';
import { type KubernetesServer, startKubernetesServer, writeKubeConfig } from '../fakes/kubernetes-server.ts';
import { pod } from '../kubernetes/objects.ts';
import { requireProgram } from '../support/real-parts.ts';
import { type RegistryServer, startRegistry } from '../support/registry-server.ts';
import { buildAppImage, deployment, makeRealWorld, type RealWorld } from './real-world.ts';

const START = fileURLToPath(new URL('../cli/start-cli.ts', import.meta.url));

const hasAll = (['docker-registry', 'skopeo', 'openssl', 'git'] as const).every(requireProgram);

describe.runIf(hasAll)('a plan that is applied after the world has changed', () => {
  let server: RegistryServer;
  let cluster: KubernetesServer;
  let world: RealWorld;
  let extra: Readonly<Record<'moved' | 'podByTag' | 'podByDigest' | 'rest', BuiltManifest>>;
  let planFile: string;
  let kubeConfig: string;
  let applied: Report;

  beforeAll(async () => {
    [server, cluster] = await Promise.all([startRegistry(), startKubernetesServer()]);
    world = await makeRealWorld(server);
    planFile = join(world.folder, 'plan.json');
    cluster.put(pod('system', 'registry.example.com/system:1'));
    kubeConfig = await writeKubeConfig(join(world.folder, 'kubeconfig'), [
      { name: 'prod', server: cluster, user: { token: 'tok-admin' } },
    ]);
    const { old } = world.commits;
    extra = {
      moved: buildAppImage('moved', old),
      podByTag: buildAppImage('pod by tag', old),
      podByDigest: buildAppImage('pod by digest', old),
      rest: buildAppImage('rest', old),
    };
    await world.push(extra.moved, 'moved');
    await world.push(extra.podByTag, 'pod-by-tag');
    await world.push(extra.podByDigest, 'pod-by-digest');
    await world.push(extra.rest, 'rest');
    const planned = await world.plan({ 'plan-file': planFile, 'kube-config': [kubeConfig] });
    expect(planned.plan?.repositories[0]?.guards).toEqual([]);
    await changeTheWorld();
  });
  afterAll(async () => {
    await world.remove();
    await Promise.all([server.stop(), cluster.close()]);
  });

  async function changeTheWorld(): Promise<void> {
    const { images, repository } = world;
    const [child] = images.goneNested.children[0]?.children ?? [];
    if (child === undefined) throw new Error('there is a child');
    await world.push(images.pinned, 'moved');
    await world.push(images.goneMulti, 'release');
    await world.push(buildIndex([{ manifest: child }], { annotations: { build: 'later' } }), 'around');
    await writeFile(join(world.clusters, 'new.yaml'), deployment('new', `${repository}:pod-by-tag`));
    cluster.put(pod('new', `${repository}@${extra.podByDigest.digest}`));
  }

  const outcomesOf = (report: Report, built: BuiltManifest): readonly Outcome[] =>
    (report.applied ?? [])
      .flatMap(({ outcomes, notApplied }) => [...outcomes, ...notApplied])
      .filter(({ step }) => step.digest === built.digest);

  it('is applied by the command line, which ends well', async () => {
    const reportFile = join(world.folder, 'report.json');
    const words = ['--plan-file', planFile, '--kube-config', kubeConfig, '--report-file', reportFile];
    const result = await runProcess({
      file: START,
      words: ['apply', ...world.words, ...words],
      environment: world.environment,
      directory: world.folder,
    });
    expect(result).toMatchObject({ code: 0, signal: null });
    applied = JSON.parse(await readFile(reportFile, 'utf8')) as Report;
    expect(applied.result).toEqual({ kind: 'applied' });
  });

  it('skips what has changed, with the reason', () => {
    const { images } = world;
    const whyOf = (built: BuiltManifest) => outcomesOf(applied, built).map(({ outcome, why }) => `${outcome}: ${why}`);
    expect(whyOf(extra.moved)).toEqual(['skipped: tag moved has left it since the plan was made']);
    expect(whyOf(images.goneMulti)).toEqual(['skipped: tag release is on it since the plan was made']);
    for (const child of images.goneMulti.children)
      expect(whyOf(child)).toEqual([`skipped: ${images.goneMulti.digest}, which it belongs to, is still there`]);
    const [child] = images.goneNested.children[0]?.children ?? [];
    expect(whyOf(child ?? images.gone)).toEqual([
      expect.stringMatching(/^skipped: sha256:[0-9a-f]{64} lists it since the plan was made$/),
    ]);
    expect(whyOf(extra.podByTag)).toEqual([
      expect.stringMatching(/^skipped: it stays now: used by .*new.*tag pod-by-tag/),
    ]);
    expect(whyOf(extra.podByDigest)).toEqual([expect.stringMatching(/^skipped: it stays now: used by .*Pod\/new/)]);
  });

  it('leaves whole what was skipped', async () => {
    for (const tag of ['moved', 'release', 'gone-multi', 'gone-too', 'around', 'pod-by-tag', 'pod-by-digest'])
      await world.pullWhole(`:${tag}`);
    await world.pullWhole(`@${extra.moved.digest}`);
    expect(await world.has(`:${fallbackTag(world.images.goneMulti)}`)).toBe(true);
  });

  it('does the rest', async () => {
    const { images, signed } = world;
    const nested = images.goneNested.children[0];
    const rest = [
      extra.rest,
      images.gone,
      signed.gone,
      images.goneNested,
      nested,
      ...(nested?.children.slice(1) ?? []),
    ];
    for (const built of rest) {
      expect(built && outcomesOf(applied, built).map(({ outcome }) => outcome)).toEqual(['deleted']);
      expect(await world.has(`@${built?.digest}`)).toBe(false);
    }
    for (const tag of ['head', 'head-nested', 'used', 'pinned', cosignTag(images.head, 'sig')])
      await world.pullWhole(`:${tag}`);
  });

  it('does nothing more when it is applied once more', async () => {
    const seen = (await server.accessLog()).length;
    const again = await world.apply({ 'plan-file': planFile, 'kube-config': [kubeConfig] });
    expect(again.totals).toMatchObject({ deleted: 0, failed: 0 });
    expect(again.applied?.[0]?.notApplied.filter(({ outcome }) => outcome === 'already-gone').length).toBeGreaterThan(
      4,
    );
    expect((await server.accessLog()).slice(seen).filter((line) => line.startsWith('DELETE'))).toEqual([]);
  });

  it('deletes nothing that only the new plan holds: what was attached after the first one stays', async () => {
    const late = buildAppImage('late', world.commits.old);
    const later = buildAppImage('later', world.commits.old);
    await world.push(late, 'late');
    await world.push(later, 'later');
    const planned = await world.plan({ 'plan-file': planFile, 'kube-config': [kubeConfig] });
    expect(planned.plan?.repositories[0]?.steps.map(({ digest }) => digest)).toContain(late.digest);
    const signature = buildImage({ seed: 'late signature' });
    const attached = buildArtifact('late artifact', later);
    await world.push(signature, cosignTag(late, 'sig'));
    await world.push(buildIndex([{ manifest: attached }]), fallbackTag(later));
    const report = await world.apply({ 'plan-file': planFile, 'kube-config': [kubeConfig] });
    // Referrers protect nothing, so what they belong to goes as planned; they themselves were never reviewed.
    for (const built of [late, later]) expect(await world.has(`@${built.digest}`)).toBe(false);
    for (const built of [signature, attached]) {
      expect(outcomesOf(report, built)).toEqual([]);
      expect(await world.has(`@${built.digest}`)).toBe(true);
    }
  });

  it('refuses a plan file that was changed by hand', async () => {
    const text = await readFile(planFile, 'utf8');
    const forged = text.replaceAll(/"digest": "sha256:[0-9a-f]{64}"/g, `"digest": "${world.images.head.digest}"`);
    expect(forged).not.toBe(text);
    await writeFile(planFile, forged);
    const report = await world.apply({ 'plan-file': planFile, 'kube-config': [kubeConfig] });
    expect(report.result).toMatchObject({ kind: 'stopped', error: { code: 'PLAN_INVALID', exitCode: 2 } });
    await world.pullWhole(':head');
  });
});
