// The whole demo: a world, a plan, an apply, and what is left, told in plain text.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runDemo } from '../../src/demo/run-demo.ts';
import { silentLog } from '../../src/log.ts';
import { instantFromMs } from '../../src/model/time.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { Report } from '../../src/report/report.ts';
import { requireProgram } from '../support/real-parts.ts';
import { findDamage, type LayoutOnDisk, readLayoutOnDisk } from './layout-on-disk.ts';

const MAIN = new URL('../../src/main.ts', import.meta.url).href;
const ESCAPE = '\u001b';

describe.runIf(requireProgram('git'))('the demo', () => {
  let text = '';
  let exitCode: number;
  let tookMs: number;
  let directory = '';
  let layout: LayoutOnDisk;
  let plan: Plan;
  let report: Report;

  beforeAll(async () => {
    const from = performance.now();
    exitCode = await demo({ color: false, print: (part) => (text += part) });
    tookMs = performance.now() - from;
    directory = /\S*registry-cleanup-demo-\w+/.exec(text)?.[0] ?? '';
    layout = readLayoutOnDisk(join(directory, 'registry'));
    plan = JSON.parse(readFileSync(join(directory, 'plan.json'), 'utf8')) as Plan;
    report = JSON.parse(readFileSync(join(directory, 'report.json'), 'utf8')) as Report;
  });
  afterAll(() => {
    if (directory !== '') rmSync(directory, { recursive: true });
  });

  it('ends with 0 in less than 10 seconds', () => {
    expect(exitCode, text).toBe(0);
    expect(tookMs).toBeLessThan(10_000);
  });

  it('deletes everything that the plan says, and the plan says why', () => {
    const [repository] = plan.repositories;
    const gone = repository!.decisions.filter(({ decision }) => decision === 'delete');
    expect(gone.length).toBeGreaterThan(15);
    expect(gone.filter(({ digest }) => layout.blobs.has(digest))).toEqual([]);
    expect(report.result.kind).toBe('applied');
    expect(report.totals).toMatchObject({ deleted: gone.length, failed: 0, skipped: 0 });
  });

  it('leaves every tag that stays whole, with all children, configurations and layers', () => {
    expect(layout.tags.size).toBeGreaterThan(30);
    expect(findDamage(layout)).toEqual([]);
    const kept = plan.repositories[0]!.decisions.filter(({ decision }) => decision === 'keep');
    expect(kept.filter(({ digest }) => !layout.blobs.has(digest))).toEqual([]);
    expect([...layout.tags.keys()].sort()).toEqual(kept.flatMap(({ tags }) => tags).sort());
  });

  it.runIf(requireProgram('skopeo'))('leaves tags that skopeo copies with everything they list', () => {
    for (const tag of ['v2.0.1', 'v1.2.0', 'v1.0.1', 'main', 'feature-checkout']) {
      const target = join(directory, `copy-${tag}`);
      execFileSync('skopeo', [
        'copy',
        '--quiet',
        '--all',
        `oci:${join(directory, 'registry')}:${tag}`,
        `dir:${target}`,
      ]);
      expect(existsSync(join(target, 'manifest.json'))).toBe(true);
    }
  });

  it.each([
    ['v1.0.1', 'kubernetes', 'an old release that a StatefulSet never left'],
    ['v1.2.0', 'parent', 'the index of an image that a pod runs by digest'],
    ['v1.2.3', 'git', 'one of the ten newest releases'],
    ['v1.2.4', 'git', 'a release on no branch'],
    ['main', 'git', 'the newest build of a main branch'],
    ['feature-checkout', 'git', 'the newest build of a feature in work'],
    ['pr-12', 'recent', 'what was built a moment ago'],
    ['pr-9', 'unlinked', 'a pull request, whose state only a forge knows'],
    ['buildcache', 'pin', 'what the policy pins'],
    ['debug-tools', 'unlinked', 'what says nothing about its origin'],
    ['load-test', 'unlinked', 'what has the labels of a foreign base image'],
  ])('keeps %s by the rule %s: %s', (tag, rule) => {
    expect(reasonsOf(tag).decision).toBe('keep');
    expect(reasonsOf(tag).rules).toContain(rule);
    expect(layout.tags.has(tag)).toBe(true);
  });

  it.each([
    ['v1.0.0', 'git-superseded', 'a release beyond the ten newest'],
    ['v1.1.0', 'git-superseded', 'a signed index with its children'],
    ['feature-old-search', 'git-superseded', 'a branch that nobody has touched for months'],
    ['feature-login', 'git-superseded', 'builds of a merged branch'],
    ['feature-dropped', 'git-gone', 'a branch that origin has deleted'],
  ])('deletes %s by the rule %s: %s', (tag, rule) => {
    expect(reasonsOf(tag).decision).toBe('delete');
    expect(reasonsOf(tag).rules).toContain(rule);
    expect(layout.tags.has(tag)).toBe(false);
  });

  it('keeps what a rollback would start, signatures, attestations and bills of material with their image', () => {
    const workloads = JSON.stringify(plan.repositories[0]!.decisions.filter(({ decision }) => decision === 'keep'));
    expect(workloads).toContain('"kind":"ReplicaSet"');
    const rules = (decision: string) =>
      plan.repositories[0]!.decisions.filter((one) => one.decision === decision).flatMap((one) =>
        one.reasons.map((reason) => reason.rule),
      );
    expect(rules('keep')).toEqual(expect.arrayContaining(['child', 'referrer', 'parent']));
    expect(rules('delete')).toContain('owner-goes');
    const signatures = plan.repositories[0]!.decisions.filter(({ tags }) => tags.some((tag) => tag.endsWith('.sig')));
    expect(signatures.map(({ decision }) => decision).sort()).toEqual(['delete', 'keep']);
  });

  it('is plain text when it is not for a terminal, and names every file that it leaves', () => {
    expect(text).not.toContain(ESCAPE);
    for (const name of ['plan.json', 'report.json', 'journal.jsonl']) {
      expect(text).toContain(join(directory, name));
      expect(existsSync(join(directory, name))).toBe(true);
    }
    expect(text).toContain('A second plan finds nothing more to delete.');
  });

  it('journals the bytes of everything it deletes', () => {
    const lines = readFileSync(join(directory, 'journal.jsonl'), 'utf8').trimEnd().split('\n');
    for (const { digest, decision } of plan.repositories[0]!.decisions)
      expect(lines.some((line) => line.includes(digest))).toBe(decision === 'delete');
  });

  it('as a process touches nothing but its folder, whatever the environment says, and is plain in a log', () => {
    const surroundings = mkdtempSync(join(tmpdir(), 'demo-process-'));
    const [home, temporary, empty] = ['home', 'tmp', 'cwd'].map((name) => join(surroundings, name));
    for (const folder of [home, temporary, empty]) mkdirSync(folder!);
    writeFileSync(join(home!, '.gitconfig'), '[protocol "file"]\n\tallow = never\n[core]\n\tbare = nonsense\n');
    const environment = {
      PATH: process.env['PATH'],
      HOME: home,
      TMPDIR: temporary,
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      KUBECONFIG: '/nowhere',
      GIT_DIR: '/nowhere',
      REGISTRY_CLEANUP_KUBE_CONFIG_BASE64: 'nonsense',
    };
    // What bin/registry-cleanup.js does with the bundle.
    const main = `const { runCli } = await import(${JSON.stringify(MAIN)}); await runCli();`;
    const words = ['--input-type=module', '--eval', main, 'registry-cleanup', 'demo'];
    const run = spawnSync(process.execPath, words, { cwd: empty, env: environment, encoding: 'utf8' });
    expect(run.status, run.stdout + run.stderr).toBe(0);
    expect(run.stderr).toBe('');
    expect(run.stdout).toContain('5. Where it lies');
    expect(run.stdout).not.toContain(ESCAPE);
    expect(readdirSync(temporary!)).toEqual([expect.stringMatching(/^registry-cleanup-demo-\w+$/)]);
    expect(readdirSync(empty!)).toEqual([]);
    expect(readdirSync(home!)).toEqual(['.gitconfig']);
    rmSync(surroundings, { recursive: true });
  });

  it('takes its folder away when it is asked to, and colours a terminal', async () => {
    let coloured = '';
    expect(await demo({ color: true, print: (part) => (coloured += part), keepFolder: false })).toBe(0);
    expect(coloured).toContain(ESCAPE);
    const folder = /\S*registry-cleanup-demo-\w+/.exec(stripVTControlCharacters(coloured))?.[0] ?? '';
    expect(folder).not.toBe('');
    expect(existsSync(folder)).toBe(false);
  });

  function reasonsOf(tag: string) {
    const found = plan.repositories[0]!.decisions.find(({ tags }) => (tags as readonly string[]).includes(tag));
    return { decision: found?.decision, rules: found?.reasons.map(({ rule }) => rule) };
  }
});

interface Output {
  readonly color: boolean;
  readonly print: (text: string) => void;
  readonly keepFolder?: boolean;
}

function demo(output: Output): Promise<number> {
  const now = () => instantFromMs(Date.now());
  return runDemo({ context: { log: silentLog, environment: process.env, now }, width: 100, ...output });
}
