// The Dockerfile, without an engine: what it copies is put where it says, and started. test/real/image.test.ts builds it.

import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TOOL } from '../../src/version.ts';
import { root } from '../support/source-files.ts';

const run = promisify(execFile);
const lines = (await readFile(join(root, 'Dockerfile'), 'utf8')).replaceAll('\\\n', ' ').split('\n');
const valuesOf = (name: string) =>
  lines.flatMap((line) => (line.startsWith(`${name} `) ? [line.slice(name.length + 1)] : []));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'image-'));
});

afterAll(() => rm(folder, { recursive: true }));

/** Does what COPY and `ln -s` do, below the folder. Returns the path of the program. */
async function install(): Promise<string> {
  const [home = ''] = valuesOf('WORKDIR');
  for (const copied of valuesOf('COPY')) {
    const words = copied.split(' ');
    const target = words.at(-1) ?? '';
    for (const source of words.slice(0, -1)) {
      const to = target.endsWith('/') ? join(target, basename(source)) : target;
      await cp(join(root, source), join(folder, home, to), { recursive: true });
    }
  }
  const [, from = '', to = ''] = /ln -s (\S+) (\S+)/.exec(valuesOf('RUN').join('\n')) ?? [];
  await mkdir(dirname(join(folder, to)), { recursive: true });
  await symlink(join(folder, from), join(folder, to));
  return join(folder, to);
}

describe('the container image', () => {
  it('is read at all', () => {
    expect(lines.length).toBeGreaterThan(10);
  });

  it('starts the program that it installs, on Node 24', async () => {
    const program = await install();
    expect(valuesOf('ENTRYPOINT')).toEqual([JSON.stringify([basename(program)])]);
    expect(valuesOf('ARG')[0]).toMatch(/^BASE=node:24\b/);
    expect(valuesOf('FROM')).toEqual(['$BASE']);
    const { stdout } = await run(program, ['--version'], {
      env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin` },
    });
    expect(`registry-cleanup ${stdout.trim()}`).toBe(TOOL);
  });

  it('runs as a user with a number that is not 0, which owns the folder for what is left', () => {
    const [user] = valuesOf('USER');
    expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    const [uid, gid] = user?.split(':') ?? [];
    expect(valuesOf('RUN').join('\n')).toContain(`install -d -o ${uid} -g ${gid} ${valuesOf('WORKDIR').at(-1)}`);
  });

  it('gets only what it copies into its context', async () => {
    const ignored = (await readFile(join(root, '.dockerignore'), 'utf8'))
      .split('\n')
      .filter((line) => !/^(?:#|$)/.test(line));
    const copied = valuesOf('COPY').flatMap((line) =>
      line
        .split(' ')
        .slice(0, -1)
        .map((name) => name.replace(/^\.\//, '')),
    );
    expect(ignored).toEqual(['*', ...copied.map((name) => `!${name}`)]);
  });

  it('has git, and nothing that was installed from npm', () => {
    const commands = valuesOf('RUN').join('\n');
    expect(commands).toMatch(/^command -v git >\/dev\/null \|\| apk add .*\bgit\b/);
    expect(commands).not.toMatch(/\bnpm\b|\bcurl\b/);
  });
});
