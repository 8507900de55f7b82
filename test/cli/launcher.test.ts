import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const LAUNCHER = join(import.meta.dirname, '../../bin/registry-cleanup.js');
/** Makes the process believe that it is an old Node; the syntax of the launcher is checked by reading it. */
const OLD_NODE =
  "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'18.20.0'}})";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'launcher-'));
  for (const name of ['bin', 'dist', 'node_modules/node/bin']) await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await copyFile(LAUNCHER, join(folder, 'bin/registry-cleanup.js'));
});

afterEach(() => rm(folder, { recursive: true }));

async function launch(nodeOptions: readonly string[] = []) {
  const child = spawn(process.execPath, [...nodeOptions, join(folder, 'bin/registry-cleanup.js'), 'a', 'b c']);
  const ended = once(child, 'close');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code, signal] = (await ended) as [number | null, string | null];
  return { stdout, stderr, code, signal };
}

async function writeOwnNode(script: string): Promise<void> {
  const path = join(folder, 'node_modules/node/bin/node');
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

describe('the launcher', () => {
  it('starts the bundle', async () => {
    await writeFile(
      join(folder, 'dist/index.js'),
      'export async function runCli() { console.log(process.argv.slice(2)); process.exitCode = 5; }',
    );
    expect(await launch()).toMatchObject({ code: 5, stdout: "[ 'a', 'b c' ]\n" });
  });

  it('says what to do without a bundle', async () => {
    const { code, stderr } = await launch();
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: .*dist.index\.js is missing\. In a checkout: npm ci && npm run build\n$/);
  });

  it('passes words and exit code on, with an old Node and one of our own', async () => {
    await writeOwnNode('shift; echo "$@"; exit 7');
    expect(await launch(['--import', OLD_NODE])).toMatchObject({ code: 7, stdout: 'a b c\n' });
  });

  it('ends by the signal that ended the other Node', async () => {
    await writeOwnNode('kill -TERM $$');
    expect(await launch(['--import', OLD_NODE])).toMatchObject({ code: null, signal: 'SIGTERM' });
  });

  it('says what to do with an old Node and no other', async () => {
    const { code, stderr } = await launch(['--import', OLD_NODE]);
    expect(code).toBe(2);
    expect(stderr).toContain('error: registry-cleanup needs Node 24 or newer');
  });
});
