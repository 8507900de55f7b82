// A registry, a clone, a folder with werf.yaml and cluster manifests, and the command line run as a process in it.

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ShownDecision } from '../../../src/plan/plan.ts';
import type { Report } from '../../../src/report/report.ts';
import { type ProcessResult, runProcess } from '../../cli/run-process.ts';
import type { RegistryServer } from '../../support/registry-server.ts';
import { makeWerfHistory, type WerfHistory } from './history.ts';

const START = fileURLToPath(new URL('../../cli/start-cli.ts', import.meta.url));
const WRITES = /^(?:PUT|POST|PATCH|DELETE) /;

/** One run, with the report that it left. */
export interface PlaceRun extends ProcessResult {
  /** Absent when there is none. */
  readonly report?: Report;
  /** What the registry was asked to change meanwhile: `DELETE /v2/…/manifests/sha256:… 202`, oldest first. */
  readonly writes: readonly string[];
  /** How many requests there were. */
  readonly requests: number;
}

/** Where the tool is run. */
export interface Place {
  readonly server: RegistryServer;
  readonly folder: string;
  readonly history: WerfHistory;
  /** `shop/app`. */
  readonly name: string;
  /** `127.0.0.1:PORT/shop/app`. */
  readonly repository: string;
  /** Runs a command on the repository with werf.yaml's policies and the clusters' manifests; the given words outrank these. */
  run(command: string, ...words: readonly string[]): Promise<PlaceRun>;
  /** The same without any word of the place's own. */
  runAlone(...words: readonly string[]): Promise<PlaceRun>;
  /** Writes a file into the folder. */
  write(name: string, text: string): Promise<void>;
  /** All tags of the repository, or of another one by its name, sorted; none when it is not known. */
  tags(name?: string): Promise<readonly string[]>;
  remove(): Promise<void>;
}

/** What differs from place to place. */
export interface PlaceOptions {
  /** Of the history, in milliseconds since 1970. */
  readonly now: number;
  /** The repository's name, `shop/app` by default. */
  readonly name?: string;
  /** How the tool reaches the registry, where not directly: `127.0.0.1:PORT` of a proxy. */
  readonly host?: string;
}

/** A place at a registry. */
export async function makePlace(server: RegistryServer, options: PlaceOptions): Promise<Place> {
  const { name = 'shop/app', host = server.host } = options;
  const folder = await mkdtemp(join(tmpdir(), 'werf-place-'));
  const history = makeWerfHistory(options.now);
  const repository = `${host}/${name}`;
  await mkdir(join(folder, 'clusters'));
  const reportFile = join(folder, 'report.json');

  async function runAlone(...words: readonly string[]): Promise<PlaceRun> {
    await rm(reportFile, { force: true });
    const seen = (await server.accessLog()).length;
    const result = await runProcess({ file: START, words, directory: folder });
    const asked = (await server.accessLog()).slice(seen);
    const report = await readReport(reportFile);
    return {
      ...result,
      ...(report === undefined ? {} : { report }),
      writes: asked.filter((line) => WRITES.test(line)),
      requests: asked.length,
    };
  }

  return {
    server,
    folder,
    history,
    name,
    repository,
    runAlone,
    run: (command, ...words) => {
      const own = { '--repository': repository, ...sourcesOf(folder, history), ...reportWords(command) };
      const missing = Object.entries(own).filter(([name]) => !words.includes(name));
      return runAlone(command, ...missing.flat(), ...words);
    },
    write: (name, text) => writeFile(join(folder, name), text),
    tags: (other = name) => listTags(server, other),
    remove: async () => {
      history.sandbox.remove();
      await rm(folder, { recursive: true });
    },
  };

  function reportWords(command: string): Readonly<Record<string, string>> {
    return command === 'explain' ? {} : { '--report-file': reportFile, '--max-delete-share': '1' };
  }
}

function sourcesOf(folder: string, history: WerfHistory): Readonly<Record<string, string>> {
  return { '--git-dir': history.clone, '--kube-manifests': join(folder, 'clusters') };
}

/** The decisions of the first repository by tag, and by digest for those without any. */
export function decisionsOf(run: PlaceRun, repository = 0): ReadonlyMap<string, ShownDecision> {
  const plan = run.report?.plan?.repositories[repository];
  if (plan === undefined) throw new Error(`there is no plan: ${run.stdout}${run.stderr}`);
  return new Map(
    plan.decisions.flatMap((decision) =>
      [...decision.tags, decision.digest].map((name): [string, ShownDecision] => [name, decision]),
    ),
  );
}

/** The code and what was said, for messages of failed expectations. */
export function told({ code, stdout, stderr }: ProcessResult): string {
  return `${code}\n${stdout}\n${stderr}`;
}

async function readReport(file: string): Promise<Report | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Report;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function listTags(server: RegistryServer, name: string): Promise<readonly string[]> {
  const all: string[] = [];
  let path: string | undefined = `/v2/${name}/tags/list?n=1000`;
  for (let pages = 0; path !== undefined; pages += 1) {
    if (pages > 100) throw new Error('the list of tags does not end');
    const response: Response = await fetch(`${server.origin}${path}`);
    if (response.status === 404) return [];
    const { tags } = (await response.json()) as { tags: readonly string[] | null };
    all.push(...(tags ?? []));
    path = /<([^>]+)>; *rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
  }
  return all.toSorted();
}
