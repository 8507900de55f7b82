// templates/kubernetes: the rights are what `rbac` prints, and the jobs give the tool only what it takes, in an image that is released.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { renderTemplates } from '../../scripts/write-kubernetes-templates.ts';
import { parsePolicyFile } from '../../src/config/parse-policy-file.ts';
import { isForCommand, type OptionCommand } from '../../src/options/option.ts';
import { findOption, type OptionName, selectOptions } from '../../src/options.ts';
import { TOOL } from '../../src/version.ts';
import { root } from '../support/source-files.ts';

const FOLDER = join(root, 'templates', 'kubernetes');
const IMAGE = `ghcr.io/registry-cleanup/registry-cleanup:${TOOL.split(' ')[1]}`;
const JOBS = ['cron-job.yaml', 'verify-cron-job.yaml'] as const;

const Container = z.looseObject({
  image: z.string(),
  args: z.array(z.string()).optional(),
  env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })),
  securityContext: z.unknown(),
  volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })),
});
const CronJob = z.looseObject({
  apiVersion: z.literal('batch/v1'),
  kind: z.literal('CronJob'),
  metadata: z.looseObject({ namespace: z.string() }),
  spec: z.looseObject({
    concurrencyPolicy: z.string(),
    jobTemplate: z.looseObject({
      spec: z.looseObject({
        backoffLimit: z.number(),
        template: z.looseObject({
          spec: z.looseObject({
            serviceAccountName: z.string(),
            restartPolicy: z.string(),
            securityContext: z.unknown(),
            initContainers: z.array(Container).optional(),
            containers: z.array(Container).length(1),
            volumes: z.array(z.looseObject({ name: z.string() })),
          }),
        }),
      }),
    }),
  }),
});

const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');

function podOf(name: string) {
  const job = CronJob.parse(parse(read(name)));
  const pod = job.spec.jobTemplate.spec.template.spec;
  return { job, pod, containers: [...(pod.initContainers ?? []), ...pod.containers] };
}

describe('the rights in templates/kubernetes', () => {
  it('are three files', () => {
    expect([...renderTemplates().keys()]).toEqual(['service-account.yaml', 'cluster-role.yaml', 'role.yaml']);
  });

  it.each([...renderTemplates()])(
    '%s is what rbac prints (node scripts/write-kubernetes-templates.ts)',
    (name, text) => {
      expect(read(name)).toBe(text);
    },
  );

  it.each([...renderTemplates().keys()])('%s is YAML, and has no line that nobody reads to its end', (name) => {
    for (const document of parseAllDocuments(read(name))) {
      expect(document.errors).toEqual([]);
      expect(document.toJS()).toHaveProperty('kind');
    }
    const comments = read(name)
      .split('\n')
      .filter((line) => line.trimStart().startsWith('#'));
    expect(comments.filter((line) => line.length > 140)).toEqual([]);
  });
});

describe.each(JOBS)('%s', (name) => {
  const { job, pod, containers } = podOf(name);

  it('runs the image of this version with the account that the rights are for', () => {
    expect(containers.map(({ image }) => image)).toEqual(containers.map(() => IMAGE));
    expect([pod.serviceAccountName, job.metadata.namespace]).toEqual(['registry-cleanup', 'registry-cleanup']);
  });

  it('gives only options that the command has', () => {
    const args = pod.containers[0]?.args?.filter((word) => !word.includes('\n')) ?? [];
    const [command, ...words] = args;
    const names = words.map((word) => /^--([a-z-]+)=./.exec(word)?.[1] ?? word);
    const known = selectOptions('cli').filter((option) => isForCommand(option, command as OptionCommand));
    expect(names.length).toBeGreaterThan(1);
    expect(names.filter((option) => !known.some((other) => other.name === option))).toEqual([]);
  });

  it('has no right and no way that it does not need', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    for (const { securityContext } of containers)
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    expect(read(name)).not.toMatch(/hostPath|hostNetwork|privileged: true/);
  });

  it('mounts only volumes that it has, and all of them', () => {
    const mounted = new Set(containers.flatMap(({ volumeMounts }) => volumeMounts.map((mount) => mount.name)));
    expect([...mounted].toSorted()).toEqual(pod.volumes.map((volume) => volume.name).toSorted());
  });

  it('reads and writes only where something is mounted', () => {
    const places = pod.containers.flatMap(({ volumeMounts }) => volumeMounts.map(({ mountPath }) => mountPath));
    const paths = pod.containers[0]?.args?.flatMap((word) => /^--[a-z-]+=(\/.*)/.exec(word)?.[1] ?? []) ?? [];
    const variables = containers.flatMap(({ env }) =>
      env.flatMap(({ value }) => (value?.startsWith('/') ? [value] : [])),
    );
    expect(paths.length).toBeGreaterThan(1);
    expect(
      [...paths, ...variables].filter((path) => !places.some((place) => `${path}/`.startsWith(`${place}/`))),
    ).toEqual([]);
  });

  it('is no CI job: there the account of the pod would not count', () => {
    expect(containers.flatMap(({ env }) => env.map((variable) => variable.name))).not.toContain('CI');
  });

  it('never runs twice at once, and tries nothing again that might hide an alarm', () => {
    expect(job.spec.concurrencyPolicy).toBe('Forbid');
    expect([job.spec.jobTemplate.spec.backoffLimit, pod.restartPolicy]).toEqual([0, 'Never']);
  });
});

