// The demo: the main job on a world of its own, told step by step. No network; it touches nothing but its folder.

import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runApply, runPlan } from '../cleanup.ts';
import { formatInstant, hours, type Instant, instantFromMs } from '../model/time.ts';
import { describeStatus } from '../report/describe-status.ts';
import { describeVerdict } from '../report/describe-verdict.ts';
import { exitCodeOf } from '../report/exit-code-of.ts';
import { formatBytes } from '../report/format-bytes.ts';
import { formatCount } from '../report/format-count.ts';
import { renderText } from '../report/render-text.ts';
import type { Report } from '../report/report.ts';
import { createPaint, layoutTable, type Paint } from '../report/text-layout.ts';
import { demoCommands, demoFiles, demoSettings } from './demo-settings.ts';
import { makeWorld, type World } from './make-world.ts';
import { isolatedEnvironment } from './run-git.ts';
import { shortenPaths } from './shorten-paths.ts';

/** What the demo needs from the command line. */
export interface DemoRequest {
  readonly context: Parameters<typeof runPlan>[1];
  /** Takes whole lines, each with its newline. */
  readonly print: (text: string) => void;
  readonly color: boolean;
  /** Columns of the terminal. */
  readonly width: number;
  /** False takes the folder away at the end. Default true: looking into it is the point. */
  readonly keepFolder?: boolean;
}

/** How much there is at one time, in the registry and on the disk. */
interface Footprint {
  readonly tags: number;
  readonly images: number;
  readonly bytes: number;
}

/**
 * Makes the world in a new folder for temporary files, plans, applies the plan file, and shows what is left.
 * @returns 0 when all of it worked, else the exit code of the run that did not; 1 when something is left undone or broken.
 * @throws UsageError without git, and whatever the runs throw.
 */
export async function runDemo(request: DemoRequest): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'registry-cleanup-demo-'));
  try {
    const { environment, log, now } = request.context;
    const world = await makeWorld(directory, now(), environment);
    // Each run takes an instant, and a spinner between the lines of the story would only flicker.
    const quiet = { ...log, progress: () => undefined };
    const context = { ...request.context, log: quiet, environment: isolatedEnvironment(environment) };
    return await tell(world, { ...request, context });
  } finally {
    if (request.keepFolder === false) await rm(directory, { recursive: true, force: true });
  }
}

async function tell(world: World, request: DemoRequest): Promise<number> {
  const { context, print } = request;
  const paint = createPaint(request.color);
  const title = (text: string): void => print(`\n${paint.bold(text)}\n`);
  print(`Everything happens in ${paint.bold(world.directory)}; nothing else is touched.\n`);
  title('1. A world to clean');
  print(describeWorld(world));

  title('2. registry-cleanup plan --plan-file plan.json');
  const bytesBefore = await countBytes(world.layoutDirectory);
  const plan = await runPlan(await demoSettings(world, 'plan'), context);
  print(`\n${renderText(shortenPaths(plan, world.directory), request)}`);
  if (plan.result.kind !== 'planned') return exitCodeOf(plan);

  title('3. registry-cleanup apply --plan-file plan.json');
  const applied = await runApply(await demoSettings(world, 'apply'), context);
  const isDone = applied.result.kind === 'applied' && applied.totals.failed + applied.totals.skipped === 0;
  print(isDone ? describeApply(applied) : renderText(shortenPaths(applied, world.directory), request));
  if (!isDone) return exitCodeOf(applied) || 1;

  title('4. What is left');
  const look = await runPlan(await demoSettings(world, 'look'), context);
  if (look.result.kind !== 'planned') {
    print(renderText(shortenPaths(look, world.directory), request));
    return exitCodeOf(look);
  }
  const before = footprintOf(plan, bytesBefore);
  const after = footprintOf(look, await countBytes(world.layoutDirectory));
  print(renderRest({ before, after, look, paint }));
  title('5. Where it lies, and what to try next');
  print(renderFiles(world, { now: context.now(), paint }));
  return isBroken(look) || look.totals.deleted > 0 ? 1 : 0;
}

function describeWorld(world: World): string {
  const rows = [
    ['Git', 'app, origin.git', 'a shop: main, staging, production, features, releases v1.0.0 to v2.0.1'],
    ['', '', 'feature/login is merged; feature/dropped was deleted on origin'],
    ['Registry', 'registry', `an OCI layout that stands for ${world.repository}`],
    ['Clusters', 'clusters', 'manifests of production and staging'],
    ['Policy', '.registry-cleanup.yml', 'the built-in keep policies, and one pin'],
  ];
  return indent(layoutTable(rows, [{}, {}, {}], Number.POSITIVE_INFINITY));
}

function describeApply(report: Report): string {
  const lines = describeVerdict(report).lines.map(({ name, text }) => `${name}: ${text}`);
  return indent([
    ...lines,
    describeStatus(report),
    'Before the first delete it read everything again, decided again, and took only steps that are in both plans.',
  ]);
}

interface Rest {
  readonly before: Footprint;
  readonly after: Footprint;
  /** A plan made after the apply. */
  readonly look: Report;
  readonly paint: Paint;
}

function renderRest({ before, after, look, paint }: Rest): string {
  const rows = [
    ['', 'before', 'after'],
    ['tags', formatCount(before.tags), formatCount(after.tags)],
    ['images', formatCount(before.images), formatCount(after.images)],
    ['on disk', formatBytes(before.bytes), formatBytes(after.bytes)],
  ];
  const whole = isBroken(look)
    ? paint.bad('Something that is left has lost a part. This must never happen.')
    : paint.good('Everything that is left is whole: every index still has all its children.');
  const again =
    look.totals.deleted === 0 ? 'A second plan finds nothing more to delete.' : 'A second plan finds more to delete.';
  return indent([...layoutTable(rows, [{}, { align: 'right' }, { align: 'right' }], 60), '', whole, again]);
}

function isBroken(look: Report): boolean {
  return (look.plan?.repositories ?? []).some(({ remarks }) => remarks.some(({ code }) => code === 'absent-child'));
}

function renderFiles(world: World, { now, paint }: { readonly now: Instant; readonly paint: Paint }): string {
  const files = demoFiles(world);
  const rows = [
    ['plan', files.plan, 'what a person can review before it is applied'],
    ['report', files.report, 'what became of each step'],
    ['journal', files.journal, 'every deleted manifest, byte for byte'],
  ];
  const inAMonth = formatInstant(instantFromMs(now + hours(24 * 30)));
  const commands = ['explain v1.0.1', 'explain pr-12', `plan --as-of ${inAMonth}`];
  return indent([
    ...layoutTable(rows, [{}, {}, {}], Number.POSITIVE_INFINITY),
    '',
    'Ask why an old release and a pull request are still there, and what will go in a month if nothing else happens:',
    '',
    ...demoCommands(world, commands).map(paint.bold),
    '',
    `Seen enough? rm -r ${world.directory}`,
  ]);
}

function footprintOf(report: Report, bytes: number): Footprint {
  const repositories = report.plan?.evidence.repositories ?? [];
  return {
    tags: repositories.reduce((sum, { tags }) => sum + tags, 0),
    images: repositories.reduce((sum, { nodes }) => sum + nodes, 0),
    bytes,
  };
}

async function countBytes(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(file.parentPath, file.name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

function indent(lines: readonly string[]): string {
  return lines
    .map((line) => `  ${line}`.trimEnd())
    .join('\n')
    .concat('\n');
}
