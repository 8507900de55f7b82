// The component as GitLab expands it: what inputs become, which are refused, and which jobs a pipeline has.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { TOOL } from '../../src/version.ts';
import {
  openPipelineProject,
  type PipelineProject,
  type PipelineVariables,
  SOURCES,
} from '../support/gitlab-ci-local.ts';
import { root } from '../support/source-files.ts';

let project: PipelineProject;

beforeAll(() => {
  project = openPipelineProject();
});

afterAll(() => project.close());

const COMPONENT = 'component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/cleanup@$CI_COMMIT_SHA';
const RECORD_COMPONENT = 'component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/record@$CI_COMMIT_SHA';
const HOST_COMPONENT = 'component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/host-cleanup@$CI_COMMIT_SHA';

/** A configuration that includes one thing, with inputs as YAML in flow style. */
const including = (what: string, inputs = '{}'): string => `include:\n  - ${what}\n    inputs: ${inputs}\n`;

describe('expanded', () => {
  it.each([
    ['cleanup', including(COMPONENT)],
    [
      'cleanup-with-inputs',
      including(
        COMPONENT,
        JSON.stringify({
          repository: ['$CI_REGISTRY_IMAGE', '$CI_REGISTRY_IMAGE/worker'],
          'kube-config': ['$KUBECONFIG'],
          'kube-context': ['group/agents:production'],
          'max-delete-share': '0.5',
          'gitlab-token-variable': 'CLEANUP_TOKEN',
          'merge-request-changes': ['.registry-cleanup.yml'],
          'job-prefix': 'images',
          'resource-group': 'images',
          schedule: 'plan',
          stage: 'deploy',
          untag: 'true',
          'without-git': true,
        }),
      ),
    ],
    ['host-cleanup', including(HOST_COMPONENT, '{runners: [build-1, build-2], command: apply}')],
    ['record', `${including(RECORD_COMPONENT, '{job: build}')}build: {stage: build, script: [make]}\n`],
    ['include', 'include:\n  - local: ci/registry-cleanup.yml\n'],
  ])('%s is the golden file, and what GitLab’s schema allows', async (name, text) => {
    project.configure(text);
    await expect(project.preview()).toMatchFileSnapshot(join(root, 'test', 'golden', 'component', `${name}.yml`));
  });

  it('the component included as a file with inputs is the same', () => {
    project.configure(including(COMPONENT, '{repository: [a.example.com/b]}'));
    const expected = project.preview();
    project.configure(including('local: templates/cleanup/template.yml', '{repository: [a.example.com/b]}'));
    expect(project.preview()).toBe(expected);
  });

  it('twice, under two names, leaves the jobs of both', () => {
    const second = `${including(COMPONENT, '{repository: [a.example.com/b]}')}  - ${COMPONENT}\n    inputs: {job-prefix: other}\n`;
    project.configure(second);
    const jobs = project.listJobs(SOURCES.schedule).map(({ name }) => name);
    expect(jobs).toEqual(['registry-cleanup-apply', 'other-apply']);
  });

  it('takes nothing of the project’s defaults but the runner, and says nothing for other jobs', () => {
    project.configure(
      `default: {tags: [big], retry: 2, before_script: [npm ci], interruptible: true}\n${including(COMPONENT)}build: {script: [make]}\n`,
    );
    const { 'registry-cleanup-apply': apply, build, ...rest } = project.expand();
    expect(apply).toMatchObject({ retry: 0, interruptible: false, tags: ['big'] });
    expect(apply).not.toHaveProperty('before_script');
    expect(build).toMatchObject({ script: ['make'], before_script: ['npm ci'] });
    expect(Object.keys(rest).sort()).toEqual(['registry-cleanup-plan', 'stages']);
  });
});

describe('the pipeline of the mirror on GitLab', () => {
  it.each([
    ['a version’s tag publishes the components', { CI_COMMIT_TAG: 'v1.2.3' }, ['publish-components']],
    ['the moving tag of a major version publishes nothing', { CI_COMMIT_TAG: 'v1' }, []],
    ['a branch publishes nothing', SOURCES.push, []],
  ])('%s', (_, variables, expected) => {
    project.configure(readFileSync(join(root, '.gitlab-ci.yml'), 'utf8'));
    expect(project.listJobs(variables).map(({ name }) => name)).toEqual(expected);
  });
});

