// The quick reading of pods and other objects with a pod spec, held to the slow one: whatever an object looks like, both find the same.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EvidenceError } from '../../../src/errors.ts';
import { collectImages } from '../../../src/kubernetes/images/collect-images.ts';
import { createPodSpecReader } from '../../../src/kubernetes/images/pod-spec-reader.ts';
import { createPodSpecWalker } from '../../../src/kubernetes/images/pod-spec-walk.ts';
import { createUsageCollector } from '../../../src/kubernetes/images/usage-collector.ts';
import type { PodSpecKind, PresentKind } from '../../../src/kubernetes/kinds/resource-kind.ts';
import { jsonBytes } from '../../../src/kubernetes/lists/json-bytes.ts';
import { createListScanner } from '../../../src/kubernetes/lists/list-scanner.ts';
import { instantFromMs, parseDuration } from '../../../src/model/time.ts';
import type { Usage } from '../../../src/model/usage.ts';
import { DIGEST_A, linesOf, pod, referencesOf } from '../objects.ts';

const TEMPLATE = ['spec', 'template', 'spec'];
const POD = kindOf('Pod', ['spec'], '');
const DEPLOYMENT = kindOf('Deployment', TEMPLATE, 'apps');
const CRON_JOB = kindOf('CronJob', ['spec', 'jobTemplate', ...TEMPLATE], 'batch');
const JOB = kindOf('Job', TEMPLATE, 'batch');

const NOW = instantFromMs(Date.UTC(2026, 10, 22));
const KEEP = parseDuration('1h');

function kindOf(kind: string, podSpec: readonly string[], group: string): PodSpecKind & PresentKind {
  const reading = { by: 'pod-spec', podSpec } as const;
  return { kind, resource: `${kind.toLowerCase()}s`, group, version: 'v1', scope: 'namespace', reading };
}

/** What the reader makes of one text. */
function readText(text: string | Buffer, kind: PodSpecKind & PresentKind = POD): Usage {
  const reader = createPodSpecReader({
    context: 'prod',
    kind,
    now: NOW,
    keepYoungerThan: KEEP,
    keepTagRevisions: 3,
    helmHistory: 10,
  });
  reader.read(Buffer.from(text as string));
  return reader.finish().build([]);
}

function read(object: unknown, kind?: PodSpecKind & PresentKind): Usage {
  return readText(JSON.stringify(object), kind);
}

/** What the reference makes of it; its error where it throws. */
function expectedOf(objects: readonly unknown[], kind: PodSpecKind): Usage | string {
  const collector = createUsageCollector();
  try {
    for (const object of objects)
      for (const found of collectImages(object, { kind, context: 'prod', from: 'cluster' })) collector.add(found);
  } catch (error) {
    if (error instanceof EvidenceError) return error.message;
    throw error;
  }
  return collector.build([]);
}

/** The same of the reader, by way of a list that is cut into parts. */
function scannedOf(texts: readonly string[], kind: PodSpecKind & PresentKind, cuts: readonly number[]): Usage | string {
  const reader = createPodSpecReader({
    context: 'prod',
    kind,
    now: NOW,
    keepYoungerThan: KEEP,
    keepTagRevisions: 3,
    helmHistory: 10,
  });
  const scanner = createListScanner({ kind: `${kind.kind}List`, reader, wrong: (why) => new Error(why) });
  const bytes = Buffer.from(`{"kind":"${kind.kind}List","metadata":{},"items":[${texts.join(',')}]}`);
  const places = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length];
  try {
    for (let at = 1; at < places.length; at++) {
      const part = Buffer.from(bytes.subarray(places[at - 1], places[at]));
      scanner.write(part);
      part.fill('"');
    }
    scanner.end();
  } catch (error) {
    if (error instanceof EvidenceError) return error.message;
    throw error;
  }
  return reader.finish().build([]);
}

/** Whether an object is understood without parsing it. */
function isWalked(text: string, kind: PodSpecKind = POD): boolean {
  return createPodSpecWalker(kind).walk(jsonBytes(Buffer.from(text)), 0) === Buffer.byteLength(text);
}

