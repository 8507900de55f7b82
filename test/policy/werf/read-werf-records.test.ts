// What werf's records say: for which commits images were published, when, under which names, and what imports came from.

import { describe, expect, it } from 'vitest';
import type { WerfPolicy } from '../../../src/model/policy.ts';
import { imageNameId } from '../../../src/model/werf-names.ts';
import { readWerf } from '../../../src/policy/werf/read-werf.ts';
import type { Werf } from '../../../src/policy/werf/werf.ts';
import { at, commitIdOf } from '../../builders/history.ts';
import { digestOf, type NodeSpec, policyOf, snapshotOf } from '../../builders/snapshot.ts';
import {
  customTagMetadata,
  imageMetadata,
  importMetadata,
  indexIdOf,
  managedImage,
  serviceRecord,
  stage,
  stageIdOf,
  stageIndex,
} from '../../builders/werf-snapshot.ts';

const NEW = '2026-11-19T00:00:00Z';
const NEWER = '2026-11-20T00:00:00Z';
const LONG_NAME = 'x'.repeat(129);

interface World {
  readonly nodes: readonly NodeSpec[];
  readonly policy?: Partial<WerfPolicy>;
  readonly meta?: readonly NodeSpec[];
}

function read({ nodes, policy, meta }: World): Werf {
  const evidence = meta === undefined ? undefined : { meta: snapshotOf(meta) };
  const werf = readWerf(snapshotOf([stage({ name: 's' }), ...nodes]), { ...policyOf().werf, ...policy }, evidence);
  if (werf === undefined) throw new Error('nothing of werf is here');
  return werf;
}

/** Which commits of which images a repository's records tell: `image commit`. */
function builds(world: World): readonly string[] {
  return read(world).buildRecords.map(({ image, commit, found }) => {
    const commitName = ['c', 'd', 'e'].find((name) => commitIdOf(name) === commit) ?? commit;
    const imageName = ['s', 'i'].find((name) => digestOf(name) === image) ?? image;
    return `${imageName} ${commitName} ${found.name}`;
  });
}

const meta = (image: string, commit: string, id = stageIdOf('s')): NodeSpec =>
  imageMetadata({ image, commit, stage: id });

describe('records that count', () => {
  it.each<[string, World, readonly string[]]>([
    ['of a managed image', { nodes: [meta('web', 'c'), managedImage('web')] }, ['s c of web']],
    ['of an image of werf.yaml', { nodes: [meta('web', 'c')], policy: { imageNames: ['web'] } }, ['s c of web']],
    ['of the image without a name', { nodes: [meta('', 'c'), managedImage('')] }, ['s c of ~']],
    ['not of an image that is neither', { nodes: [meta('web', 'c'), managedImage('app')] }, []],
    [
      'of managed images and of werf.yaml’s together',
      { nodes: [meta('web', 'c'), meta('app', 'd'), managedImage('app')], policy: { imageNames: ['web'] } },
      ['s c of web', 's d of app'],
    ],
    ['of every image where no name is known', { nodes: [meta('image', 'c')] }, ['s c of c8c39214']],
    [
      'of every image where werf.yaml does not tell all',
      { nodes: [meta('image', 'c'), managedImage('app')], policy: { areNamesComplete: false } },
      ['s c of c8c39214'],
    ],
    [
      'of every image where a name of werf.yaml cannot be written as werf does',
      { nodes: [meta('image', 'c'), managedImage('app')], policy: { imageNames: ['кот'.repeat(60)] } },
      ['s c of c8c39214'],
    ],
    [
      'of an image whose long name werf cuts',
      { nodes: [meta(LONG_NAME, 'c')], policy: { imageNames: [LONG_NAME] } },
      [`s c of ${'x'.repeat(105)}-8cca70eb`],
    ],
    [
      'of an image whose long name only its record tells',
      { nodes: [meta(LONG_NAME, 'c'), managedImage(LONG_NAME)] },
      [`s c of ${'x'.repeat(105)}-8cca70eb`],
    ],
    ['not about a stage that is not there', { nodes: [meta('web', 'c', stageIdOf('gone')), managedImage('web')] }, []],
    [
      'about an index of several platforms',
      { nodes: [meta('web', 'c', indexIdOf('i')), stageIndex({ name: 'i', platforms: ['s'] }), managedImage('web')] },
      ['i c of web'],
    ],
    [
      'without label werf',
      {
        nodes: [
          imageMetadata({ image: 'web', commit: 'c', stage: stageIdOf('s'), project: null }),
          managedImage('web'),
        ],
      },
      ['s c of web'],
    ],
    [
      'on an image that has another tag too',
      { nodes: [{ ...meta('web', 'c'), tags: [...(meta('web', 'c').tags ?? []), 'mine'] }, managedImage('web')] },
      ['s c of web'],
    ],
    [
      'of the meta repository',
      { nodes: [], meta: [meta('web', 'c'), meta('app', 'd'), managedImage('web')] },
      ['s c of web'],
    ],
    [
      'of both repositories',
      { nodes: [meta('web', 'c')], meta: [meta('web', 'd'), managedImage('web')] },
      ['s c of web', 's d of web'],
    ],
  ])('%s', (_, world, expected) => {
    expect([...builds(world)].sort()).toEqual(expected);
  });

  it('name their own manifest, their image’s id and their time', () => {
    const record = imageMetadata({ image: 'image', commit: 'c', stage: stageIdOf('s'), created: NEW });
    expect(read({ nodes: [record] }).buildRecords).toEqual([
      {
        record: digestOf(record.name),
        image: digestOf('s'),
        commit: commitIdOf('c'),
        product: 'c8c39214',
        at: { kind: 'known', at: at(NEW) },
        found: { kind: 'werf-record', name: 'of c8c39214' },
      },
    ]);
  });
});

