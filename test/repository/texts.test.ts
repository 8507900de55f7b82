// Things that hold over many files: versions, licences, comments, and what must not stand in a public repository.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { TOOL } from '../../src/version.ts';
import { lineOf, parseSourceFile, readSourceFiles, root, type SourceFile } from '../support/source-files.ts';

const Manifest = z.object({
  version: z.string(),
  license: z.string(),
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
});
const Lock = z.object({
  version: z.string(),
  packages: z.record(z.string(), z.looseObject({ version: z.string().optional(), resolved: z.string().optional() })),
});
const Action = z.object({ name: z.string(), runs: z.object({ using: z.string(), main: z.string() }) });

const manifest = Manifest.parse(JSON.parse(read('package.json')));
const lock = Lock.parse(JSON.parse(read('package-lock.json')));
const sources = readSourceFiles('src');
const tests = readSourceFiles('test');

/** Paths below places where only somebody's own machine keeps things. Written so that this line is none. */
const MACHINE_PATH = new RegExp(`(?<![\\w.~-])/(?:${['work', 'root', 'home/(?!me/)\\w+', 'Users/\\w+'].join('|')})/`);
const NOT_RUN = /\b(?:it|test|describe|suite)(?:\.\w+)*\.(?:only|skip|skipIf|todo|fails)\b|\bx(?:it|test|describe)\(/;

describe('versions', () => {
  it('agree in package.json, its lock, the sources and the changelog', () => {
    expect(TOOL).toBe(`registry-cleanup ${manifest.version}`);
    expect(lock.version).toBe(manifest.version);
    expect(lock.packages['']?.version).toBe(manifest.version);
    expect(/^## \[(\d+\.\d+\.\d+)\]/m.exec(read('CHANGELOG.md'))?.[1]).toBe(manifest.version);
  });

  it('of dependencies are exact', () => {
    const all = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(all.length).toBeGreaterThan(10);
    // A folder of this repository changes with it.
    const ours = /^file:packages\/[a-z-]+$/;
    expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version) && !ours.test(version))).toEqual([]);
  });
});

describe('the lock', () => {
  it('names no registry: everybody asks their own', () => {
    const addresses = Object.values(lock.packages).flatMap(({ resolved }) => resolved ?? []);
    expect(addresses.filter((address) => !/^packages\/[a-z-]+$/.test(address))).toEqual([]);
    expect(read('package-lock.json')).not.toMatch(/127\.0\.0\.1|localhost|\.tgz/);
  });
});

describe('the action', () => {
  it('runs the bundle on Node 24', () => {
    expect(Action.parse(parse(read('action.yml'))).runs).toEqual({ using: 'node24', main: 'dist/index.js' });
  });
});

describe('documents', () => {
  it('grant the MIT licence', () => {
    expect(manifest.license).toBe('MIT');
    expect(read('LICENSE')).toMatch(/^MIT License\n\nCopyright \(c\) \d{4} registry-cleanup contributors\n/);
  });

  it('record decisions in one form, numbered without a gap', () => {
    const names = readdirSync(join(root, 'docs', 'adr')).sort((left, right) => (left < right ? -1 : 1));
    expect(names.length).toBeGreaterThanOrEqual(5);
    expect(names.map((name) => name.slice(0, 4))).toEqual(names.map((_, index) => String(index + 1).padStart(4, '0')));
    for (const name of names) {
      expect(name).toMatch(/^\d{4}-[a-z0-9-]+\.md$/);
      const headings = read(`docs/adr/${name}`).match(/^##? .*$/gm);
      expect(headings?.slice(1), name).toEqual(['## Status', '## Context', '## Decision', '## Consequences']);
    }
  });

  it('say why each package is there', () => {
    const records = readdirSync(join(root, 'docs', 'adr')).map((name) => read(`docs/adr/${name}`));
    const unexplained = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
      (name) => !records.some((record) => record.includes(`\`${name}\``)),
    );
    expect(unexplained).toEqual([]);
  });
});

describe('files of the repository', () => {
  const names = listTracked();

  it('hold no path of somebody\u2019s machine', () => {
    expect(names.length).toBeGreaterThan(50);
    expect(names.flatMap((name) => findLines(name, MACHINE_PATH))).toEqual([]);
    expect(MACHINE_PATH.test(`see ${['', 'work', 'main'].join('/')}`)).toBe(true);
  });
});

describe('tests', () => {
  it('all run: none is switched off or run alone', () => {
    expect(tests.length).toBeGreaterThan(3);
    expect(tests.flatMap((file) => findLines(`test/${file.path}`, NOT_RUN))).toEqual([]);
    for (const word of ['only', 'skip', 'todo']) expect(NOT_RUN.test(`it.${word}('x')`)).toBe(true);
  });

  it('are left out only where a real part is missing, which is said loudly', () => {
    const silent = tests.filter(
      (file) =>
        file.text.includes('.run' + 'If(') &&
        !/(?:require(?:Program|Prism|Act|Distribution|DockerEngine|Mount)|openContainerEngine)\b/.test(file.text),
    );
    expect(silent.map((file) => file.path)).toEqual([]);
  });
});

describe('comments', () => {
  it('open every file of the sources', () => {
    expect(sources.filter((file) => !file.text.startsWith('// ')).map((file) => file.path)).toEqual([]);
  });

  it('document every export', () => {
    expect(sources.flatMap(listExports).length).toBeGreaterThan(100);
    expect(sources.flatMap(findUndocumented)).toEqual([]);
  });

  it('are missed where they are missing', () => {
    const file = parseSourceFile(
      'x.ts',
      ['/** Yes. */', 'export type A = 1;', '', 'export const b = 1;', '// No.', 'export function c() {}'].join('\n'),
    );
    expect(listExports(file)).toHaveLength(3);
    expect(findUndocumented(file)).toEqual(['src/x.ts:4', 'src/x.ts:6']);
  });
});

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Committed files and new ones that are not ignored, without those that are deleted in the work tree. */
function listTracked(): readonly string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 1e8 });
  expect(status, stderr).toBe(0);
  return stdout.split('\0').filter((name) => name !== '' && existsSync(join(root, name)));
}

function findLines(name: string, pattern: RegExp): readonly string[] {
  return read(name)
    .split('\n')
    .flatMap((line, index) => (pattern.test(line) ? [`${name}:${index + 1}: ${line.slice(0, 200)}`] : []));
}

/** Positions of all exported declarations; what is handed on has its comment where it is declared. */
function listExports(file: SourceFile): readonly number[] {
  return file.program.body
    .filter((node) => node.type === 'ExportNamedDeclaration' && node.declaration !== null)
    .map((node) => node.start);
}

function findUndocumented(file: SourceFile): readonly string[] {
  return listExports(file)
    .filter((start) => {
      const before = file.comments.findLast((comment) => comment.end <= start);
      const isDoc = before?.type === 'Block' && before.value.startsWith('*');
      return !(isDoc && file.text.slice(before.end, start).trim() === '');
    })
    .map((start) => `src/${file.path}:${lineOf(file.text, start)}`);
}