const text = fc.oneof(
  {
    weight: 60,
    arbitrary: fc.constantFrom(
      'a',
      'app',
      'registry.test/app:1',
      `mirror.test/app@${DIGEST_A}`,
      'nginx',
      '',
      'Not An Image',
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom('"', '\\', '"image":"x"', 'é', '\n', '\u007f', '🎉') },
);
/** Values that look like what is looked for, where nobody looks. */
const noise = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.constantFrom(null, true, 0, -1.5e30, {}, []),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(
      fc.oneof(
        text,
        fc.constantFrom('image', 'f:image', 'name', 'containers', 'imageID', 'spec', 'metadata', 'k:{"name":"image"}'),
      ),
      tie('value'),
      { maxKeys: 3 },
    ),
  ),
})).value;

/** An object with some of these members and others, in any order. */
function someOf(members: Readonly<Record<string, fc.Arbitrary<unknown>>>, required: readonly string[] = []) {
  const others = fc.dictionary(
    fc.oneof(fc.constantFrom('args', 'imagePullPolicy', 'x', 'nam', 'images'), text),
    noise,
    { maxKeys: 2 },
  );
  return fc
    .tuple(fc.record(members, { requiredKeys: [...required] }), others, fc.infiniteStream(fc.nat()))
    .map(([own, more, order]) => {
      const entries = Object.entries({ ...more, ...own }).map((entry) => [order.next().value, entry] as const);
      return Object.fromEntries(entries.sort(([a], [b]) => a - b).map(([, entry]) => entry));
    });
}

/** Usually the one, now and then something else. */
function mostly(usual: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 100, arbitrary: usual },
    { weight: 1, arbitrary: noise },
    { weight: 1, arbitrary: fc.constant(null) },
  );
}

const variable = fc.record({
  name: fc.oneof(
    { weight: 40, arbitrary: fc.constantFrom('PORT', 'image', 'RELATED_IMAGE', 'RELATED_') },
    { weight: 1, arbitrary: fc.constantFrom('RELATED_IMAGE_AGENT', 'RELATED_IMAGE_é') },
    { weight: 1, arbitrary: text },
  ),
  value: fc.oneof(text, fc.constant('$(REGISTRY)/agent:1')),
});
const env = mostly(fc.array(variable, { maxLength: 1 }));
/** Those that name images, and others that are called alike. */
const annotations = fc.oneof(
  { weight: 60, arbitrary: fc.dictionary(fc.constantFrom('image', 'checksum/config', 'x'), noise, { maxKeys: 2 }) },
  { weight: 1, arbitrary: noise },
  {
    weight: 1,
    arbitrary: someOf({
      'sidecar.istio.io/proxyImage': fc.oneof(text, fc.constant('registry.test/proxy:1')),
      'sidecar.istio.io/proxyImageType': text,
      'config.linkerd.io/proxy-image': fc.oneof(text, fc.constant('registry.test/proxy')),
      'config.linkerd.io/proxy-version': text,
    }),
  },
);
const container = someOf({ name: mostly(text), image: mostly(text), env });
const containers = fc.array(mostly(container), { maxLength: 3 });
const volume = someOf({ name: text, image: mostly(someOf({ reference: mostly(text) })), configMap: noise });
const podSpec = someOf(
  {
    containers: mostly(containers),
    initContainers: mostly(containers),
    ephemeralContainers: mostly(containers),
    volumes: mostly(fc.array(mostly(volume), { maxLength: 2 })),
    nodeName: noise,
  },
  ['containers'],
);
const mount = someOf({ volumeStatus: mostly(someOf({ image: mostly(someOf({ imageRef: mostly(text) })) })) });
const statuses = fc.array(
  someOf({
    name: mostly(text),
    image: mostly(text),
    imageID: mostly(text),
    volumeMounts: mostly(fc.array(mount, { maxLength: 1 })),
  }),
  { maxLength: 2 },
);
const podStatus = someOf({
  phase: mostly(fc.constantFrom('Running', 'Pending', 'Running', 'Unknown', 'Failed', 'Fail\\ed')),
  containerStatuses: mostly(statuses),
  initContainerStatuses: mostly(statuses),
  ephemeralContainerStatuses: mostly(statuses),
});
const metadata = someOf(
  {
    name: mostly(fc.constantFrom('web', 'web-1', 'web-2', 'web-3', 'we"b', 'é', '')),
    namespace: mostly(fc.constantFrom('shop', 'infra', 'shop', 'a', '')),
    annotations,
    managedFields: noise,
  },
  ['name'],
);

