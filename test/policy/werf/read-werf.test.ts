// What of a repository is werf's, and what only looks like it.

import { describe, expect, it } from 'vitest';
import { RECORD_KEYS, RECORD_TYPE } from '../../../src/model/build-record.ts';
import type { WerfPolicy } from '../../../src/model/policy.ts';
import { parseTag } from '../../../src/model/reference.ts';
import { readWerf } from '../../../src/policy/werf/read-werf.ts';
import type { Werf, WerfEvidence } from '../../../src/policy/werf/werf.ts';
import { digestOf, LONG_AGO, type NodeSpec, policyOf, referrerTagOf, snapshotOf } from '../../builders/snapshot.ts';
import {
  customTagMetadata,
  imageMetadata,
  indexIdOf,
  managedImage,
  rejectedMarker,
  serviceRecord,
  stage,
  stageIdOf,
  stageIndex,
} from '../../builders/werf-snapshot.ts';

interface World {
  readonly nodes: readonly NodeSpec[];
  readonly policy?: Partial<WerfPolicy>;
  readonly evidence?: WerfEvidence;
  readonly vanished?: readonly string[];
}

function tryRead({ nodes, policy, evidence, vanished = [] }: World): Werf | undefined {
  const snapshot = { ...snapshotOf(nodes), vanishedTags: vanished.map(parseTag) };
  return readWerf(snapshot, { ...policyOf().werf, ...policy }, evidence);
}

function read(world: World): Werf {
  const werf = tryRead(world);
  if (werf === undefined) throw new Error('nothing of werf is here');
  return werf;
}

const HEX = 'ab'.repeat(28);

describe('a repository is werf’s when a label proves it', () => {
  it.each<[string, readonly NodeSpec[], boolean]>([
    ['a stage with label werf', [stage({ name: 's' })], true],
    ['a stage with only the content digest', [stage({ name: 's', project: null })], true],
    [
      'an index whose child has the label',
      [stageIndex({ name: 'i', platforms: ['s'] }), stage({ name: 's', isTagged: false })],
      true,
    ],
    ['a record with label werf', [managedImage('web')], true],
    ['a record without it', [managedImage('web', { project: null })], false],
    ['a record whose config cannot be read', [managedImage('web', { unread: true })], false],
    ['a 56-character tag of somebody else', [{ name: 'a', tags: [HEX] }], false],
    ['a tag like a stage of somebody else', [{ name: 'a', tags: [`${HEX}-1611836746968`] }], false],
    [
      'an image of another name that inherited the labels',
      [stage({ name: 's', isTagged: false, tags: ['v1'] })],
      false,
    ],
    ['an untagged image that inherited the labels', [stage({ name: 's', isTagged: false })], false],
    ['an index whose children are absent', [stageIndex({ name: 'i', platforms: ['gone'] })], false],
    [
      'an index that only an attestation might prove',
      [{ name: 'i', tags: [HEX], attestations: ['s'] }, stage({ name: 's', isTagged: false })],
      false,
    ],
    [
      'a stage that cannot be understood',
      [{ name: 'a', tags: [stageIdOf('a')], opaque: { mayListManifests: false } }],
      false,
    ],
    ['a tag named cleanup', [{ name: 'a', tags: ['cleanup'] }], false],
    ['nothing', [], false],
  ])('%s', (_, nodes, isWerfs) => {
    expect(tryRead({ nodes }) !== undefined).toBe(isWerfs);
  });
});