describe('the examples', () => {
  const folder = join(root, 'docs', 'examples', 'gitlab');
  const names = readdirSync(folder);
  const version = TOOL.split(' ')[1] ?? '';

  it('are looked at', () => {
    expect(names.length).toBeGreaterThanOrEqual(5);
  });

  it.each(names)('%s is of this version, right, and cleans on a schedule', (name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    // What is published stands in this checkout.
    const local = text
      .replaceAll(`registry-cleanup/registry-cleanup/cleanup@v${version}`, '$CI_PROJECT_PATH/cleanup@$CI_COMMIT_SHA')
      .replaceAll(`registry-cleanup/registry-cleanup/record@v${version}`, '$CI_PROJECT_PATH/record@$CI_COMMIT_SHA')
      .replaceAll(
        `registry-cleanup/registry-cleanup/host-cleanup@v${version}`,
        '$CI_PROJECT_PATH/host-cleanup@$CI_COMMIT_SHA',
      )
      .replace(
        /remote: https:\S+\/registry-cleanup\/v([\d.]+)\/ci\//,
        (_, tag: string) => `local: ${tag === version ? 'ci' : tag}/`,
      );
    project.configure(local);
    expect(project.listJobs({ ...SOURCES.schedule, REGISTRY_CLEANUP: 'apply' }).map(({ when }) => when)).toContain(
      'on_success',
    );
  });

  it.each(names)('%s gives only inputs that there are', (name) => {
    const Include = z.object({
      include: z.array(
        z.looseObject({ component: z.string().optional(), inputs: z.record(z.string(), z.unknown()).default({}) }),
      ),
    });
    for (const { component, inputs } of Include.parse(parse(readFileSync(join(folder, name), 'utf8'))).include) {
      const [, template] = /\/([\w-]+)@/.exec(component ?? '') ?? [];
      if (template === undefined) continue;
      const [header] = parseAllDocuments(readFileSync(join(root, 'templates', template, 'template.yml'), 'utf8'));
      const known = z.object({ spec: z.object({ inputs: z.record(z.string(), z.unknown()) }) }).parse(header?.toJS());
      expect(Object.keys(inputs).filter((input) => !(input in known.spec.inputs))).toEqual([]);
    }
  });
});

describe('an input is refused that', () => {
  it.each([
    ['is a text where a list is wanted', COMPONENT, '{repository: a/b}', 'provided value is not a array'],
    ['is a text where true or false is wanted', COMPONENT, '{without-kube: "yes"}', 'provided value is not a boolean'],
    ['is a list where a text is wanted', COMPONENT, '{config: [a]}', 'provided value is not a string'],
    ['is a number where a text is wanted', COMPONENT, '{max-delete-share: 0.5}', 'provided value is not a string'],
    ['is none of the options', COMPONENT, '{schedule: always}', 'not in the list of allowed options'],
    ['is no state of a flag', COMPONENT, '{untag: "yes"}', 'not in the list of allowed options'],
    [
      'would be more than the name of a variable',
      COMPONENT,
      '{gitlab-token-variable: "A}$(B"}',
      'does not match required regex',
    ],
    ['would be no name of a job', COMPONENT, '{job-prefix: ".hidden"}', 'does not match required regex'],
    ['is missing', HOST_COMPONENT, '{}', 'required value has not been provided'],
    ['is an age in words', HOST_COMPONENT, '{runners: [a], older-than: 1 week}', 'does not match required regex'],
    [
      'would be more than a label',
      HOST_COMPONENT,
      '{runners: [a], keep-label: "a b"}',
      'does not match required regex',
    ],
  ])('%s', (_, what, inputs, expected) => {
    project.configure(including(what, inputs));
    expect(project.complaint()).toContain(expected);
  });
});

