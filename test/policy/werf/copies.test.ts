import { describe, expect, it } from 'vitest';
import type { Policy } from '../../../src/model/policy.ts';
import { parseRepository, parseTag } from '../../../src/model/reference.ts';
import { hours } from '../../../src/model/time.ts';
import { copiesInUse } from '../../../src/policy/werf/copies-in-use.ts';
import { decideCopy } from '../../../src/policy/werf/decide-copy.ts';
import { decideMetaRepository } from '../../../src/policy/werf/decide-records.ts';
import { ANY_AGE, digestOf, NOW, type NodeSpec, policyOf, snapshotOf, usageOf } from '../../builders/snapshot.ts';
import {
  customTagMetadata,
  imageMetadata,
  importMetadata,
  managedImage,
  rejectedMarker,
  serviceRecord,
  stage,
  stageIdOf,
  stageIndex,
} from '../../builders/werf-snapshot.ts';
import { branch, decideOn, GONE, published, recordName, recordsOf } from './world.ts';

const FINAL = 'registry.example.com/shop/final';
const MAIN = [branch('main')];
const PRIMARY: readonly NodeSpec[] = [
  ...published('new', ['c2', 'c4']),
  stage({ name: 'old', tags: ['live'] }),
  ...recordsOf('old', ['c1']),
  customTagMetadata({ tag: 'live', stage: stageIdOf('old') }),
];
const YOUNG = '2026-11-18T00:00:00Z';

/** A copy has a digest of its own as a rule: its manifest may be written anew. */
function copyOf(name: string, more: Partial<NodeSpec> = {}): NodeSpec {
  return { ...stage({ name }), ...more, name: `copy of ${name}` };
}

interface CopySpec {
  readonly copies: readonly NodeSpec[];
  readonly used?: readonly string[];
  readonly policy?: Partial<Policy>;
  readonly vanished?: readonly string[];
  readonly primary?: ReturnType<typeof decideOn>;
}

/** What goes from the final repository, by short name. */
function doomedCopies({ copies, used = [], policy = {}, vanished = [], primary: given }: CopySpec): readonly string[] {
  const snapshot = { ...snapshotOf(copies), repository: parseRepository(FINAL) };
  const primary = given ?? decideOn(PRIMARY, MAIN, { snapshot: { vanishedTags: vanished.map(parseTag) } });
  const usage = usageOf(used);
  const evidence = { snapshot, usage, firstSeen: undefined, primary, role: 'final', repository: 'app' } as const;
  const made = decideCopy(evidence, policyOf({ ...ANY_AGE, ...policy }), NOW);
  return copies.map(({ name }) => name).filter((name) => made.decisions.get(digestOf(name))?.decision === 'delete');
}