describe('what werf built', () => {
  const base = stage({ name: 'base' });
  it.each<[string, NodeSpec, readonly NodeSpec[], boolean]>([
    ['a stage', stage({ name: 'x' }), [], true],
    ['a stage with a tag that nobody recorded', stage({ name: 'x', tags: ['v1'] }), [], true],
    ['an untagged image with its labels', stage({ name: 'x', isTagged: false }), [], true],
    ['an untagged image without', { name: 'x' }, [], false],
    ['a platform that has no labels', { name: 'x' }, [stageIndex({ name: 'i', platforms: ['base', 'x'] })], true],
    [
      'an attestation of an index',
      { name: 'x' },
      [{ name: 'i', tags: [indexIdOf('i')], lists: ['base'], attestations: ['x'] }],
      false,
    ],
    ['an index by its child', stageIndex({ name: 'x', platforms: ['base'] }), [], true],
    [
      'what only a recorded custom tag leads to, the stage being gone',
      stage({ name: 'x', isTagged: false, tags: ['v1'] }),
      [customTagMetadata({ tag: 'v1', stage: stageIdOf('gone') })],
      true,
    ],
    [
      'what took over a custom tag whose stage is still there',
      stage({ name: 'x', isTagged: false, tags: ['v1'] }),
      [customTagMetadata({ tag: 'v1', stage: stageIdOf('base') })],
      false,
    ],
    [
      'what took over a custom tag and has no labels',
      { name: 'x', tags: ['v1'] },
      [customTagMetadata({ tag: 'v1', stage: stageIdOf('gone') })],
      false,
    ],
    [
      'what has a recorded custom tag and one of its own',
      stage({ name: 'x', isTagged: false, tags: ['v1', 'v2'] }),
      [customTagMetadata({ tag: 'v1', stage: stageIdOf('gone') })],
      false,
    ],
    ['a record', managedImage('x'), [], false],
  ])('%s', (_, node, others, isBuilt) => {
    const werf = read({ nodes: [base, node, ...others] });
    expect(werf.built.has(digestOf(node.name))).toBe(isBuilt);
  });

  it('counts one digest under both of its stage ids', () => {
    const [a, b] = [stageIdOf('a'), stageIdOf('b')];
    const werf = read({ nodes: [stage({ name: 'a', tags: [b] })] });
    expect(werf.stages).toEqual(
      new Map([
        [a, digestOf('a')],
        [b, digestOf('a')],
      ]),
    );
    expect(werf.foreign.size).toBe(0);
  });
});

