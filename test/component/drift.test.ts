// The templates for GitLab CI follow the option table, the include follows the component, and nothing of a user's gets into a script.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import {
  HOST_TEMPLATE,
  INCLUDE,
  inputNameOf,
  listComponentOptions,
  listHostComponentOptions,
  renderInclude,
  renderTemplate,
  TEMPLATE,
} from '../../scripts/write-component.ts';
import { inputVariableOf } from '../../src/cli/read-input-variables.ts';
import { selectOptions } from '../../src/options.ts';
import { TOOL } from '../../src/version.ts';
import { root } from '../support/source-files.ts';

const COMPONENTS = ['cleanup', 'host-cleanup', 'record'] as const;
/** Inputs that nobody can guess. */
const REQUIRED = { cleanup: [], 'host-cleanup': ['runners'], record: ['job'] } as const;
const IMAGE = `ghcr.io/registry-cleanup/registry-cleanup:${TOOL.split(' ')[1]}`;
/** Inputs of the template's own. */
const OWN = ['stage', 'job-prefix', 'image', 'merge-request', 'merge-request-changes', 'schedule', 'resource-group'];

const OWN_OF_HOST = [
  'runners',
  'command',
  'after',
  'engine',
  'older-than',
  'keep-label',
  'cache-dir',
  'image',
  'user',
  'stage',
  'job-prefix',
];

const Input = z.strictObject({
  description: z.string().min(10),
  type: z.enum(['string', 'array', 'boolean']).default('string'),
  default: z.unknown().optional(),
  options: z.array(z.string()).optional(),
  regex: z.string().optional(),
});
const Header = z.strictObject({ spec: z.strictObject({ inputs: z.record(z.string(), Input) }) });
const Job = z.looseObject({
  script: z.array(z.string()).optional(),
  variables: z.record(z.string(), z.string()).optional(),
});

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

function load(name: string) {
  const documents = parseAllDocuments(read(`templates/${name}/template.yml`));
  expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
  const [header, jobs] = documents.map((document) => document.toJS() as unknown);
  return { inputs: Header.parse(header).spec.inputs, jobs: z.record(z.string(), Job).parse(jobs) };
}

describe('the component', () => {
  const { inputs, jobs } = load('cleanup');

  it('has what scripts/write-component.ts writes, and so has the include', () => {
    expect(read(TEMPLATE)).toBe(renderTemplate(read(TEMPLATE)));
    expect(read(INCLUDE)).toBe(renderInclude(read(TEMPLATE)));
    expect(read(INCLUDE)).not.toContain('$[[');
  });

  it('has every option of plan and apply that a pipeline can want as an input of the same name', () => {
    const options = listComponentOptions();
    expect(options.length).toBeGreaterThan(30);
    expect(Object.keys(inputs)).toEqual([...OWN, ...options.map(inputNameOf)]);
    const known = new Set(selectOptions('action').map(({ name }) => name));
    const cliOnly = options.filter(({ name }) => !known.has(name)).map(({ name }) => name);
    expect(cliOnly).toEqual(['merge-request-note']);
  });

  it('runs the image of this version', () => {
    expect(inputs['image']?.default).toBe(IMAGE);
    expect(read(INCLUDE)).toContain(`REGISTRY_CLEANUP_IMAGE: "${IMAGE}"`);
  });

  it('hands every input of an option over in its variable, and the two jobs change none of them', () => {
    const [common, plan, apply] = Object.values(jobs);
    const carried = Object.keys(common?.variables ?? {}).filter((name) => name.startsWith('REGISTRY_CLEANUP_INPUT_'));
    expect(carried).toEqual(listComponentOptions().map(({ name }) => inputVariableOf(name)));
    const changed = [plan, apply].flatMap((job) => Object.keys(job?.variables ?? {}));
    expect(changed).toEqual(['RUNNER_SCRIPT_TIMEOUT']);
  });

  it('takes a secret by the name of its variable alone', () => {
    const secrets = listComponentOptions().filter(({ secret }) => secret === true);
    expect(secrets.map(inputNameOf)).toContain('delete-token-variable');
    for (const option of secrets)
      expect(inputs[inputNameOf(option)]).toMatchObject({
        default: option.environment?.[0],
        regex: '^[A-Za-z_][A-Za-z0-9_]*$',
      });
  });
});

describe('the component for build runners', () => {
  const { inputs, jobs } = load('host-cleanup');

  it('has what scripts/write-component.ts writes', () => {
    expect(read(HOST_TEMPLATE)).toBe(renderTemplate(read(HOST_TEMPLATE), listHostComponentOptions()));
  });

  it('has what host takes as inputs of the same names, and hands each over in its variable', () => {
    const options = listHostComponentOptions();
    expect(options.length).toBeGreaterThan(20);
    expect(Object.keys(inputs)).toEqual([...OWN_OF_HOST, ...options.map(inputNameOf)]);
    const own = ['engine', 'maximum-image-age', 'build-cache-older-than', 'keep-label', 'cache-dir'];
    const carried = Object.values(jobs).flatMap(({ variables = {} }) =>
      Object.keys(variables).filter((name) => name.startsWith('REGISTRY_CLEANUP_INPUT_')),
    );
    expect(carried).toEqual([...own, ...options.map(({ name }) => name)].map(inputVariableOf));
  });

  it('runs the image of this version', () => {
    expect(inputs['image']?.default).toBe(IMAGE);
  });
});

describe.each(COMPONENTS)('templates/%s', (name) => {
  const { jobs } = load(name);

  it('puts no input into a script, where its text would be run', () => {
    const scripts = Object.values(jobs).flatMap(({ script }) => script ?? []);
    expect(scripts.length).toBeGreaterThan(0);
    expect(scripts.filter((line) => line.includes('$[['))).toEqual([]);
  });

  it('has nothing but jobs: no keyword that other jobs of the project would feel', () => {
    expect(Object.keys(jobs).filter((key) => !key.includes('$[[ inputs.job-prefix ]]'))).toEqual([]);
  });

  it('has a default among its options for every input but those that nobody can guess', () => {
    const { inputs } = load(name);
    const required = Object.entries(inputs).filter(([, input]) => input.default === undefined);
    expect(required.map(([key]) => key)).toEqual(REQUIRED[name]);
    for (const input of Object.values(inputs))
      if (input.options !== undefined) expect(input.options).toContain(input.default);
  });

  it('has no line that nobody reads to its end, save descriptions and conditions', () => {
    const lines = read(`templates/${name}/template.yml`).split('\n');
    expect(lines.filter((line) => line.length > 160 && !/^ +(?:description|- if): /.test(line))).toEqual([]);
  });
});

it('GitLab finds just these components: other files in templates are none', () => {
  const names = readdirSync(join(root, 'templates'));
  expect(names.filter((name) => /\.ya?ml$/.test(name))).toEqual([]);
  expect(names.filter((name) => existsSync(join(root, 'templates', name, 'template.yml'))).sort()).toEqual([
    ...COMPONENTS,
  ]);
});
