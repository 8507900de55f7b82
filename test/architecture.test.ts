// The shape of the code: which folder may import which, where each package has its place, and what pure code never touches.

import { dirname, join, normalize } from 'node:path';
import { Visitor } from 'rolldown/utils';
import { describe, expect, it } from 'vitest';
import { lineOf, parseSourceFile, readSourceFiles, type SourceFile } from './support/source-files.ts';

/** A unit is a folder of `src/`, or a file that lies directly in it. What it may import besides itself. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  log: [],
  util: ['errors'],
  model: ['util', 'errors'],
  options: [],
  config: ['model', 'util', 'errors', 'options', 'log'],
  policy: ['model', 'util', 'errors'],
  plan: ['model', 'util', 'errors'],
  report: ['model', 'plan', 'util', 'errors'],
  http: ['util', 'errors', 'log'],
  forge: ['model', 'config', 'git', 'util', 'errors'],
  github: ['model', 'config', 'forge', 'http', 'util', 'errors', 'log'],
  gitlab: ['model', 'config', 'forge', 'http', 'util', 'errors', 'log'],
  registry: ['model', 'config', 'http', 'github', 'gitlab', 'util', 'errors', 'log'],
  git: ['model', 'config', 'util', 'errors', 'log'],
  kubernetes: ['model', 'config', 'util', 'errors', 'log'],
  host: ['model', 'config', 'http', 'util', 'errors', 'log'],
  apply: ['model', 'plan', 'registry', 'util', 'errors', 'log'],
  run: 'model config policy plan report registry forge github gitlab git kubernetes host apply options version util errors log'.split(
    ' ',
  ),
  cleanup: 'run model config policy plan report options version util errors log'.split(' '),
  version: [],
  demo: ['cleanup', 'config', 'model', 'report', 'registry', 'util', 'errors', 'log'],
  cli: ['cleanup', 'options', 'config', 'model', 'plan', 'report', 'demo', 'version', 'util', 'errors', 'log'],
  action: ['cleanup', 'options', 'config', 'model', 'plan', 'report', 'demo', 'version', 'util', 'errors', 'log'],
  main: ['cli', 'action', 'version', 'errors'],
};

/** Arrows of a file or unit that are narrower than its unit's: only these files, and only what is erased when emitted. */
const TYPES_ONLY: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  apply: { registry: ['registry/port.ts'] },
  registry: { config: ['config/settings.ts'] },
  forge: { config: ['config/settings.ts'], git: ['git/forge-remote.ts'] },
  github: { config: ['config/settings.ts'] },
  gitlab: { config: ['config/settings.ts'] },
  git: { config: ['config/settings.ts'] },
  kubernetes: { config: ['config/settings.ts'] },
  host: { config: ['config/host-settings.ts'] },
};

/** Where each package has its place: folders (with a slash) and files of `src/`. A package that is missing here has none. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '@actions/cache': ['action/'],
  '@actions/core': ['action/'],
  '@actions/exec': ['git/'],
  '@octokit/rest': ['github/'],
  commander: ['cli/'],
  dockerode: ['host/'],
  'json-p3': ['kubernetes/images/', 'config/'],
  murmurhash: ['model/'],
  'p-queue': ['http/', 'github/', 'registry/', 'kubernetes/', 'util/'],
  'p-retry': ['http/', 'github/', 'registry/', 'kubernetes/', 'util/'],
  re2js: ['policy/', 'config/', 'registry/gitlab-right.ts'],
  undici: ['http/', 'registry/', 'kubernetes/'],
  yaml: ['config/', 'kubernetes/'],
  'yocto-spinner': ['cli/'],
  zod: ['config/', 'forge/', 'github/', 'gitlab/', 'host/', 'registry/', 'kubernetes/', 'plan/', 'report/'],
};

/** Packages that cost most of the start-up time; nobody may load them before they are needed. */
const HEAVY = ['@actions/cache', '@actions/core', '@octokit/rest', '@actions/exec', 'dockerode', 'json-p3', 'undici'];

