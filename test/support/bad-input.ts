// One row of the bad-input tables: a folder with the user's files, a registry that writes down what it is asked, and one run of
// the command line. Every run is an `apply`: a mistake that does not stop it would delete.

import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type BuiltManifest, buildImage, buildIndex, pushImage } from '../builders/image.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry-server.ts';
import { inAHurry, runCli } from './run-bundle.ts';
import { type Script, type ScriptedServer, startScriptedServer } from './scripted-server.ts';

/** Options of the command line by name; false takes one of the usual ones away. */
export type Words = Readonly<Record<string, string | readonly string[] | boolean>>;

/** A server that is asked. */
interface AskedServer {
  readonly host: string;
  /** `GET /v2/team/app/tags/list?n=1000`; grows. */
  readonly log: readonly string[];
}

/** Where a row plays. */
export interface Stage {
  /** The user's files; a run must leave them as they are. */
  readonly inputs: string;
  /** Writes one of them; its path. */
  write(name: string, content: string | Uint8Array): Promise<string>;
  /** It holds {@link IMAGES} and is cleaned unless another one is started. */
  readonly registry: FakeRegistry;
  /** Starts a server that answers as the script says, and has it cleaned instead. */
  startScript(script: Script, tls?: { readonly cert: string; readonly key: string }): Promise<ScriptedServer>;
  /** Has nothing at all cleaned: an address where nobody listens. */
  useNobody(): void;
}

/** What one run of the command line did. */
export interface BadInputRun {
  readonly code: number | null;
  readonly stdout: string;
  /** Standard error, with HOST for the registry, DIR for the folder of the row, and names for digests of {@link IMAGES}. */
  readonly stderr: string;
  /** What the registry was asked for, sorted, with names for digests of {@link IMAGES}. */
  readonly requests: readonly string[];
  /** Of the report file; undefined when none was written. */
  readonly report: unknown;
  /** Which of the user's files have changed, came or went. Empty when all is well. */
  readonly changedInputs: readonly string[];
  /** Files in the working directory and the folder for temporary files. */
  readonly left: readonly string[];
}

/** The discard port: nobody listens there, and nobody may without being root. */
const NOBODY = '127.0.0.1:9';

const OLD = '2024-03-01T10:00:00Z';
const CHILDREN = ['amd64', 'arm64'].map((architecture) => ({
  manifest: buildImage({ seed: architecture, created: OLD }),
  platform: { os: 'linux', architecture },
}));

/** Tag to image: without a mistake `old` and `multi` with its two children go, and the others stay. */
export const IMAGES: Readonly<Record<string, BuiltManifest>> = {
  keep: buildImage({ seed: 'keep', created: OLD }),
  'keep-2': buildImage({ seed: 'keep-2', created: OLD }),
  multi: buildIndex(CHILDREN),
  old: buildImage({ seed: 'old', created: OLD }),
};

/** Sets the stage, lets the row arrange it, and runs `apply`. All servers and files go when the test ends. */
export async function runBadInput(
  arrange: (stage: Stage) => Promise<Words> | Words,
  options: { readonly hurry?: boolean; readonly environment?: NodeJS.ProcessEnv } = {},
): Promise<BadInputRun> {
  const folder = await mkdtemp(join(tmpdir(), 'bad-input-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const at = (name: string) => join(folder, name);
  for (const name of ['inputs', 'work', 'temp']) await mkdir(at(name));
  const registry = await startFilledRegistry();
  let server: AskedServer = registry;
  const stage: Stage = {
    inputs: at('inputs'),
    write: async (name, content) => {
      await writeFile(at(`inputs/${name}`), content);
      return at(`inputs/${name}`);
    },
    registry,
    startScript: async (script, tls) => {
      const scripted = await startScriptedServer(script, tls);
      onTestFinished(() => scripted.stop());
      server = {
        host: scripted.host,
        get log() {
          return scripted.requests.map(({ method, url }) => `${method} ${url}`);
        },
      };
      return scripted;
    },
    useNobody: () => {
      server = { host: NOBODY, log: [] };
    },
  };
  await stage.write('keep-list.txt', 'keep\nkeep-2\n');
  const words = { ...usualWords(folder), ...(await arrange(stage)) };
  const asked = server;
  const from = asked.log.length;
  const inputs = await hashFiles(at('inputs'));
  const { code, stdout, stderr } = await runCli(
    ['apply', ...lineOf({ repository: `${asked.host}/team/app`, ...words })],
    {
      directory: at('work'),
      // What is kept for later runs is no trace: it holds nothing but what the registry's digests prove.
      environment: {
        TMPDIR: at('temp'),
        XDG_CACHE_HOME: at('cache'),
        ...(options.hurry === true ? inAHurry : {}),
        ...options.environment,
      },
    },
  );
  return {
    code,
    stdout,
    stderr: withNames(stderr.replaceAll(asked.host, 'HOST').replaceAll(folder, 'DIR')),
    requests: asked.log.slice(from).map(withNames).sort(),
    report: await readReport(at('work/report.json')),
    changedInputs: differences(inputs, await hashFiles(at('inputs'))),
    left: [...(await readdir(at('work'))), ...(await readdir(at('temp')))],
  };
}

function usualWords(folder: string): Words {
  return {
    'without-git': true,
    'without-kube': true,
    'keep-list': join(folder, 'inputs/keep-list.txt'),
    'report-file': 'report.json',
    journal: 'journal.jsonl',
    'log-level': 'error',
  };
}

function lineOf(words: Words): readonly string[] {
  return Object.entries(words).flatMap(([name, value]) => {
    if (typeof value === 'boolean') return value ? [`--${name}`] : [];
    const values = typeof value === 'string' ? [value] : value;
    return values.flatMap((one) => [`--${name}`, one]);
  });
}

async function startFilledRegistry(): Promise<FakeRegistry> {
  const registry = await startFakeRegistry();
  onTestFinished(() => registry.stop());
  for (const [tag, manifest] of Object.entries(IMAGES)) {
    await pushImage(registry.origin, 'team/app', { manifest, tags: [tag] });
  }
  return registry;
}

/** `<old>` for a manifest's digest, `<config of old>` for its config's. */
function withNames(text: string): string {
  const children = CHILDREN.map(({ manifest, platform }): [string, BuiltManifest] => [platform.architecture, manifest]);
  let named = text;
  for (const [name, { digest, blobs }] of [...Object.entries(IMAGES), ...children]) {
    named = named.replaceAll(digest, `<${name}>`);
    const config = blobs[0]?.digest;
    if (config !== undefined) named = named.replaceAll(config, `<config of ${name}>`);
  }
  return named;
}

async function readReport(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
}

async function hashFiles(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hashed = files.map(async (file): Promise<[string, string]> => {
    const hash = createHash('sha256').update(await readFile(file));
    return [file.slice(folder.length + 1), hash.digest('hex')];
  });
  return new Map(await Promise.all(hashed));
}

function differences(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((name) => before.get(name) !== after.get(name));
}
