// Expands and runs pipelines of GitLab CI on this machine: gitlab-ci-local, in a Git repository of its own that holds this checkout's
// templates. https://github.com/firecow/gitlab-ci-local

import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { root } from './source-files.ts';

const require = createRequire(import.meta.url);
const PROGRAM = require.resolve('gitlab-ci-local');
const ListedJobs = z.array(
  z.looseObject({ name: z.string(), when: z.string(), allow_failure: z.union([z.boolean(), z.looseObject({})]) }),
);

/** Variables of a pipeline. */
export type PipelineVariables = Readonly<Record<string, string>>;

/** A job as a pipeline would have it; without those that it would not have. */
export interface ListedJob {
  readonly name: string;
  readonly when: string;
  readonly mayFail: boolean;
}

/** How gitlab-ci-local ended. */
export interface PipelineRun {
  readonly exitCode: number;
  /** Both streams, without colours. */
  readonly output: string;
}

/** A project with a pipeline. */
export interface PipelineProject {
  readonly folder: string;
  /** Puts the file `.gitlab-ci.yml`, and commits. */
  configure(text: string): void;
  /** The expanded YAML. @throws Error with what gitlab-ci-local says when the configuration is wrong. */
  preview(variables?: PipelineVariables): string;
  /** What {@link preview} says, parsed. */
  expand(variables?: PipelineVariables): Readonly<Record<string, unknown>>;
  /** What is wrong with the configuration; empty when nothing is. */
  complaint(): string;
  listJobs(variables: PipelineVariables): readonly ListedJob[];
  /** Runs one job in a shell, with the sources' own command line as `registry-cleanup` on the path. */
  runJob(name: string, variables: PipelineVariables, path?: readonly string[]): Promise<PipelineRun>;
  /** Runs all jobs that the pipeline has, one after another as they need each other. */
  runPipeline(variables: PipelineVariables, path?: readonly string[]): Promise<PipelineRun>;
  /** A file that the last job of that name left in its working folder; undefined when there is none. */
  readLeft(job: string, path: string): string | undefined;
  close(): void;
}

/** What a pipeline of each kind has among its variables. https://docs.gitlab.com/ci/jobs/job_rules/#ci_pipeline_source-predefined-variable */
export const SOURCES = {
  schedule: { CI_PIPELINE_SOURCE: 'schedule', CI_COMMIT_BRANCH: 'main' },
  push: { CI_PIPELINE_SOURCE: 'push', CI_COMMIT_BRANCH: 'main' },
  web: { CI_PIPELINE_SOURCE: 'web', CI_COMMIT_BRANCH: 'main' },
  api: { CI_PIPELINE_SOURCE: 'api', CI_COMMIT_BRANCH: 'main' },
  trigger: { CI_PIPELINE_SOURCE: 'trigger', CI_COMMIT_BRANCH: 'main' },
  tag: { CI_PIPELINE_SOURCE: 'push', CI_COMMIT_TAG: 'v1' },
  merge_request: {
    CI_PIPELINE_SOURCE: 'merge_request_event',
    CI_MERGE_REQUEST_IID: '7',
    CI_MERGE_REQUEST_PROJECT_PATH: 'group/app',
  },
} as const satisfies Readonly<Record<string, PipelineVariables>>;