function objectOf(kind: PodSpecKind): fc.Arbitrary<object> {
  const [first = '', ...further] = kind.reading.podSpec;
  const template = mostly(fc.record({ annotations }, { requiredKeys: [] }));
  const inner = further.reduceRight<fc.Arbitrary<unknown>>(
    (value, key, at) =>
      mostly(someOf({ [key]: value, ...(at === further.length - 1 ? { metadata: template } : {}) }, [key])),
    mostly(podSpec),
  );
  return someOf({ metadata: mostly(metadata), [first]: inner, status: mostly(podStatus) }, ['metadata', first]);
}

describe('the quick reading', () => {
  it.each([POD, DEPLOYMENT, CRON_JOB, JOB])('finds what the slow one finds, or stops as it does: $kind', (kind) => {
    let walked = 0;
    fc.assert(
      fc.property(fc.array(objectOf(kind), { maxLength: 2 }), fc.array(fc.nat(), { maxLength: 5 }), (objects, cuts) => {
        const texts = objects.map((object) => JSON.stringify(object));
        walked += texts.filter((one) => isWalked(one, kind)).length;
        expect(scannedOf(texts, kind, cuts)).toEqual(expectedOf(objects, kind));
      }),
      { numRuns: 3000 },
    );
    // Otherwise the slow one would have been held to itself.
    expect(walked).toBeGreaterThan(200);
  });

  it('finds it in pretty JSON too', () => {
    fc.assert(
      fc.property(objectOf(POD), fc.constantFrom(1, 2, '\t'), (object, space) => {
        expect(scannedOf([JSON.stringify(object, null, space)], POD, [])).toEqual(expectedOf([object], POD));
      }),
      { numRuns: 500 },
    );
  });

  it('finds it with white space wherever there may be some', () => {
    const text = JSON.stringify(
      pod('p', 'alpine', { spec: { volumes: [{ name: 'v', image: { reference: 'busybox' } }] } }),
    );
    const expected = linesOf(readText(text));
    for (const { index } of text.matchAll(/[{}[\],:]/g))
      for (const at of [index, index + 1])
        expect(linesOf(readText(`${text.slice(0, at)} ${text.slice(at)}`))).toEqual(expected);
  });

  it('understands pods as servers write them', () => {
    const object = pod('web-1', 'app:1', {
      spec: {
        initContainers: [{ name: 'init', image: 'init:1' }],
        volumes: [{ name: 'd', image: { reference: 'data:1' } }],
      },
      status: {
        phase: 'Running',
        containerStatuses: [
          { name: 'app', image: 'app:1', imageID: `mirror.test/app@${DIGEST_A}`, volumeMounts: [{ name: 'x' }] },
        ],
      },
    });
    expect(isWalked(JSON.stringify(object))).toBe(true);
    expect(linesOf(read(object))).toEqual([
      'docker.io/library/app:1 < prod: shop/Pod/web-1 (container app)',
      'docker.io/library/data:1 < prod: shop/Pod/web-1',
      'docker.io/library/init:1 < prod: shop/Pod/web-1 (container init)',
      `mirror.test/app@${DIGEST_A} < prod: shop/Pod/web-1 (container app)`,
    ]);
  });

  it.each([
    ['the name of a container stands behind its image', '[{"image":"a:1","name":"x"},{"image":"b:1","name":"y"}]'],
    ['the name of a container has an escape', '[{"image":"a:1","name":"\\u0078"},{"image":"b:1","name":"y"}]'],
    ['a key begins with an escape', '[{"\\u0069mage":"a:1","name":"x"},{"image":"b:1","name":"y"}]'],
    ['a key has an escape in it', '[{"imag\\u0065":"a:1","name":"x"},{"image":"b:1","name":"y"}]'],
    ['an image is written with an escape', '[{"image":"\\u0061:1","name":"x"},{"image":"b\\u003a1","name":"y"}]'],
  ])('names container and image when %s', (_, list) => {
    const usage = readText(`{"metadata":{"name":"p"},"spec":{"containers":${list}}}`);
    expect(linesOf(usage)).toEqual([
      'docker.io/library/a:1 < prod: Pod/p (container x)',
      'docker.io/library/b:1 < prod: Pod/p (container y)',
    ]);
  });

  it.each<[string, PodSpecKind & PresentKind, object]>([
    ['a pod has annotations and variables', POD, { metadata: { name: 'p', annotations: { a: 'b:1' } } }],
    ['a template has annotations and variables', DEPLOYMENT, {}],
    ['a template within a template has annotations and variables', CRON_JOB, {}],
  ])('understands it without parsing when %s that name no images', (_, kind, more) => {
    const spec = {
      containers: [{ name: 'app', image: 'app:1', env: [{ name: 'PORT', value: '"\\é"' }, { name: 'X' }] }],
    };
    const template = { metadata: { annotations: { checksum: '"{}"' }, creationTimestamp: null }, spec };
    const within = { Pod: spec, Deployment: { template }, CronJob: { jobTemplate: { spec: { template } } } }[kind.kind];
    const object = { metadata: { name: 'p' }, spec: within, ...more };
    expect(isWalked(JSON.stringify(object), kind)).toBe(true);
    expect(referencesOf(read(object, kind))).toEqual(['docker.io/library/app:1']);
  });

  it.each<[string, PodSpecKind & PresentKind]>([
    ['a pod', POD],
    ['a template', DEPLOYMENT],
    ['a template within a template', CRON_JOB],
  ])('finds what operators and injectors are told to start by %s', (_, kind) => {
    const spec = {
      containers: [{ name: 'op', image: 'op:1', env: [{ name: 'RELATED_IMAGE_AGENT', value: 'agent:1' }] }],
      initContainers: [{ name: 'i', env: [{ value: 'init:1', name: 'RELATED_IMAGE_INIT' }] }],
    };
    const metadata = { name: 'p', annotations: { 'sidecar.istio.io/proxyImage': 'r.test/proxy:1' } };
    const template = { metadata, spec };
    const within = { Pod: spec, Deployment: { template }, CronJob: { jobTemplate: { spec: { template } } } }[kind.kind];
    const object = { metadata: kind === POD ? metadata : { name: 'p' }, spec: within };
    expect(linesOf(read(object, kind))).toEqual([
      `docker.io/library/agent:1 < prod: ${kind.kind}/p (container op)`,
      `docker.io/library/init:1 < prod: ${kind.kind}/p (container i)`,
      `docker.io/library/op:1 < prod: ${kind.kind}/p (container op)`,
      `r.test/proxy:1 < prod: ${kind.kind}/p`,
    ]);
  });

  it('takes the last of two members of one name, as parsing does', () => {
    const twice = '{"metadata":{"name":"p"},"spec":{"containers":[{"image":"a:1","image":"b:1"}]}}';
    expect(isWalked(twice)).toBe(false);
    expect(referencesOf(readText(twice))).toEqual(['docker.io/library/b:1']);
  });

  it('finds nothing in what only looks like an image', () => {
    const object = pod('p', 'app:1', {
      spec: {
        containers: [
          { name: 'app', image: 'app:1', env: [{ name: 'image', value: '"image":"x:1"' }], x: { image: 'y:1' } },
        ],
        image: 'z:1',
      },
    });
    const annotated = {
      ...object,
      metadata: { ...object.metadata, annotations: { image: 'a:1', b: '{"image":"b:1"}' }, image: 'c:1' },
    };
    expect(isWalked(JSON.stringify(annotated))).toBe(true);
    expect(referencesOf(read(annotated))).toEqual(['docker.io/library/app:1']);
  });
});

