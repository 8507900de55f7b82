import { describe, expect, it } from 'vitest';
import type { Settings } from '../../src/config/settings.ts';
import { parseRepository } from '../../src/model/reference.ts';
import { refuseUnparsable } from '../../src/run/refuse-unparsable.ts';
import { kubernetesSettings } from '../builders/kubernetes-settings.ts';
import { policyOf } from '../builders/snapshot.ts';

const WORKLOAD = { context: 'prod', namespace: 'ci', kind: 'WorkflowTemplate', name: 'build' };
const SETTINGS = {
  repositories: [{ kind: 'oci', repository: parseRepository('registry.example.com/team/app') }],
  policy: policyOf(),
  kubernetes: kubernetesSettings(),
} as unknown as Settings;

function refuse(text: string, isWeak: boolean): void {
  refuseUnparsable([{ text, workload: WORKLOAD, ...(isWeak ? { isWeak } : {}) }], SETTINGS);
}

/** Text, whether it stops the run where a pod takes its image from, whether it does elsewhere. */
const CASES: readonly (readonly [string, 'stops' | 'passes', 'stops' | 'passes'])[] = [
  ['{{inputs.parameters.image}}', 'stops', 'passes'],
  ['$(params.image)', 'stops', 'passes'],
  [`\${IMAGE}`, 'stops', 'passes'],
  ['$(params.registry)/$(params.name):$(params.tag)', 'stops', 'passes'],
  ['$(params.image):v1', 'stops', 'passes'],
  ['registry.example.com/team/app:$(params.tag)', 'stops', 'stops'],
  ['registry.example.com/{{inputs.parameters.name}}:v1', 'stops', 'stops'],
  ['$(params.registry)/team/app:v1', 'stops', 'stops'],
  ['mirror.example.net/team/app:$(params.tag)', 'stops', 'stops'],
  ['registry.example.com/team/other:$(params.tag)', 'stops', 'passes'],
  ['docker.io/bitnami/kubectl:$(params.version)', 'stops', 'passes'],
  ['Not An Image', 'stops', 'passes'],
  ['registry.example.com/team/app:', 'stops', 'stops'],
  ['registry.example.com/Team/App:v1', 'stops', 'stops'],
  ['elsewhere.example.com/Other:v1', 'passes', 'passes'],
];

describe('a text that is no image reference', () => {
  it.each(CASES)('%s in a pod %s the run', (text, inPod) => {
    if (inPod === 'stops') expect(() => refuse(text, false)).toThrow('may mean these repositories');
    else expect(() => refuse(text, false)).not.toThrow();
  });

  it.each(CASES)(
    '%s in a custom object: the run is told by what is fixed (%s in a pod, %s there)',
    (text, _, elsewhere) => {
      if (elsewhere === 'stops') expect(() => refuse(text, true)).toThrow('may mean these repositories');
      else expect(() => refuse(text, true)).not.toThrow();
    },
  );

  it('stops the run with who names it, and with the way out where there is one', () => {
    const error = thrownBy(() => refuse('registry.example.com/team/app:$(params.tag)', true));
    expect(error).toMatchObject({ code: 'EVIDENCE_KUBERNETES', exitCode: 5 });
    expect(error).toHaveProperty(
      'message',
      expect.stringContaining('prod: ci/WorkflowTemplate/build: "registry.example'),
    );
    expect(error).toHaveProperty('hint', expect.stringContaining('kubernetes.exclude'));
    expect(thrownBy(() => refuse('$IMAGE', false))).toHaveProperty('hint', expect.not.stringContaining('exclude'));
  });

  it('stops the run by what a mirror stands for', () => {
    const kubernetes = { enabled: true, mirrors: new Map([['pull.example.net/x', 'registry.example.com/team']]) };
    const settings = { ...SETTINGS, policy: policyOf({ kubernetes }) };
    const weak = { text: 'pull.example.net/x/app:$(tag)', workload: WORKLOAD, isWeak: true } as const;
    expect(() => refuseUnparsable([weak], settings)).toThrow('may mean these repositories');
    expect(() => refuseUnparsable([weak], SETTINGS)).not.toThrow();
  });

  it('is told in the report and protects nothing where the user wants such texts ignored', () => {
    const ignoring = { ...SETTINGS, kubernetes: kubernetesSettings({ ignoreInvalidRefs: true }) };
    const named = { text: 'registry.example.com/team/app:$(tag)', workload: WORKLOAD };
    const elsewhere = { text: 'docker.io/other:$(tag)', workload: WORKLOAD, isWeak: true } as const;
    expect(refuseUnparsable([{ ...named, isWeak: true }, elsewhere], ignoring)).toEqual([named, elsewhere]);
    expect(refuseUnparsable([{ text: '$IMAGE', workload: WORKLOAD }], ignoring)).toEqual([
      { text: '$IMAGE', workload: WORKLOAD },
    ]);
    expect(() => refuseUnparsable([{ ...named, isWeak: true }], SETTINGS)).toThrow('may mean these repositories');
    expect(thrownBy(() => refuse('$IMAGE', false))).toHaveProperty(
      'hint',
      expect.stringContaining('ignore-invalid-refs'),
    );
  });

  it.each<[string, readonly string[], 'stops' | 'passes']>([
    ['$(params.repo):$(params.tag)', ['registry.example.com/team/app', 'v1'], 'stops'],
    ['{{registry}}/{{path}}:{{tag}}', ['registry.example.com', 'team/app', 'v1'], 'stops'],
    ['{{image}}', ['pull.example.net/x/app'], 'stops'],
    ['{{registry}}/{{path}}:{{tag}}', ['registry.example.com', 'team/other', 'main', 'app'], 'passes'],
    ['$(params.repo):$(params.tag)', [], 'passes'],
  ])('%s in a custom object beside %j: the run %s', (text, fillings, expected) => {
    const kubernetes = { enabled: true, mirrors: new Map([['pull.example.net/x', 'registry.example.com/team']]) };
    const settings = { ...SETTINGS, policy: policyOf({ kubernetes }) };
    const work = () => refuseUnparsable([{ text, workload: WORKLOAD, isWeak: true, fillings }], settings);
    if (expected === 'passes') expect(work).not.toThrow();
    else expect(work).toThrow('may mean these repositories');
  });

  it('is shown with what makes it one of ours', () => {
    const fillings = ['main', 'mirror.example.net/team/app', 'registry.example.com', 'team/app'];
    expect(() =>
      refuseUnparsable([{ text: '{{a}}/{{b}}', workload: WORKLOAD, isWeak: true, fillings }], SETTINGS),
    ).toThrow('"{{a}}/{{b}}" beside "mirror.example.net/team/app", "registry.example.com", "team/app"');
  });

  it('is shown twenty times at most', () => {
    const many = Array.from({ length: 30 }, (_, at) => ({ text: `$IMAGE_${at}`, workload: WORKLOAD }));
    const error = thrownBy(() => refuseUnparsable(many, SETTINGS));
    expect(error).toHaveProperty('message', expect.stringMatching(/\n {2}and 10 more$/));
  });
});

function thrownBy(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('Nothing was thrown.');
}