describe('what is foreign', () => {
  const base = stage({ name: 'base' });
  const custom = customTagMetadata({ tag: 'v1', stage: stageIdOf('x') });
  it.each<[string, NodeSpec, readonly NodeSpec[], string | undefined]>([
    ['a plain image', { name: 'x', tags: ['v2', 'v1'] }, [], 'v1'],
    ['a stage', stage({ name: 'x' }), [], undefined],
    ['a stage with a recorded custom tag', stage({ name: 'x', tags: ['v1'] }), [custom], undefined],
    ['a stage with a tag that nobody recorded', stage({ name: 'x', tags: ['v1', 'zz'] }), [custom], 'zz'],
    ['a 56-character tag of somebody else', { name: 'x', tags: [HEX] }, [], HEX],
    ['an index whose children are absent', stageIndex({ name: 'x', platforms: ['gone'] }), [], indexIdOf('x')],
    ['a stage whose config cannot be read', { ...stage({ name: 'x' }), unread: true }, [], stageIdOf('x')],
    [
      'a stage that cannot be understood',
      { name: 'x', tags: [stageIdOf('x')], opaque: { mayListManifests: true } },
      [],
      stageIdOf('x'),
    ],
    ['an image that inherited the labels', stage({ name: 'x', isTagged: false, tags: ['app'] }), [], 'app'],
    ['an index of somebody that lists a stage', { name: 'x', tags: ['multi'], lists: ['base'] }, [], 'multi'],
    ['a signature', { name: 'x', tags: [referrerTagOf('base', '.sig')] }, [], undefined],
    ['an untagged image', { name: 'x' }, [], undefined],
    [
      'a custom tag that somebody took over',
      { name: 'x', tags: ['v1'] },
      [stage({ name: 'y' }), customTagMetadata({ tag: 'v1', stage: stageIdOf('y') })],
      'v1',
    ],
    [
      'an index under the name of a record',
      { name: 'x', tags: ['managed-image-web'], lists: ['base'] },
      [],
      'managed-image-web',
    ],
    [
      'a stage under the name of a record',
      stage({ name: 'x', isTagged: false, tags: ['managed-image-web'] }),
      [],
      'managed-image-web',
    ],
    ['a stage that has the name of a record too', stage({ name: 'x', tags: ['managed-image-web'] }), [], undefined],
    [
      'a record with a tag of somebody else',
      { ...managedImage('x'), name: 'x', tags: ['managed-image-x', 'mine'] },
      [],
      'mine',
    ],
    [
      'a custom tag’s record that says nothing',
      { name: 'x', tags: ['custom-tag-meta-v1'], labels: { werf: 'shop' } },
      [],
      'custom-tag-meta-v1',
    ],
    [
      'an import’s record that says nothing',
      { name: 'x', tags: [`import-metadata-${'0'.repeat(64)}`], labels: { werf: 'shop' } },
      [],
      `import-metadata-${'0'.repeat(64)}`,
    ],
    ['an image called cleanup', { name: 'x', tags: ['cleanup'] }, [], 'cleanup'],
    ['an image called cleanup-job', { name: 'x', tags: ['cleanup-job'] }, [], 'cleanup-job'],
  ])('%s', (_, node, others, tag) => {
    const werf = read({ nodes: [base, node, ...others] });
    expect(werf.foreign.get(digestOf(node.name))).toBe(tag);
    expect(werf.foreign.has(digestOf('base'))).toBe(false);
  });

  it('takes a custom tag for foreign while nobody knows what its stage’s vanished tag led to', () => {
    const nodes = [base, stage({ name: 'x', isTagged: false, tags: ['v1'] }), custom];
    expect(read({ nodes }).foreign.size).toBe(0);
    expect(read({ nodes, vanished: [stageIdOf('x')] }).foreign.get(digestOf('x'))).toBe('v1');
  });

  it('knows records of ours for what they are', () => {
    const tags = [`record-${'a'.repeat(40)}`];
    const own: NodeSpec = { name: 'own', tags, subject: 'base', annotations: { [RECORD_KEYS.type]: RECORD_TYPE } };
    expect(read({ nodes: [base, own] }).foreign.size).toBe(0);
    expect(read({ nodes: [base, { ...own, annotations: {} }] }).foreign.size).toBe(1);
  });
});

describe('what is rejected', () => {
  const base = stage({ name: 'base' });
  const id = stageIdOf('x');
  const marker = rejectedMarker(id);
  const custom = customTagMetadata({ tag: 'v1', stage: id });
  it.each<[string, NodeSpec, readonly NodeSpec[], boolean]>([
    ['a marked stage', stage({ name: 'x' }), [marker], true],
    ['a stage that is not marked', stage({ name: 'x' }), [], false],
    ['a marked stage with its custom tag', stage({ name: 'x', tags: ['v1'] }), [marker, custom], true],
    ['a marked stage with a tag of somebody', stage({ name: 'x', tags: ['v2'] }), [marker, custom], false],
    [
      'a marked stage with the custom tag of another',
      stage({ name: 'x', tags: ['v2'] }),
      [marker, customTagMetadata({ tag: 'v2', stage: stageIdOf('base') })],
      false,
    ],
    ['a marked stage that has another id too', stage({ name: 'x', tags: [stageIdOf('other')] }), [marker], false],
    [
      'a marked stage that both its ids mark',
      stage({ name: 'x', tags: [stageIdOf('other')] }),
      [marker, rejectedMarker(stageIdOf('other'))],
      true,
    ],
    ['a marked stage with the tag of a record', stage({ name: 'x', tags: ['managed-image-web'] }), [marker], false],
    [
      'a marked stage with a signature’s tag',
      stage({ name: 'x', tags: [referrerTagOf('base', '.sig')] }),
      [marker],
      true,
    ],
    [
      'a marked stage that cannot be understood',
      { name: 'x', tags: [id], opaque: { mayListManifests: true } },
      [marker],
      true,
    ],
    ['a marked stage whose config cannot be read', { ...stage({ name: 'x' }), unread: true }, [marker], true],
    ['an image of somebody else under a marked id', { name: 'x', tags: [id] }, [marker], false],
    ['a marked index', stageIndex({ name: 'x', platforms: ['base'] }), [rejectedMarker(`${indexIdOf('x')}-0`)], true],
    [
      'a marked index whose children are absent',
      stageIndex({ name: 'x', platforms: ['gone'] }),
      [rejectedMarker(`${indexIdOf('x')}-0`)],
      true,
    ],
    [
      'a marked index of somebody else’s children',
      stageIndex({ name: 'x', platforms: ['y'] }),
      [{ name: 'y' }, rejectedMarker(`${indexIdOf('x')}-0`)],
      false,
    ],
    [
      'a stage marked by what is no record',
      stage({ name: 'x' }),
      [{ name: 'm', tags: [`${id}-rejected`], lists: ['base'] }],
      false,
    ],
    [
      'a stage that another project marked',
      stage({ name: 'x' }),
      [rejectedMarker(id, { project: 'other' }), stage({ name: 'o', project: 'other' })],
      false,
    ],
  ])('%s', (_, node, others, isRejected) => {
    const werf = read({ nodes: [base, node, ...others], policy: { project: 'shop' } });
    expect(werf.rejected.has(digestOf('x'))).toBe(isRejected);
    if (isRejected) expect(werf.foreign.has(digestOf('x'))).toBe(false);
    if (isRejected) expect(werf.built.has(digestOf('x'))).toBe(true);
  });
});

