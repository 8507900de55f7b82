// Makes `dist/`: tsc emits JavaScript into lib/, ncc bundles it, every chunk is minified. With `--check` it builds aside
// and compares with the committed dist/, then starts the bundle once. The same sources always give the same bytes.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { minifySync } from 'rolldown/utils';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

if (process.argv.includes('--check')) {
  checkDist();
} else {
  build(dist);
  printSizes(dist);
}

/** Builds into the folder, which is emptied first: a chunk that no longer exists must not stay behind. */
function build(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  runNode(['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
  // ncc takes JavaScript: it drives TypeScript through an API that version 7 does not have. Always the project's own ncc
  // and without its cache: the output depends on where ncc lies relative to the sources.
  runNode([
    'node_modules/@vercel/ncc/dist/ncc/cli.js',
    'build',
    'lib/main.js',
    '--out',
    folder,
    '--license',
    'licenses.txt',
    '--no-cache',
    '--no-source-map-register',
  ]);
  for (const name of readdirSync(folder)) {
    if (name.endsWith('.js')) minifyFile(join(folder, name));
    // dockerode's, for sessions that packages/left-out has taken the place of.
    if (name.endsWith('.proto')) rmSync(join(folder, name));
  }
}

/**
 * Minifies one chunk in place. ncc's own `--minify` leaves the chunks of dynamic imports alone, and these are nearly all
 * of the bundle. Names of functions and classes stay, as some packages read them (and stack traces stay readable).
 */
function minifyFile(file: string): void {
  const result = minifySync(file, readFileSync(file, 'utf8'), {
    module: true,
    compress: { target: 'es2024', keepNames: { function: true, class: true } },
    mangle: { keepNames: true },
    codegen: { removeWhitespace: true, legalComments: 'none' },
    sourcemap: false,
  });
  if (result.errors.length > 0) fail(`${file} cannot be minified:\n${JSON.stringify(result.errors, null, 2)}`);
  writeFileSync(file, result.code);
}

/** Fails when dist/ is not what the sources give, or when the bundle does not start. */
function checkDist(): void {
  const aside = mkdtempSync(join(tmpdir(), 'registry-cleanup-dist-'));
  try {
    build(join(aside, 'dist'));
    const differences = compareFolders(dist, join(aside, 'dist'));
    if (differences.length > 0) {
      fail(`dist/ is not what the sources give; run \`npm run build\` and commit it:\n${differences.join('\n')}`);
    }
    checkStart(aside);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  process.stdout.write(`dist/ is up to date (${listFiles(dist).length} files) and starts\n`);
}

/** One line for every file that is only in one of the folders or has other bytes. Order: by name. */
function compareFolders(committed: string, fresh: string): readonly string[] {
  const before = new Set(listFiles(committed));
  const after = new Set(listFiles(fresh));
  return [...new Set([...before, ...after])].sort(byName).flatMap((name) => {
    if (!after.has(name)) return [`  in dist/, but not built: ${name}`];
    if (!before.has(name)) return [`  built, but not in dist/: ${name}`];
    const same = readFileSync(join(committed, name)).equals(readFileSync(join(fresh, name)));
    return same ? [] : [`  differs: ${name}`];
  });
}

/** Starts both front ends: the action without inputs ends in a usage error of ours, the command line tells its version. */
function checkStart(workspace: string): void {
  const env = { PATH: process.env['PATH'] ?? '', HOME: workspace, GITHUB_ACTIONS: 'true', RUNNER_TEMP: workspace };
  const action = spawnSync(process.execPath, [join(dist, 'index.js')], { cwd: workspace, env, encoding: 'utf8' });
  if (action.status !== 2 || !action.stdout.includes('::error')) {
    fail(`node dist/index.js without inputs must end in a usage error (exit 2): ${describeRun(action)}`);
  }
  const bin = join(root, 'bin', 'registry-cleanup.js');
  const version = spawnSync(process.execPath, [bin, '--version'], { cwd: workspace, env, encoding: 'utf8' });
  if (version.status !== 0 || version.stdout.trim() !== readVersion()) {
    fail(`bin/registry-cleanup.js --version must print ${readVersion()}: ${describeRun(version)}`);
  }
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
  return fail('package.json has no version');
}

/** Paths of all files below the folder, relative to it; empty when there is no such folder. */
function listFiles(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw cause;
  }
}

function byName(left: string, right: string): number {
  return left < right ? -1 : 1;
}

function printSizes(folder: string): void {
  let sum = 0;
  for (const name of [...listFiles(folder)].sort(byName)) {
    const size = readFileSync(join(folder, name)).length;
    sum += size;
    process.stdout.write(`${String(size).padStart(10)}  ${name}\n`);
  }
  process.stdout.write(`${String(sum).padStart(10)}  in all\n`);
}

/** Runs a program of node_modules with this Node in the repository; its output is shown only when it fails. */
function runNode(args: readonly string[]): void {
  const result = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  if (result.status !== 0) fail(`${args[0]} failed: ${describeRun(result)}`);
}

function describeRun(run: { status: number | null; signal: string | null; stdout: string; stderr: string }): string {
  const end = run.signal === null ? `exit code ${run.status}` : `signal ${run.signal}`;
  return [end, run.stdout, run.stderr].filter((part) => part !== '').join('\n');
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