/** Evidence, policy and now in, decisions out: these folders know no clock, network, process, environment or file. */
const PURE = ['model', 'policy', 'plan', 'report'];

/** Modules of Node that have no effect. Hashing is a function of the bytes. */
const PURE_NODE_MODULES: Readonly<Record<string, readonly string[]>> = { 'node:crypto': ['plan', 'report'] };

/** Globals through which an effect or the present time would come in. */
const IMPURE_GLOBALS: ReadonlySet<string> = new Set(
  (
    'process globalThis global console fetch performance navigator crypto require WebSocket ' +
    'setTimeout setInterval setImmediate queueMicrotask Worker BroadcastChannel'
  ).split(' '),
);

/** The one face of `run/` to the front ends: it may hand on what lies there. */
const FACADE = 'cleanup.ts';

const NAMES_THAT_SAY_NOTHING = /(?:^|\/)(?:utils?|helpers?|common|types|misc|shared|index)\.ts$/;
const MAX_LINES = 300;

const files = readSourceFiles('src');
const paths = new Set(files.map((file) => file.path));

describe('the shape of the code', () => {
  it('is checked on real files', () => {
    expect(files.length).toBeGreaterThan(15);
    expect(files.flatMap((file) => file.imports).length).toBeGreaterThan(files.length);
    expect(files.map((file) => file.path)).toContain('main.ts');
  });

  it('has a row in the table of arrows for every folder', () => {
    expect([...new Set(files.map((file) => unitOf(file.path)))].filter((unit) => ARROWS[unit] === undefined)).toEqual(
      [],
    );
  });

  it('imports only along the arrows', () => {
    expect(files.flatMap(findBadArrows)).toEqual([]);
  });

  it('resolves every relative import to a file of src', () => {
    const missing = files.flatMap((file) => listTargets(file).filter((target) => !paths.has(target)));
    expect(missing).toEqual([]);
  });

  it('keeps each package in its one place', () => {
    expect(files.flatMap(findBadPackages)).toEqual([]);
  });

  it('has no import cycle', () => {
    expect(findCycles(files)).toEqual([]);
  });

  it('keeps heavy packages out of what every run loads', () => {
    expect(listLoaded('main.ts').filter((request) => HEAVY.includes(packageOf(request)))).toEqual([]);
  });

  it('reads manifests and paths of kinds only when a cluster is asked', () => {
    const loaded = listLoaded('cleanup.ts').map(packageOf);
    expect(loaded.length).toBeGreaterThan(0);
    expect(loaded).not.toContain('json-p3');
  });

  it('keeps clock, network, process, environment and files out of the pure folders', () => {
    const pure = files.filter((file) => PURE.includes(unitOf(file.path)));
    expect(new Set(pure.map((file) => unitOf(file.path)))).toEqual(new Set(PURE));
    expect(pure.flatMap(findImpurities)).toEqual([]);
  });

  it('has no barrels: nothing is exported that another file declares', () => {
    expect(files.filter((file) => file.path !== FACADE).flatMap(findReExports)).toEqual([]);
  });

  it('names files in kebab-case after what they hold', () => {
    const badCase = files.filter(
      (file) => !/^(?:[a-z0-9]+(?:-[a-z0-9]+)*\/)*[a-z0-9]+(?:-[a-z0-9]+)*\.ts$/.test(file.path),
    );
    const badName = files.filter((file) => NAMES_THAT_SAY_NOTHING.test(file.path));
    expect([...badCase, ...badName].map((file) => file.path)).toEqual([]);
  });

  it(`has no file of more than ${MAX_LINES} lines`, () => {
    const long = files.map((file) => ({ path: file.path, lines: file.text.trimEnd().split('\n').length }));
    expect(long.filter(({ lines }) => lines > MAX_LINES)).toEqual([]);
  });
});