describe('an object that cannot be understood', () => {
  const ok = '{"metadata":{"name":"p"},"spec":{"containers":[]}}';

  it.each([
    ['has no containers', '{"metadata":{"name":"p"},"spec":{}}', /spec\.containers/],
    ['has no spec', '{"metadata":{"name":"p"}}', /spec/],
    ['has no name', '{"metadata":{},"spec":{"containers":[]}}', /metadata\.name/],
    [
      'has an image that is a number',
      '{"metadata":{"name":"p"},"spec":{"containers":[{"image":7}]}}',
      /containers\.0\.image/,
    ],
    [
      'has an image that is an object',
      '{"metadata":{"name":"p"},"spec":{"containers":[{"image":{}}]}}',
      /containers\.0\.image/,
    ],
    [
      'has an image volume that is a text',
      '{"metadata":{"name":"p"},"spec":{"containers":[],"volumes":[{"image":"x"}]}}',
      /volumes\.0\.image/,
    ],
    ['has a status that is a text', `${ok.slice(0, -1)},"status":"x"}`, /status/],
    ['is half an object', ok.slice(0, -1), /not JSON/],
    ['is an object and more', `${ok}]`, /not JSON/],
  ])('stops the run: it %s', (_, object, why) => {
    expect(() => readText(object)).toThrow(EvidenceError);
    expect(() => readText(object)).toThrow(why);
  });

  it('stops the run when a text that matters is not in UTF-8', () => {
    const object = Buffer.from('{"metadata":{"name":"p"},"spec":{"containers":[{"image":"\xe9:1"}]}}', 'latin1');
    expect(() => readText(object)).toThrow(/not JSON/);
  });
});

