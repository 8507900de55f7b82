import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createUsageCollector } from '../../../src/kubernetes/images/usage-collector.ts';
import { createObjectWalk } from '../../../src/kubernetes/images/walk-object.ts';
import type { WalkKind } from '../../../src/kubernetes/kinds/resource-kind.ts';
import { isWalkKind } from '../../../src/kubernetes/kinds/resource-kind.ts';
import { RESOURCE_KINDS } from '../../../src/kubernetes/kinds/resource-kinds.ts';

function kindOf(name: string): WalkKind {
  const found = RESOURCE_KINDS.filter(isWalkKind).find(({ kind, group }) => `${kind}.${group}` === name);
  if (found === undefined) throw new Error(name);
  return found;
}

/** Texts of an object with what may fill them: `$(repo):$(tag) < registry.test/a, v1`. Those that nothing fills are left out. */
function filled(object: object, kind = 'Task.tekton.dev'): readonly string[] {
  const walk = createObjectWalk({ kind: kindOf(kind), context: 'prod', from: 'cluster' });
  return walk({ metadata: { name: 'x', namespace: 'ci', labels: { app: 'label' } }, ...object })
    .filter(({ isWeak }) => isWeak === true)
    .map(({ text, fillings = [] }) => `${text} < ${fillings.join(', ')}`)
    .toSorted();
}

/** A task with an image and parameters with these defaults. */
function task(image: string, ...defaults: readonly string[]): object {
  return { spec: { params: defaults.map((text) => ({ name: 'P', default: text })), steps: [{ image }] } };
}