describe('a pipeline', () => {
  const plan = { name: 'registry-cleanup-plan', when: 'on_success', mayFail: false };
  const apply = { name: 'registry-cleanup-apply', when: 'on_success', mayFail: false };
  const byHand = [
    { name: 'registry-cleanup-plan', when: 'manual', mayFail: true },
    { name: 'registry-cleanup-apply', when: 'manual', mayFail: true },
  ];
  const cases: readonly (readonly [string, PipelineVariables, string, readonly object[]])[] = [
    ['on a schedule applies', SOURCES.schedule, '{}', [apply]],
    ['on a schedule of another branch has nothing', { ...SOURCES.schedule, CI_COMMIT_BRANCH: 'topic' }, '{}', []],
    ['on a schedule plans where the input says so', SOURCES.schedule, '{schedule: plan}', [plan]],
    ['on a schedule has nothing where the input says so', SOURCES.schedule, '{schedule: none}', []],
    ['on a schedule plans where its variable says so', { ...SOURCES.schedule, REGISTRY_CLEANUP: 'plan' }, '{}', [plan]],
    [
      'on a schedule applies where its variable says so',
      { ...SOURCES.schedule, REGISTRY_CLEANUP: 'apply' },
      '{schedule: none}',
      [apply],
    ],
    [
      'on a schedule has nothing where its variable says off',
      { ...SOURCES.schedule, REGISTRY_CLEANUP: 'off' },
      '{}',
      [],
    ],
    [
      'on a schedule has nothing where its variable is no known word',
      { ...SOURCES.schedule, REGISTRY_CLEANUP: 'aply' },
      '{}',
      [],
    ],
    ['on a schedule with an empty variable applies', { ...SOURCES.schedule, REGISTRY_CLEANUP: '' }, '{}', [apply]],
    ['of a merge request plans', SOURCES.merge_request, '{}', [plan]],
    [
      'of a merge request plans only, whatever the variable says',
      { ...SOURCES.merge_request, REGISTRY_CLEANUP: 'apply' },
      '{}',
      [plan],
    ],
    [
      'of a merge request has nothing where the variable says off',
      { ...SOURCES.merge_request, REGISTRY_CLEANUP: 'off' },
      '{}',
      [],
    ],
    ['of a merge request has nothing where the input says so', SOURCES.merge_request, '{merge-request: false}', []],
    ['of a fork has nothing', { ...SOURCES.merge_request, CI_MERGE_REQUEST_PROJECT_PATH: 'upstream/app' }, '{}', []],
    ['of a push has nothing', SOURCES.push, '{}', []],
    ['of a push has nothing whatever the variable says', { ...SOURCES.push, REGISTRY_CLEANUP: 'apply' }, '{}', []],
    ['of a tag has nothing', SOURCES.tag, '{}', []],
    ['from the page has both, by hand, and neither blocks it', SOURCES.web, '{}', byHand],
    ['from the page on another branch has nothing', { ...SOURCES.web, CI_COMMIT_BRANCH: 'topic' }, '{}', []],
    [
      'from the page plans where the variable says so, on any branch',
      { ...SOURCES.web, CI_COMMIT_BRANCH: 'topic', REGISTRY_CLEANUP: 'plan' },
      '{}',
      [plan],
    ],
    ['from the page applies where the variable says so', { ...SOURCES.web, REGISTRY_CLEANUP: 'apply' }, '{}', [apply]],
    [
      'from the page never applies on another branch',
      { ...SOURCES.web, CI_COMMIT_BRANCH: 'topic', REGISTRY_CLEANUP: 'apply' },
      '{}',
      [],
    ],
    ['from the API has nothing by itself', SOURCES.api, '{}', []],
    ['from the API applies where the variable says so', { ...SOURCES.api, REGISTRY_CLEANUP: 'apply' }, '{}', [apply]],
    ['from a trigger plans where the variable says so', { ...SOURCES.trigger, REGISTRY_CLEANUP: 'plan' }, '{}', [plan]],
  ];

  it.each(cases)('%s', (_, variables, inputs, expected) => {
    project.configure(including(COMPONENT, inputs));
    expect(project.listJobs(variables)).toEqual(expected);
  });

  // The include is made of the component (drift.test.ts): each kind once.
  const kinds = cases.filter(([, variables, inputs], at) => {
    const first = cases.findIndex(([, other]) => other['CI_PIPELINE_SOURCE'] === variables['CI_PIPELINE_SOURCE']);
    return inputs === '{}' && at === first;
  });

  it.each(kinds)('%s, with the include as with the component', (_, variables, __, expected) => {
    project.configure('include:\n  - local: ci/registry-cleanup.yml\n');
    expect(project.listJobs(variables)).toEqual(expected);
  });

  it('cleans the registry first, then each runner; the runners alone where the schedule leaves the registry out', () => {
    const both = (inputs: string) =>
      `${including(COMPONENT, inputs)}  - ${HOST_COMPONENT}\n    inputs: {runners: [build-1, build-2]}\n`;
    project.configure(both('{schedule: none}'));
    expect(project.listJobs(SOURCES.schedule)).toHaveLength(2);
    project.configure(both('{}'));
    const hosts = ['build-1', 'build-2'].map((tag) => `registry-host-cleanup: [${tag}]`);
    const names = (variables: PipelineVariables) => project.listJobs(variables).map(({ name }) => name);
    expect(names(SOURCES.schedule)).toEqual(['registry-cleanup-apply', ...hosts]);
    expect(names({ ...SOURCES.schedule, REGISTRY_CLEANUP: 'off' })).toEqual([]);
    expect(names(SOURCES.push)).toEqual([]);
    expect(names(SOURCES.merge_request)).toEqual(['registry-cleanup-plan']);
    expect(project.expand()['registry-host-cleanup']).toMatchObject({
      needs: [{ job: 'registry-cleanup-apply', optional: true }],
    });
  });
});