// The checks above pass on good code, which proves little: here each of them meets the mistake that it is there for.
describe('the checks of the shape', () => {
  it.each([
    ['an upward arrow', 'model/x.ts', "import { run } from '../cleanup.ts';"],
    ['a type-only upward arrow', 'model/x.ts', "import type { Run } from '../cleanup.ts';"],
    ['a dynamic upward arrow', 'policy/x.ts', "await import('../registry/open.ts');"],
    ['a re-export along no arrow', 'plan/x.ts', "export { open } from '../registry/open.ts';"],
    ['values of the port in apply', 'apply/x.ts', "import { open } from '../registry/port.ts';"],
    ['types beyond the port in apply', 'apply/x.ts', "import type { T } from '../registry/transport.ts';"],
    ['a path out of the source folder', 'model/x.ts', "import { y } from '../../test/y.ts';"],
  ])('find %s', (_name, path, text) => {
    expect(findBadArrows(parseSourceFile(path, text))).toHaveLength(1);
  });

  it.each([
    ['a package in the wrong folder', 'git/x.ts', "import * as core from '@actions/core';"],
    ['a package outside its folder', 'kubernetes/x.ts', "import { query } from 'json-p3';"],
    ['a deep import of a package', 'policy/x.ts', "import z from 'zod/mini';"],
    ['a package without a place', 'cli/x.ts', "import _ from 'lodash';"],
    ['a Node module without its prefix', 'cli/x.ts', "import { join } from 'path';"],
  ])('find %s', (_name, path, text) => {
    expect(findBadPackages(parseSourceFile(path, text))).toHaveLength(1);
  });

  it.each([
    ['Date.now', 'export const x = Date.now();'],
    ['a new Date of the present', 'export const x = new Date();'],
    ['Date as a function', 'export const x = Date();'],
    ['Math.random', 'export const x = Math.random();'],
    ['the environment', "export const x = process.env['X'];"],
    ['a timer', 'setTimeout(() => undefined, 1);'],
    ['the network', "export const x = fetch('http://127.0.0.1');"],
    ['printing', "console.log('x');"],
    ['files', "import { readFileSync } from 'node:fs';"],
    ['a dynamic import of a Node module', "await import('node:child_process');"],
  ])('find %s in pure code', (_name, text) => {
    expect(findImpurities(parseSourceFile('policy/x.ts', text))).toHaveLength(1);
  });

  it('let pure code hash a plan, read a given date and have a field named process', () => {
    const text =
      "import { createHash } from 'node:crypto';\nexport const x = { process: new Date(0), now: y.process };";
    expect(findImpurities(parseSourceFile('plan/x.ts', text))).toEqual([]);
  });

  it('find a cycle over several files, also one of types', () => {
    const cycle = [
      parseSourceFile('model/a.ts', "import { b } from './b.ts';"),
      parseSourceFile('model/b.ts', "import type { C } from './c.ts';"),
      parseSourceFile('model/c.ts', "import { a } from './a.ts';"),
    ];
    expect(findCycles(cycle)).toEqual(['model/a.ts > model/b.ts > model/c.ts > model/a.ts']);
  });

  it.each(["export * from './a.ts';", "export { a } from './a.ts';", "import { a } from './a.ts';\nexport { a };"])(
    'find the barrel %j',
    (text) => {
      expect(findReExports(parseSourceFile('model/x.ts', text))).toHaveLength(1);
    },
  );
});

function findBadArrows(file: SourceFile): readonly string[] {
  const from = unitOf(file.path);
  return file.imports
    .filter(({ request }) => request.startsWith('.'))
    .flatMap(({ request, kind, line }) => {
      const target = normalize(join(dirname(file.path), request));
      const to = unitOf(target);
      if (from === to && !target.startsWith('..')) return [];
      const erased = TYPES_ONLY[from]?.[to];
      const allowed =
        ARROWS[from]?.includes(to) === true && (erased === undefined || (erased.includes(target) && kind === 'type'));
      return allowed ? [] : [`src/${file.path}:${line} must not import ${target} (${kind})`];
    });
}

function findBadPackages(file: SourceFile): readonly string[] {
  return file.imports
    .filter(({ request }) => !request.startsWith('.') && !request.startsWith('node:'))
    .filter(({ request }) => !(PACKAGES[request] ?? []).some((place) => isAt(file.path, place)))
    .map(({ request, line }) => `src/${file.path}:${line} is not the place of ${request}`);
}