describe('an image whose name is put together', () => {
  it.each<[string, object, string, readonly string[]]>([
    [
      "Tekton's parameters",
      parse(`
        spec:
          params: [{name: repo, default: registry.test/team/app}, {name: tag, default: v1}]
          tasks: [{taskSpec: {steps: [{image: '$(params.repo):$(params.tag)'}]}}]`),
      'Pipeline.tekton.dev',
      ['$(params.repo):$(params.tag) < registry.test/team/app, repo, tag, v1'],
    ],
    [
      'a bundle',
      parse(`
        spec:
          params: [{name: bundle, value: registry.test/team/tasks}]
          taskRef: {bundle: '$(params.bundle)'}`),
      'TaskRun.tekton.dev',
      ['$(params.bundle) < bundle, registry.test/team/tasks'],
    ],
    [
      "Argo's parameters, one handed on by another",
      parse(`
        spec:
          arguments: {parameters: [{name: host, value: registry.test}, {name: path, value: team/app}]}
          templates:
            - steps: [[{arguments: {parameters: [{name: image, value: '{{workflow.parameters.host}}/{{workflow.parameters.path}}'}]}}]]
            - container: {image: '{{inputs.parameters.image}}'}`),
      'WorkflowTemplate.argoproj.io',
      [
        '{{inputs.parameters.image}} < host, image, path, registry.test, team/app',
        '{{workflow.parameters.host}}/{{workflow.parameters.path}} < host, image, path, registry.test, team/app',
      ],
    ],
    [
      'items of a list',
      parse(`
        spec:
          workflowSpec:
            templates:
              - steps: [[{withItems: [{repo: registry.test/a}, {repo: registry.test/b}]}]]
              - script: {image: '{{inputs.parameters.repo}}:latest'}`),
      'CronWorkflow.argoproj.io',
      ['{{inputs.parameters.repo}}:latest < registry.test/a, registry.test/b'],
    ],
  ])('may be filled in by %s', (_, object, kind, expected) => {
    expect(filled(object, kind)).toEqual(expected);
  });

  it.each<[string, string, readonly string[]]>([
    ['a repository', 'registry.test/team/app', ['registry.test/team/app']],
    ['a repository with a port', 'registry.test:5000/team/app', ['registry.test:5000/team/app']],
    ['a repository with a scheme', 'docker://registry.test/team/app', ['registry.test/team/app']],
    ['a path', 'team/app', ['team/app']],
    ['a word', 'app', ['app']],
    ['a host', 'registry.test:5000', ['registry.test:5000']],
    ['a prefix', 'registry.test/team/', ['registry.test/team/']],
    ['a name in upper case', 'Team/App', ['team/app']],
    ['no whole reference, which counts by itself', 'registry.test/team/app:latest', []],
    ['no address', 'https://registry.test/team/app', []],
    ['no sources', 'github.com/team/app', []],
    ['no file', '/team/app', []],
    ['no sentence', 'push team/app', []],
    ['no option', '--destination=team/app', []],
    ['no text that is open itself', '$(params.team)/app', []],
    ['no script', 'a/'.repeat(600), []],
    ['nothing empty', '', []],
  ])('may be filled in by %s', (_, text, expected) => {
    const others = new Set(['p']);
    const lines = filled(task('$(params.P)', text)).filter((line) => line.startsWith('$(params.P) '));
    const fillings = lines.flatMap((line) => line.slice('$(params.P) < '.length).split(', '));
    expect(fillings.filter((one) => !others.has(one))).toEqual(expected);
  });

  it.each<[string, string, boolean]>([
    ['all of it is open', '$(params.P)', true],
    ['name and tag are open', '$(params.P):$(params.tag)', true],
    ['the name is open', '$(params.P):v1', true],
    ['a part of the name is open', 'mirror.test/cache/$(params.P):v1', true],
    ['only the tag is open', 'golang:$(params.P)', false],
    ['only the digest is open', 'golang@$(params.P)', false],
    ['nothing is open', 'golang:1', false],
  ])('counts when %s', (_, image, expected) => {
    expect(filled(task(image, 'team/app')).some((line) => line.includes('team/app'))).toBe(expected);
  });

  it.each<[string, object]>([
    ['its names', { metadata: { name: 'x', annotations: { a: 'team/app' } }, ...task('$(a)') }],
    ['its past', { ...task('$(a)'), status: { nodes: { n: { outputs: 'team/app' } }, podName: 'team/app' } }],
  ])('is not filled in by %s', (_, object) => {
    expect(filled(object).join('')).not.toContain('team/app');
  });

  it('is filled in by the copy of a specification', () => {
    const status = { storedWorkflowTemplateSpec: { parameters: ['team/app'], container: { image: '{{x}}' } } };
    expect(filled({ spec: {}, status }, 'Workflow.argoproj.io')).toEqual(['{{x}} < team/app']);
  });

  it.each([
    ['$(params.a)/$(params.b)', true],
    ['$(params.a):$(params.b)', true],
    ['$(params.a)', false],
    ['$(params.a):v1', false],
    ['x-$(params.a)-$(params.b)', false],
    ['$(params.a) $(params.b)', false],
  ])('may be handed on by a text that joins open parts: %s: %j', (text, isJoined) => {
    const lines = filled({ spec: { params: ['team/app', text], image: '$(image)' } });
    expect(lines).toEqual([`$(image) < team/app`, ...(isJoined ? [`${text} < team/app`] : [])]);
  });

  it.each([
    ['no image is open', { spec: { params: ['team/app'], args: ['$(a)/$(b):$(c)'] } }],
    ['nothing stands beside it', { spec: { steps: [{ image: '$(a)/$(b)' }] } }],
  ])('is none when %s', (_, object) => {
    expect(filled(object)).toEqual([]);
  });

  it('is not looked for in kinds that have no parameters', () => {
    expect(filled(task('$(params.P)', 'team/app'), 'Rollout.argoproj.io')).toEqual([]);
  });

  it('is found in values that contain themselves', () => {
    const spec: Record<string, unknown> = { image: '$(a)', repo: 'team/app' };
    spec['again'] = spec;
    expect(filled({ spec })).toEqual(['$(a) < team/app']);
  });

  it('is one for all objects that say the same, and another where something else stands beside it', () => {
    const walk = createObjectWalk({ kind: kindOf('Task.tekton.dev'), context: 'prod', from: 'cluster' });
    const collector = createUsageCollector();
    for (const [name, repo] of [
      ['a', 'team/app'],
      ['b', 'team/app'],
      ['c', 'team/other'],
    ] as const)
      for (const found of walk({ metadata: { name }, ...task('$(params.P)', repo) })) collector.add(found);
    const { unparsable } = collector.build([]);
    expect(unparsable.map(({ workload, fillings }) => `${workload.name} ${fillings?.join(' ') ?? ''}`)).toEqual([
      'a p team/app',
      'b p team/app',
      'c p team/other',
    ]);
    expect(collector.images.unparsable.size).toBe(2);
  });
});
