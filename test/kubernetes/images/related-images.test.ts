import { describe, expect, it } from 'vitest';
import { collectImages } from '../../../src/kubernetes/images/collect-images.ts';
import { createObjectWalk } from '../../../src/kubernetes/images/walk-object.ts';
import { DIGEST_A } from '../objects.ts';

const TEMPLATE = ['spec', 'template', 'spec'];

interface Template {
  readonly env?: unknown;
  readonly annotations?: unknown;
}

/** The texts that a workload names besides its own image, by both ways of reading; weak ones with a question mark. */
function related({ env, annotations }: Template): readonly string[] {
  const template = { metadata: { annotations }, spec: { containers: [{ name: 'op', image: 'op:1', env }] } };
  const object = { metadata: { name: 'w', namespace: 'shop' }, spec: { template } };
  const podSpec = { kind: 'Deployment', reading: { by: 'pod-spec', podSpec: TEMPLATE } } as const;
  const walked = { kind: 'Rollout', reading: { by: 'walk', paths: [] } } as const;
  const found = [
    collectImages(object, { kind: podSpec, context: 'prod', from: 'cluster' }),
    createObjectWalk({ kind: walked, context: 'prod', from: 'cluster' })(object),
  ].map((images) =>
    images
      .map(({ text, isWeak }) => (isWeak === true ? `${text} ?` : text))
      .filter((text) => text !== 'op:1')
      .toSorted(),
  );
  expect(found[1]).toEqual(found[0]);
  return found[0] ?? [];
}

describe('an operator is told which images to start by', () => {
  it.each<[string, unknown, readonly string[]]>([
    ['RELATED_IMAGE_…', [{ name: 'RELATED_IMAGE_AGENT', value: 'r.test/agent:1' }], ['r.test/agent:1']],
    ['digest', [{ name: 'RELATED_IMAGE_A', value: `r.test/a@${DIGEST_A}` }], [`r.test/a@${DIGEST_A}`]],
    ['a name without a tag', [{ name: 'RELATED_IMAGE_A', value: 'r.test/a' }], ['r.test/a']],
    [
      'several',
      [
        { name: 'RELATED_IMAGE_A', value: 'a:1' },
        { name: 'PORT', value: '80' },
        { name: 'RELATED_IMAGE_B', value: 'b:1' },
      ],
      ['a:1', 'b:1'],
    ],
    ['a text with an open part', [{ name: 'RELATED_IMAGE_A', value: '$(HOST)/a:1' }], ['$(HOST)/a:1 ?']],
    ['nothing that is wholly open', [{ name: 'RELATED_IMAGE_A', value: '$(IMAGE)' }], []],
    ['nothing that is empty', [{ name: 'RELATED_IMAGE_A', value: '' }], []],
    ['nothing that stands elsewhere', [{ name: 'RELATED_IMAGE_A', valueFrom: { fieldRef: { fieldPath: 'a:1' } } }], []],
    [
      'no other variable',
      [
        { name: 'IMAGE', value: 'r.test/a:1' },
        { name: 'MY_RELATED_IMAGE_A', value: 'b:1' },
      ],
      [],
    ],
    [
      'no other form',
      [null, 7, 'RELATED_IMAGE_A', { name: 7, value: 'a:1' }, { name: 'RELATED_IMAGE_A', value: 7 }],
      [],
    ],
    ['no variables at all', null, []],
  ])('%s', (_, env, expected) => {
    expect(related({ env })).toEqual(expected);
  });
});

describe('an injector is told which images to put into pods by', () => {
  it.each<[string, unknown, readonly string[]]>([
    ['Istio', { 'sidecar.istio.io/proxyImage': 'r.test/proxy:1' }, ['r.test/proxy:1']],
    ['Vault', { 'vault.hashicorp.com/agent-image': 'r.test/vault:1' }, ['r.test/vault:1']],
    ['Dapr', { 'dapr.io/sidecar-image': 'r.test/daprd:1' }, ['r.test/daprd:1']],
    [
      'Linkerd, with a tag of its own',
      {
        'config.linkerd.io/proxy-image': 'r.test/proxy',
        'config.linkerd.io/proxy-version': 'v2',
        'config.linkerd.io/init-image': 'r.test:5000/init',
        'config.linkerd.io/init-image-version': 'v3',
        'config.linkerd.io/debug-image': 'r.test/debug',
        'config.linkerd.io/debug-image-version': 'v4',
      },
      ['r.test/debug:v4', 'r.test/proxy:v2', 'r.test:5000/init:v3'],
    ],
    [
      'Linkerd, with a tag that nobody says',
      { 'config.linkerd.io/proxy-image': 'r.test/proxy' },
      ['r.test/proxy:$(tag) ?'],
    ],
    ['Linkerd, with a whole reference', { 'config.linkerd.io/proxy-image': 'r.test/proxy:v1' }, ['r.test/proxy:v1']],
    ['no name that the injector completes', { 'sidecar.istio.io/proxyImage': 'proxyv2' }, []],
    ['no other annotation', { 'example.com/image': 'r.test/a:1' }, []],
    ['no other form', { 'sidecar.istio.io/proxyImage': { image: 7 } }, []],
    ['no list', ['sidecar.istio.io/proxyImage'], []],
    ['no annotations at all', null, []],
  ])('%s', (_, annotations, expected) => {
    expect(related({ annotations })).toEqual(expected);
  });
});