describe('what is over', () => {
  const LONG_AGO = '2026-11-20T00:00:00Z';
  const JUST_NOW = '2026-11-21T23:59:00Z';

  function finishedPod(phase: string, finishedAt: string): object {
    const state = { terminated: { finishedAt } };
    const object = pod('p', 'app:1', {
      status: { phase, containerStatuses: [{ name: 'app', image: 'app:1', state }] },
    });
    return { ...object, metadata: { ...object.metadata, creationTimestamp: LONG_AGO } };
  }

  function job(type: string, lastTransitionTime: string): object {
    return {
      metadata: { name: 'j', creationTimestamp: LONG_AGO },
      spec: { template: { spec: { containers: [{ name: 'app', image: 'app:1' }] } } },
      status: { conditions: [{ type, status: 'True', lastTransitionTime }] },
    };
  }

  it.each<[string, object, PodSpecKind & PresentKind, number]>([
    ['a pod that succeeded long ago counts for nothing', finishedPod('Succeeded', LONG_AGO), POD, 0],
    ['a pod that failed long ago counts for nothing', finishedPod('Failed', LONG_AGO), POD, 0],
    ['a pod that succeeded just now counts', finishedPod('Succeeded', JUST_NOW), POD, 1],
    ['a pod that runs counts, whatever its times', finishedPod('Running', LONG_AGO), POD, 1],
    ['a Job that completed long ago counts for nothing', job('Complete', LONG_AGO), JOB, 0],
    ['a Job that completed just now counts', job('Complete', JUST_NOW), JOB, 1],
    ['a Job that goes on counts', job('Suspended', LONG_AGO), JOB, 1],
  ])('%s', (_, object, kind, images) => {
    expect(read(object, kind).uses).toHaveLength(images);
  });

  it('stops the run all the same when it cannot be understood', () => {
    const odd = { ...finishedPod('Succeeded', LONG_AGO), spec: { containers: 'none' } };
    expect(() => read(odd)).toThrow(/spec\.containers/);
  });
});