describe('several projects in one repository', () => {
  const nodes = [
    stage({ name: 'ours' }),
    stage({ name: 'theirs', project: 'other' }),
    stage({ name: 'nobody', project: null }),
    stageIndex({ name: 'mixed', platforms: ['ours', 'theirs'] }),
    imageMetadata({ image: 'web', commit: 'c', stage: stageIdOf('theirs'), project: 'other' }),
    managedImage('app', { project: 'other' }),
  ];
  const foreignIn = (policy: Partial<WerfPolicy>) => {
    const { foreign } = read({ nodes, policy });
    return nodes
      .filter(({ name }) => foreign.has(digestOf(name)))
      .map(({ name, tags = [] }) => (tags[0] === name ? name.slice(0, 5) : name));
  };

  it('leaves the others’ stages and records alone', () => {
    expect(foreignIn({ project: 'shop' })).toEqual(['theirs', 'nobody', 'mixed', 'meta-']);
    expect(read({ nodes, policy: { project: 'shop' } }).otherProjects).toEqual(['other']);
  });

  it('leaves all alone where nobody says which is ours', () => {
    expect(foreignIn({})).toEqual(['ours', 'theirs', 'nobody', 'mixed', 'meta-']);
    expect(read({ nodes }).otherProjects).toEqual(['other', 'shop']);
  });

  it('takes the only project for ours, and what names none with it', () => {
    const werf = read({ nodes: [stage({ name: 'ours' }), stage({ name: 'nobody', project: null })] });
    expect([werf.foreign.size, werf.otherProjects]).toEqual([0, []]);
  });

  it('takes no word of another project for what a tag of ours is', () => {
    const custom = customTagMetadata({ tag: 'v1', stage: stageIdOf('ours'), project: 'other' });
    const all = [stage({ name: 'ours', tags: ['v1'] }), ...nodes.slice(1), custom];
    expect(read({ nodes: all, policy: { project: 'shop' } }).foreign.get(digestOf('ours'))).toBe('v1');
  });

  it('lets names of managed images count whoever manages them', () => {
    expect(read({ nodes, policy: { project: 'shop' } }).names).toEqual(new Map([[expect.any(String), 'app']]));
  });

  it('takes no word of another project about its own stages, and none of its builds for ours', () => {
    const werf = read({ nodes, policy: { project: 'shop', areNamesComplete: false } });
    expect([werf.buildRecords, werf.hasBuildRecords]).toEqual([[], false]);
  });
});