describe('a copy of a stage', () => {
  it('stays while its original does, and goes with it', () => {
    expect(doomedCopies({ copies: [copyOf('new'), copyOf('old')] })).toEqual(['copy of old']);
  });

  it('that is the same manifest follows it by its digest, whatever its tags', () => {
    const copies = [stage({ name: 'new' }), stage({ name: 'old', isTagged: false })];
    expect(doomedCopies({ copies })).toEqual(['old']);
    expect(doomedCopies({ copies: [stage({ name: 'new', isTagged: false }), copyOf('old')] })).toEqual(['copy of old']);
  });

  it.each<[string, Omit<CopySpec, 'copies'>]>([
    ['its tag', { used: [`${FINAL}:${stageIdOf('old')}`] }],
    ['its digest', { used: [`${FINAL}@${digestOf('copy of old')}`] }],
  ])('stays when a pod uses it by %s', (_, more) => {
    expect(doomedCopies({ copies: [copyOf('new'), copyOf('old')], ...more })).toEqual([]);
  });

  it('stays when a pod uses a custom tag of it, and goes with that tag when none does', () => {
    const copies = [copyOf('old', { tags: [stageIdOf('old'), 'live'] })];
    expect(doomedCopies({ copies, used: [`${FINAL}:live`] })).toEqual([]);
    expect(doomedCopies({ copies })).toEqual(['copy of old']);
  });

  it('goes with a custom tag that only the meta repository has a record of', () => {
    const meta = snapshotOf([
      managedImage('web'),
      ...recordsOf('new', ['c4']),
      ...recordsOf('old', ['c1']),
      customTagMetadata({ tag: 'live', stage: stageIdOf('old') }),
    ]);
    const originals = [stage({ name: 'new' }), stage({ name: 'old', tags: ['live'] })];
    const copies = [copyOf('old', { tags: [stageIdOf('old'), 'live'] })];
    expect(doomedCopies({ copies, primary: decideOn(originals, MAIN, { werf: { meta } }) })).toEqual(['copy of old']);
  });

  it('stays when it has a tag that nobody recorded', () => {
    expect(doomedCopies({ copies: [copyOf('old', { tags: [stageIdOf('old'), 'mine'] })] })).toEqual([]);
  });

  it('stays when it is pinned, or young', () => {
    const copies = [copyOf('old')];
    const pins = { tags: [], expressions: [], list: [parseTag(stageIdOf('old'))] };
    expect(doomedCopies({ copies, policy: { pins } })).toEqual([]);
    expect(doomedCopies({ copies, policy: { recent: { within: hours(100_000) } } })).toEqual([]);
  });

  it('without an original goes after the grace, and stays before', () => {
    const lost = { ...stage({ name: 'lost' }), name: 'lost' };
    const young = stage({ name: 'young', created: YOUNG });
    expect(doomedCopies({ copies: [copyOf('new'), lost, young] })).toEqual(['lost']);
  });

  it('without an original stays when a tag beside the originals vanished while it was read', () => {
    expect(doomedCopies({ copies: [stage({ name: 'lost' })], vanished: [stageIdOf('lost')] })).toEqual([]);
  });

  it('of several platforms goes as a whole, and a platform keeps its index', () => {
    const copies = [
      stageIndex({ name: 'multi', platforms: ['amd', 'arm'] }),
      stage({ name: 'amd', isTagged: false }),
      stage({ name: 'arm', isTagged: false }),
    ];
    expect(doomedCopies({ copies })).toEqual(['multi', 'amd', 'arm']);
    expect(doomedCopies({ copies, used: [`elsewhere.example.com/x@${digestOf('amd')}`] })).toEqual([]);
  });

  it('goes in a purge unless it is used, and what is somebody else’s stays', () => {
    const copies = [copyOf('new'), copyOf('old'), { name: 'theirs', tags: ['nginx'] }, { name: 'loose' }];
    expect(doomedCopies({ copies, policy: { purge: true }, used: [`${FINAL}:${stageIdOf('old')}`] })).toEqual([
      'copy of new',
    ]);
  });
});

describe('what is in the final repository and none of werf’s', () => {
  it('stays', () => {
    expect(doomedCopies({ copies: [copyOf('old'), { name: 'theirs', tags: ['nginx'] }, { name: 'loose' }] })).toEqual([
      'copy of old',
    ]);
  });
});

describe('the stages whose copies are in use', () => {
  const snapshot = {
    ...snapshotOf([
      copyOf('old', { tags: [stageIdOf('old'), 'live'] }),
      stageIndex({ name: 'multi', platforms: ['amd'] }),
      stage({ name: 'amd', isTagged: false }),
      stage({ name: 'bare', isTagged: false, tags: ['bare'] }),
    ]),
    repository: parseRepository(FINAL),
  };
  it.each<[string, string, readonly string[]]>([
    ['by their tag', `${FINAL}:${stageIdOf('old')}`, [digestOf('copy of old'), stageIdOf('old')]],
    ['by a custom tag', `${FINAL}:live`, [digestOf('copy of old'), stageIdOf('old')]],
    ['by a digest', `${FINAL}@${digestOf('copy of old')}`, [digestOf('copy of old'), stageIdOf('old')]],
    [
      'by the digest of a platform',
      `${FINAL}@${digestOf('amd')}`,
      [digestOf('amd'), digestOf('multi'), stageIdOf('multi').slice(0, 56)],
    ],
    ['by a tag without the stage’s', `${FINAL}:bare`, [digestOf('bare')]],
    ['not by a tag of another repository', 'registry.example.com/shop/other:live', []],
  ])('are told %s', (_, reference, expected) => {
    const used = copiesInUse(snapshot, usageOf([reference]), new Map());
    expect([...used.keys()].sort()).toEqual([...expected].sort());
    for (const reasons of used.values()) expect(reasons.map(({ rule }) => rule)).toEqual(['kubernetes']);
  });
});