describe('whether there is any record of a build', () => {
  it.each<[string, World, boolean]>([
    ['one that counts', { nodes: [meta('web', 'c'), managedImage('web')] }, true],
    ['one of an image that does not count', { nodes: [meta('web', 'c'), managedImage('app')] }, true],
    ['one about a stage that is gone', { nodes: [meta('web', 'c', stageIdOf('gone'))] }, true],
    ['one in the meta repository', { nodes: [], meta: [meta('web', 'c')] }, true],
    [
      'other records only',
      { nodes: [managedImage('web'), customTagMetadata({ tag: 'v1', stage: stageIdOf('s') })] },
      false,
    ],
    ['none', { nodes: [] }, false],
  ])('%s', (_, world, has) => {
    expect(read(world).hasBuildRecords).toBe(has);
  });
});

describe('names', () => {
  it('are those of records here, in the meta repository and in werf.yaml', () => {
    const werf = read({ nodes: [managedImage('app/web')], meta: [managedImage('')], policy: { imageNames: ['db'] } });
    expect([...werf.names.values()].sort()).toEqual(['', 'app/web', 'db']);
    expect(werf.managed).toEqual(new Set(['', 'app/web', 'db'].map(imageNameId)));
  });

  it('count whatever else the tag of their record leads to', () => {
    expect(read({ nodes: [stage({ name: 'x', tags: ['managed-image-web'] })] }).names.size).toBe(1);
  });

  it('may share an id, and then both count', () => {
    // Two names of one hash, found by trying.
    const [a, b] = ['img-117564', 'img-141909'];
    expect(imageNameId(a)).toBe(imageNameId(b));
    const werf = read({ nodes: [managedImage(b), managedImage(a)] });
    expect(werf.names).toEqual(new Map([[imageNameId(a), a]]));
  });

  it('are not all known where none is', () => {
    expect(read({ nodes: [] }).managed).toBeUndefined();
  });
});

describe('when an image was published', () => {
  const id = stageIdOf('s');
  it.each<[string, readonly NodeSpec[], readonly NodeSpec[] | undefined, string]>([
    ['by the digits of its id', [], undefined, '2026-01-01T00:00:00Z'],
    [
      'by its newest record',
      [
        imageMetadata({ image: 'a', commit: 'c', stage: id, created: NEWER }),
        imageMetadata({ image: 'a', commit: 'd', stage: id, created: NEW }),
      ],
      undefined,
      NEWER,
    ],
    [
      'by a record that does not count',
      [imageMetadata({ image: 'a', commit: 'c', stage: id, created: NEW }), managedImage('b')],
      undefined,
      NEW,
    ],
    ['by the record of a custom tag', [customTagMetadata({ tag: 'v1', stage: id, created: NEW })], undefined, NEW],
    [
      'by a record of the meta repository',
      [],
      [imageMetadata({ image: 'a', commit: 'c', stage: id, created: NEW })],
      NEW,
    ],
    [
      'by when the registry got a record',
      [{ ...imageMetadata({ image: 'a', commit: 'c', stage: id }), pushed: at(NEW) }],
      undefined,
      NEW,
    ],
    [
      'not by a record of an unknown time',
      [imageMetadata({ image: 'a', commit: 'c', stage: id, created: null })],
      undefined,
      '2026-01-01T00:00:00Z',
    ],
    [
      'not by a record that cannot be read',
      [imageMetadata({ image: 'a', commit: 'c', stage: id, created: NEW, unread: true })],
      undefined,
      '2026-01-01T00:00:00Z',
    ],
    [
      'not by when somebody imported from it',
      [importMetadata({ checksum: 'k', stage: id, created: NEW })],
      undefined,
      '2026-01-01T00:00:00Z',
    ],
  ])('%s', (_, nodes, metaNodes, expected) => {
    const werf = read({ nodes, ...(metaNodes === undefined ? {} : { meta: metaNodes }) });
    expect(werf.publishedAt.get(digestOf('s'))).toBe(at(expected));
  });

  it('is not known of an index without records', () => {
    const nodes = [stageIndex({ name: 'i', platforms: ['s'] })];
    expect(read({ nodes }).publishedAt.has(digestOf('i'))).toBe(false);
  });
});

it('tells by checksum what imports came from', () => {
  const nodes = [
    importMetadata({ checksum: 'k', stage: stageIdOf('s') }),
    importMetadata({ checksum: 'k', stage: stageIdOf('gone') }),
    importMetadata({ checksum: 'l', stage: stageIdOf('s') }),
    importMetadata({ checksum: 'm', stage: stageIdOf('s'), unread: true }),
  ];
  expect(read({ nodes }).importSources).toEqual(
    new Map([
      ['k', [stageIdOf('s'), stageIdOf('gone')].sort()],
      ['l', [stageIdOf('s')]],
    ]),
  );
});

it('tells recorded custom tags with all stages that they were put on', () => {
  const nodes = [
    customTagMetadata({ tag: 'v1', stage: stageIdOf('s') }),
    { ...customTagMetadata({ tag: 'v1', stage: stageIdOf('gone') }), name: 'again', tags: ['custom-tag-meta-again'] },
    serviceRecord('sync-server'),
  ];
  expect(read({ nodes }).customTags).toEqual(new Map([['v1', new Set([stageIdOf('s'), stageIdOf('gone')])]]));
});