/** A new project `group/app` on gitlab.example.com, with the templates and the include of this checkout. */
export function openPipelineProject(): PipelineProject {
  const folder = mkdtempSync(join(tmpdir(), 'pipeline-'));
  cpSync(join(root, 'templates'), join(folder, 'templates'), { recursive: true });
  cpSync(join(root, 'ci'), join(folder, 'ci'), { recursive: true });
  writeFileSync(join(folder, '.gitignore'), '.gitlab-ci-local\n.bin\n');
  const git = (...words: string[]) =>
    check(spawnSync('git', words, { cwd: folder, encoding: 'utf8' }), words.join(' '));
  git('init', '--quiet', '--initial-branch=main');
  git('config', 'user.name', 'ann');
  git('config', 'user.email', 'ann@example.com');
  git('remote', 'add', 'origin', 'https://gitlab.example.com/group/app.git');
  const commit = () => {
    git('add', '--all');
    git('commit', '--quiet', '--allow-empty', '--message=one');
    git('update-ref', 'refs/remotes/origin/main', 'HEAD');
    git('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main');
  };
  commit();
  const bin = installCommandLine(join(folder, '.bin'));
  const look = (words: readonly string[]) => {
    const done = spawnSync(process.execPath, [PROGRAM, ...words], {
      cwd: folder,
      encoding: 'utf8',
      env: plainEnvironment(),
    });
    return { exitCode: done.status ?? 1, output: done.stdout, errors: done.stderr };
  };
  const preview = (variables: PipelineVariables = {}) => {
    const { exitCode, output, errors } = look(['--preview', ...variableWords(variables)]);
    if (exitCode !== 0) throw new Error(`gitlab-ci-local: ${output}${errors}`);
    return output.slice(output.indexOf('---\n'));
  };
  return {
    folder,
    configure: (text) => {
      writeFileSync(join(folder, '.gitlab-ci.yml'), text);
      commit();
    },
    preview,
    expand: (variables) => z.record(z.string(), z.unknown()).parse(parse(preview(variables))),
    complaint: () => {
      const { exitCode, output, errors } = look(['--preview']);
      return exitCode === 0 ? '' : `${output}${errors}`;
    },
    listJobs: (variables) => {
      // That which paths a merge request changes is for GitLab to know.
      const { output, errors } = look(['--list-json', '--no-evaluate-rule-changes', ...variableWords(variables)]);
      const start = output.indexOf('[\n');
      if (start === -1) throw new Error(`gitlab-ci-local: ${output}${errors}`);
      return ListedJobs.parse(JSON.parse(output.slice(start)))
        .filter(({ when }) => when !== 'never')
        .map(({ name, when, allow_failure }) => ({ name, when, mayFail: allow_failure !== false }));
    },
    runJob: (name, variables, path = []) => run(folder, { words: [name], variables, path: [...path, bin] }),
    runPipeline: (variables, path = []) => run(folder, { words: [], variables, path: [...path, bin] }),
    readLeft: (job, path) => {
      const file = join(folder, '.gitlab-ci-local', 'artifacts', folderOf(job), path);
      return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
    },
    close: () => rmSync(folder, { recursive: true }),
  };
}

/** The name of a job in paths, as gitlab-ci-local has it: what is neither a letter, a digit, "_" nor "-" in base64. */
function folderOf(job: string): string {
  return job.replace(/[^\w-]+/g, (text) => Buffer.from(text).toString('base64url'));
}

/** A job that is started by name runs whatever the rules of the pipeline say of it: who asks looks at them first. */
function run(
  folder: string,
  job: { words: readonly string[]; variables: PipelineVariables; path: readonly string[] },
): Promise<PipelineRun> {
  const words = [
    '--force-shell-executor',
    '--shell-isolation',
    '--no-color',
    ...variableWords(job.variables),
    ...job.words,
  ];
  const environment = plainEnvironment();
  const path = [...job.path, dirname(process.execPath), environment['PATH'] ?? ''].join(delimiter);
  const child = spawn(process.execPath, [PROGRAM, ...words], { cwd: folder, env: { ...environment, PATH: path } });
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => parts.push(part));
    child.on('error', reject);
    child.on('close', (code) => resolve({ exitCode: code ?? 1, output: Buffer.concat(parts).toString('utf8') }));
  });
}

/** The command line of the sources, so that no bundle need be built. */
function installCommandLine(folder: string): string {
  const program = join(folder, 'registry-cleanup');
  mkdirSync(folder);
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${join(root, 'test', 'cli', 'start-cli.ts')}" "$@"\n`);
  chmodSync(program, 0o755);
  return folder;
}

function variableWords(variables: PipelineVariables): readonly string[] {
  return Object.entries(variables).flatMap(([name, value]) => ['--variable', `${name}=${value}`]);
}

/** Nothing of a pipeline that this test may itself be in. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, HOME, NO_COLOR: '1', ...(TMPDIR === undefined ? {} : { TMPDIR }) };
}

function check({ status, stderr }: { status: number | null; stderr: string }, what: string): void {
  if (status !== 0) throw new Error(`git ${what}: ${stderr}`);
}