describe('a record in the meta repository', () => {
  const nodes = (created: string): readonly NodeSpec[] => [
    managedImage('web'),
    ...recordsOf('new', ['c2', 'c4', GONE], { created }),
    ...recordsOf('old', ['c1'], { created }),
    ...recordsOf('lost', ['c4', GONE], { created }),
    imageMetadata({ image: 'retired', commit: 'c4', stage: stageIdOf('new'), created }),
    customTagMetadata({ tag: 'live', stage: stageIdOf('old'), created }),
    importMetadata({ checksum: 'sum', stage: stageIdOf('new'), created }),
    rejectedMarker(stageIdOf('lost'), { created }),
    serviceRecord('cleanup', { lastcleanuptimestamp: '1' }),
    { name: 'theirs', tags: ['nginx'] },
    { name: 'loose' },
  ];
  const doomedRecords = (
    specs: readonly NodeSpec[],
    { policy = {}, vanished = [] }: { policy?: Partial<Policy>; vanished?: readonly string[] } = {},
  ): readonly string[] => {
    const snapshot = snapshotOf(specs);
    const stages = [stage({ name: 'new' }), stage({ name: 'old' })];
    const primary = decideOn(stages, MAIN, {
      werf: { meta: snapshot },
      snapshot: { vanishedTags: vanished.map(parseTag) },
      policy,
    });
    const made = decideMetaRepository({ snapshot, primary }, policyOf({ ...ANY_AGE, ...policy }));
    return specs.map(({ name }) => name).filter((name) => made.decisions.get(digestOf(name))?.decision === 'delete');
  };

  it('goes with its image, and when nobody needs it, or neither its image nor its commit is there', () => {
    expect(doomedRecords(nodes('2026-01-01T00:00:00Z'))).toEqual([
      recordName('new', 'c2'),
      recordName('new', GONE),
      recordName('old', 'c1'),
      recordName('lost', GONE),
      recordName('new', 'c4', 'retired'),
      'custom-tag-meta-live',
    ]);
  });

  it('stays during the grace while its image does', () => {
    expect(doomedRecords(nodes(YOUNG))).toEqual([recordName('old', 'c1'), 'custom-tag-meta-live']);
  });

  it('about an image that is not found stays when a tag vanished beside the images', () => {
    const left = doomedRecords(nodes('2026-01-01T00:00:00Z'), { vanished: ['x'] });
    expect(left).not.toContain(recordName('lost', GONE));
  });

  it('keeps the stage that it is about', () => {
    const made = decideOn([stage({ name: 'new' }), stage({ name: 'old' })], MAIN, {
      werf: { meta: snapshotOf(nodes('2026-01-01T00:00:00Z')) },
    });
    expect(made.rulesOf('new')).toEqual(['git']);
    expect(made.rulesOf('old')).toEqual(['git-superseded']);
  });

  it('goes in a purge, save the notes about the repository', () => {
    const kept = new Set(nodes(YOUNG).map(({ name }) => name));
    for (const name of doomedRecords(nodes(YOUNG), { policy: { purge: true } })) kept.delete(name);
    expect([...kept]).toEqual(['cleanup', 'theirs', 'loose']);
  });
});