function isAt(path: string, place: string): boolean {
  return place.endsWith('/') ? path.startsWith(place) : path === place;
}

function findImpurities(file: SourceFile): readonly string[] {
  const unit = unitOf(file.path);
  const found = file.imports
    .filter(({ request }) => request.startsWith('node:') && PURE_NODE_MODULES[request]?.includes(unit) !== true)
    .map(({ request, line }) => `src/${file.path}:${line} imports ${request}`);
  const report = (start: number, what: string): void => {
    found.push(`src/${file.path}:${lineOf(file.text, start)} uses ${what}`);
  };
  const names = new Set<number>();
  new Visitor({
    // Names of members and keys are no variables.
    MemberExpression(node) {
      if (!node.computed) names.add(node.property.start);
      const object = node.object.type === 'Identifier' ? node.object.name : '';
      const property = node.property.type === 'Identifier' ? node.property.name : '';
      if (['Date.now', 'Math.random'].includes(`${object}.${property}`)) report(node.start, `${object}.${property}`);
    },
    Property(node) {
      if (!node.computed && !node.shorthand) names.add(node.key.start);
    },
    TSPropertySignature(node) {
      names.add(node.key.start);
    },
    TSMethodSignature(node) {
      names.add(node.key.start);
    },
    NewExpression(node) {
      if (node.callee.type === 'Identifier' && node.callee.name === 'Date' && node.arguments.length === 0)
        report(node.start, 'the present time');
    },
    CallExpression(node) {
      if (node.callee.type === 'Identifier' && node.callee.name === 'Date') report(node.start, 'the present time');
    },
    Identifier(node) {
      if (IMPURE_GLOBALS.has(node.name) && !names.has(node.start)) report(node.start, node.name);
    },
  }).visit(file.program);
  return found;
}

function findReExports(file: SourceFile): readonly string[] {
  const imported = new Set<string>();
  const found: string[] = [];
  for (const node of file.program.body) {
    if (node.type === 'ImportDeclaration') for (const specifier of node.specifiers) imported.add(specifier.local.name);
  }
  for (const node of file.program.body) {
    const line = lineOf(file.text, node.start);
    if (node.type === 'ExportAllDeclaration') found.push(`src/${file.path}:${line} exports all of another file`);
    if (node.type !== 'ExportNamedDeclaration') continue;
    const handsOn = node.specifiers.some(({ local }) => local.type === 'Identifier' && imported.has(local.name));
    if (node.source !== null || handsOn) found.push(`src/${file.path}:${line} exports what another file declares`);
  }
  return found;
}

/** Every cycle that a walk along all imports meets, as `a > b > a`. */
function findCycles(all: readonly SourceFile[]): readonly string[] {
  const edges = new Map(all.map((file) => [file.path, listTargets(file)]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' > '));
      return;
    }
    if (done.has(path)) return;
    for (const target of edges.get(path) ?? []) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) walk(path, []);
  return cycles;
}

function listTargets(file: SourceFile): readonly string[] {
  return file.imports
    .filter(({ request }) => request.startsWith('.'))
    .map(({ request }) => normalize(join(dirname(file.path), request)));
}

/** Everything outside `src/` that is loaded when this file is loaded: dynamic imports wait, types are erased. */
function listLoaded(start: string): readonly string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const seen = new Set([start]);
  const outside = new Set<string>();
  for (const path of seen) {
    const file = byPath.get(path);
    expect(file, `src/${path} is there`).toBeDefined();
    for (const { request, kind } of file?.imports ?? []) {
      if (kind !== 'value') continue;
      if (request.startsWith('.')) seen.add(normalize(join(dirname(path), request)));
      else outside.add(request);
    }
  }
  return [...outside];
}

function unitOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : path.replace(/\.ts$/, '');
}

function packageOf(request: string): string {
  return request
    .split('/')
    .slice(0, request.startsWith('@') ? 2 : 1)
    .join('/');
}