describe('the cleaning job', () => {
  it('plans until somebody says apply, and its journal would outlive the pod', () => {
    const { pod } = podOf('cron-job.yaml');
    expect(pod.containers[0]?.args?.[0]).toBe('plan');
    const journal = /--journal=(\S+)/.exec(read('cron-job.yaml'))?.[1];
    const mount = pod.containers[0]?.volumeMounts.find(({ mountPath }) => journal?.startsWith(`${mountPath}/`));
    expect(pod.volumes.find((volume) => volume.name === mount?.name)).toHaveProperty('persistentVolumeClaim');
    expect(isForCommand(findOption('journal' satisfies OptionName), 'apply')).toBe(true);
  });
});

describe('the script of the verifying job', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'verify-job-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  /** Runs it with stand-ins for the tool, which ends in 1 and says what it was given, and for wget. */
  async function runScript(pushgateway: string, wget: string) {
    const [script = '', ...words] = podOf('verify-cron-job.yaml').pod.containers[0]?.args ?? [];
    await writeProgram('registry-cleanup', `echo "$@"\necho metric >"${folder}/metrics.prom"\nexit 1`);
    await writeProgram('wget', `echo wget "$@"\n${wget}`);
    const moved = script.replaceAll('/tmp/', `${folder}/`);
    return spawnSync('sh', ['-c', moved, ...words], {
      env: { PATH: `${folder}:/usr/bin:/bin`, PUSHGATEWAY: pushgateway },
      encoding: 'utf8',
    });
  }

  async function writeProgram(name: string, text: string): Promise<void> {
    await writeFile(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }

  it('gives the options on, and ends as verify does', async () => {
    const { status, stdout } = await runScript('', 'exit 0');
    expect({ status, stdout }).toEqual({
      status: 1,
      stdout: 'verify --config=/etc/registry-cleanup/policy/policy.yml --metrics=/tmp/metrics.prom\n',
    });
  });

  it('sends the metrics where somebody wants them, also of what is missing', async () => {
    const { status, stdout } = await runScript('http://gateway:9091', 'exit 0');
    expect(status).toBe(1);
    expect(stdout).toContain(`--post-file=${folder}/metrics.prom http://gateway:9091/metrics/job/registry-cleanup\n`);
  });

  it('says that metrics could not be sent, and ends as verify does all the same', async () => {
    const { status, stderr } = await runScript('http://gateway:9091', 'exit 4');
    expect({ status, stderr }).toEqual({ status: 1, stderr: 'the metrics could not be sent to http://gateway:9091\n' });
  });
});

describe('the policy', () => {
  it('has no mistake, and names what is cleaned', () => {
    const { file, mistakes } = parsePolicyFile(read('policy.yml'), 'policy.yml');
    expect(mistakes).toEqual([]);
    expect(file?.repositories).toHaveLength(1);
  });
});

describe('kustomization.yaml', () => {
  it('has every file once, but the variant for one namespace', () => {
    const { resources, configMapGenerator } = z
      .looseObject({
        resources: z.array(z.string()),
        configMapGenerator: z.array(z.looseObject({ name: z.string(), files: z.array(z.string()) })),
      })
      .parse(parse(read('kustomization.yaml')));
    const named = [
      ...resources,
      ...configMapGenerator.flatMap(({ files }) => files),
      'kustomization.yaml',
      'role.yaml',
    ];
    expect(named.toSorted()).toEqual(readdirSync(FOLDER).toSorted());
    expect(configMapGenerator.map((map) => map.name)).toEqual(['registry-cleanup-policy']);
  });
});