describe('records', () => {
  const base = stage({ name: 'base' });
  const id = stageIdOf('base');
  it.each<[string, NodeSpec, readonly string[] | undefined]>([
    ['of a build hangs on its stage', imageMetadata({ image: 'web', commit: 'c', stage: id }), ['base']],
    [
      'of a build whose stage is not there hangs on nothing',
      imageMetadata({ image: 'web', commit: 'c', stage: stageIdOf('gone') }),
      [],
    ],
    [
      'without label werf is one all the same',
      imageMetadata({ image: 'web', commit: 'c', stage: id, project: null }),
      ['base'],
    ],
    [
      'that cannot be read is one all the same',
      imageMetadata({ image: 'web', commit: 'c', stage: id, unread: true }),
      ['base'],
    ],
    ['of a custom tag hangs on its stage', customTagMetadata({ tag: 'v9', stage: id }), ['base']],
    [
      'of a custom tag that cannot be read hangs on nothing',
      customTagMetadata({ tag: 'v9', stage: id, unread: true }),
      [],
    ],
    ['of a broken stage hangs on it', rejectedMarker(id), ['base']],
    ['of a managed image hangs on nothing', managedImage('web'), []],
    ['of a cleanup hangs on nothing', serviceRecord('cleanup', { lastcleanuptimestamp: '1' }), []],
    ['of a cleanup by another name is one', serviceRecord('cleanup-2', { lastcleanuptimestamp: '1' }), []],
    ['of a client hangs on nothing', serviceRecord('client-id-x-1'), []],
    [
      'with two tags hangs on both images',
      {
        ...imageMetadata({ image: 'web', commit: 'c', stage: id }),
        name: 'two',
        tags: [
          ...(imageMetadata({ image: 'web', commit: 'c', stage: id }).tags ?? []),
          ...(imageMetadata({ image: 'web', commit: 'c', stage: stageIdOf('second') }).tags ?? []),
        ],
      },
      ['base', 'second'],
    ],
    [
      'with a stage’s label is none',
      { name: 'r', tags: ['managed-image-web'], labels: { werf: 'shop', 'werf-stage-content-digest': 'x' } },
      undefined,
    ],
    [
      'with a tag of somebody else is none',
      { name: 'r', tags: ['managed-image-web', 'mine'], labels: { werf: 'shop' } },
      undefined,
    ],
    ['that is an index is none', { name: 'r', tags: ['managed-image-web'], lists: ['base'] }, undefined],
    [
      'that cannot be understood is none',
      { name: 'r', tags: ['managed-image-web'], opaque: { mayListManifests: false } },
      undefined,
    ],
  ])('%s', (_, node, images) => {
    const werf = read({ nodes: [base, stage({ name: 'second' }), node] });
    expect(werf.attached.get(digestOf(node.name))).toEqual(images?.map(digestOf).sort());
    expect(werf.records.has(digestOf(node.name))).toBe(images !== undefined);
    expect(werf.built.has(digestOf(node.name))).toBe(false);
  });

  it('say what they are about, and when they were written', () => {
    const meta = imageMetadata({ image: 'image', commit: 'c', stage: id });
    const unread = imageMetadata({ image: 'web', commit: 'c', stage: id, unread: true });
    const werf = read({ nodes: [base, meta, unread] });
    expect(werf.records.get(digestOf(meta.name))).toEqual([
      {
        kind: 'image-metadata',
        tag: meta.name,
        image: digestOf('base'),
        stage: id,
        nameId: 'c8c39214',
        at: { kind: 'known', at: Date.parse(LONG_AGO) },
      },
    ]);
    expect(werf.records.get(digestOf(unread.name))?.[0]?.at.kind).toBe('unknown');
  });

  it('of shape alone are none where no stage proves the repository', () => {
    const werf = read({ nodes: [managedImage('web'), managedImage('app', { project: null })] });
    expect([...werf.records.keys()]).toEqual([digestOf('managed-image-web')]);
    expect(werf.foreign.get(digestOf('managed-image-app'))).toBe('managed-image-app');
  });
});
