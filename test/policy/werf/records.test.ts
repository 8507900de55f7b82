import { describe, expect, it } from 'vitest';
import { RECORD_KEYS, RECORD_TYPE } from '../../../src/model/build-record.ts';
import { describeReason } from '../../../src/model/describe-reason.ts';
import { parseTag } from '../../../src/model/reference.ts';
import { hours } from '../../../src/model/time.ts';
import { type DecisionSpec, decisionsOn } from '../../builders/decision.ts';
import { forgeOf } from '../../builders/forge.ts';
import { commitIdOf } from '../../builders/history.ts';
import { ANY_AGE, LONG_AGO, type NodeSpec, usageOf } from '../../builders/snapshot.ts';
import {
  customTagMetadata,
  imageMetadata,
  importMetadata,
  managedImage,
  rejectedMarker,
  stage,
  stageIdOf,
} from '../../builders/werf-snapshot.ts';
import { branch, decideOn, GONE, HISTORY, published, recordName, recordsOf, tag, werfPolicy } from './world.ts';

const OURS = 'registry.example.com/shop/app';
const YESTERDAY = '2026-11-19T12:00:00Z';
const MAIN = [branch('main')];

describe('a record of a stage that stays', () => {
  it('stays while its commit is the one that a policy keeps the stage by', () => {
    const made = decideOn(published('new', ['c4']), MAIN);
    expect(made.doomed).toEqual([]);
  });

  it('goes when a branch keeps the stage by another commit, and says by which', () => {
    const made = decideOn(published('new', ['c2', 'c4']), MAIN);
    expect(made.doomed).toEqual([recordName('new', 'c2')]);
    expect(made.of(recordName('new', 'c2')).reasons.map(describeReason)).toEqual([
      `branch main keeps its image by commit ${commitIdOf('c4').slice(0, 10)}`,
    ]);
  });

  it('stays for every branch and tag that keeps the stage by its commit', () => {
    const made = decideOn(published('new', ['c1', 'c2', 'side', 'c4']), [branch('/main|dev/'), tag('v1')]);
    expect(made.doomed).toEqual([recordName('new', 'c2')]);
  });

  it('goes when its commit is gone', () => {
    const made = decideOn(published('new', [GONE, 'c4']), MAIN);
    expect(made.of(recordName('new', GONE)).reasons.map(describeReason)).toEqual([
      `commit ${commitIdOf(GONE).slice(0, 10)} is gone`,
    ]);
  });

  it.each<[string, { readonly created: string | null }]>([
    ['is younger than the grace', { created: YESTERDAY }],
    ['does not say when it was written', { created: null }],
  ])('stays when it %s', (_, { created }) => {
    const records = [GONE, 'c2'].map((commit) =>
      imageMetadata({ image: 'web', commit, stage: stageIdOf('new'), created }),
    );
    expect(decideOn([...published('new', ['c4']), ...records], MAIN).doomed).toEqual([]);
  });

  it('stays when nobody can read when it was written', () => {
    const record = imageMetadata({ image: 'web', commit: GONE, stage: stageIdOf('new'), unread: true });
    expect(decideOn([...published('new', ['c4']), record], MAIN).doomed).toEqual([]);
  });

  it('stays when it is not Git that keeps the stage, unless its commit is gone', () => {
    const nodes = [...published('new', ['c4']), ...published('used', ['c1', 'c2', GONE])];
    const made = decideOn(nodes, MAIN, { usage: usageOf([`${OURS}:${stageIdOf('used')}`]) });
    expect(made.doomed).toEqual([recordName('used', GONE)]);
  });

  it('goes with the name of an image that is not managed any more', () => {
    const nodes = [...published('new', ['c4']), ...recordsOf('new', ['c4'], { image: 'retired' })];
    const made = decideOn(nodes, MAIN);
    expect(made.of(recordName('new', 'c4', 'retired')).reasons.map(describeReason)).toEqual([
      'the image d7c1d8f0 is not managed any more'.replace('d7c1d8f0', idIn(recordName('new', 'c4', 'retired'))),
    ]);
    const all = decideOn(nodes, MAIN, { policy: { werf: werfPolicy({ areNamesComplete: false }) } });
    expect(all.doomed).toEqual([]);
  });

  it('is judged by its own image: another image’s commits keep it not, and it them not', () => {
    const nodes = [
      managedImage('api'),
      ...published('shared', ['c4']),
      ...recordsOf('shared', ['c2'], { image: 'api' }),
      ...published('newer', ['c4'], { image: 'api' }),
    ];
    const made = decideOn(nodes, MAIN);
    expect(made.doomed).toEqual([recordName('shared', 'c2', 'api')]);
    expect(made.of(recordName('shared', 'c2', 'api')).reasons.map(describeReason)).toEqual([
      `no branch or tag needs the image for ${commitIdOf('c2').slice(0, 10)}`,
    ]);
  });

  it('goes though another image of the same stage is kept by its very commit', () => {
    const nodes = [
      managedImage('api'),
      ...published('shared', ['c2']),
      ...recordsOf('shared', ['c2'], { image: 'api' }),
      ...published('newer', ['c4'], { image: 'api' }),
    ];
    expect(decideOn(nodes, MAIN).doomed).toEqual([recordName('shared', 'c2', 'api')]);
  });

  it('stays when only an open pull request leads to its commit', () => {
    const forge = forgeOf({ pullRequests: [{ number: 7, head: 'off', base: 'main' }] });
    const history = { ...HISTORY, references: HISTORY.references.filter(({ name }) => name !== 'v2') };
    const made = decideOn(published('new', ['off', 'c4']), MAIN, { history, forge });
    expect(made.doomed).toEqual([]);
  });

  it('stays when a deployment is of its commit, though that is nowhere any more', () => {
    const forge = forgeOf({
      deployments: [{ environment: 'prod', commit: GONE, state: 'active', date: '2026-11-01T00:00:00Z' }],
    });
    const made = decideOn(published('new', [GONE, 'c4']), MAIN, {
      forge,
      policy: { forge: { pullRequests: 'off', releases: 'off', deployments: { environments: [], last: 1 } } },
    });
    expect(made.doomed).toEqual([]);
  });

  it('stays when it is pinned', () => {
    const list = [parseTag(recordName('new', 'c2'))];
    const made = decideOn(published('new', ['c2', 'c4']), MAIN, {
      policy: { pins: { tags: [], expressions: [], list } },
    });
    expect(made.doomed).toEqual([]);
  });

  it('stays while something refers to it', () => {
    const [record] = recordsOf('new', ['c2']);
    const nodes = [...published('new', ['c2', 'c4']), { name: 'sbom', subject: record?.name ?? '' }];
    expect(decideOn(nodes, MAIN).doomed).toEqual([]);
  });

  it('with several tags goes only when all of them may', () => {
    const [one, other] = [recordName('new', 'c2'), recordName('new', GONE)];
    const both: NodeSpec = { ...recordsOf('new', ['c2'])[0], name: 'both', tags: [one, other] };
    expect(decideOn([...published('new', ['c4']), both], MAIN).doomed).toEqual(['both']);
    const needed: NodeSpec = { ...both, tags: [one, recordName('new', 'c4')] };
    expect(decideOn([stage({ name: 'new' }), needed], MAIN).doomed).toEqual([]);
    const listed: NodeSpec = { ...both, tags: [one, 'managed-image-api'] };
    expect(decideOn([...published('new', ['c4']), listed], MAIN).doomed).toEqual([]);
  });
});

describe('a record whose image is not there', () => {
  const orphans = (created: string | null): readonly NodeSpec[] => [
    imageMetadata({ image: 'web', commit: 'c4', stage: stageIdOf('lost'), created }),
    importMetadata({ checksum: 'sum', stage: stageIdOf('lost'), created }),
    customTagMetadata({ tag: 'live', stage: stageIdOf('lost'), created }),
    rejectedMarker(stageIdOf('lost'), { created }),
  ];
  const names = orphans(LONG_AGO).map(({ name }) => name);

  it('goes after the grace', () => {
    const made = decideOn([...published('new', ['c4']), ...orphans(LONG_AGO)], MAIN);
    expect(made.doomed).toEqual(names);
    expect(new Set(names.flatMap((name) => made.of(name).reasons.map(describeReason)))).toEqual(
      new Set(['the image that it is about is not there']),
    );
  });

  it('goes after the grace also while Git is not asked', () => {
    const made = decideOn([stage({ name: 'new' }), ...orphans(LONG_AGO)], MAIN, {
      policy: { git: { enabled: false, keepPolicies: [] }, recent: { within: hours(1_000_000) } },
    });
    expect(made.doomed).toEqual(names);
  });

  it.each([YESTERDAY, null])('stays before, and when its age is unknown (%s)', (created) => {
    expect(decideOn([...published('new', ['c4']), ...orphans(created)], MAIN).doomed).toEqual([]);
  });

  it('stays when a tag vanished while the tags were read', () => {
    const snapshot = { vanishedTags: [parseTag(stageIdOf('lost'))] };
    const made = decideOn([...published('new', ['c4']), ...orphans(LONG_AGO)], MAIN, { snapshot });
    expect(made.doomed).toEqual([]);
  });

  it('stays when the image is there and nobody can read it', () => {
    const unreadable: NodeSpec = { name: 'lost', tags: [stageIdOf('lost')], opaque: { mayListManifests: false } };
    const made = decideOn([...published('new', ['c4']), unreadable, ...orphans(LONG_AGO).slice(0, 3)], MAIN);
    expect(made.doomed).toEqual([]);
  });
});

describe('a record of imports', () => {
  it('stays with its source, and goes with it', () => {
    const nodes = [
      ...published('new', ['c4']),
      stage({ name: 'source' }),
      importMetadata({ checksum: 'sum', stage: stageIdOf('source') }),
    ];
    const record = importMetadata({ checksum: 'sum', stage: stageIdOf('source') }).name;
    expect(decideOn(nodes, MAIN).doomed).toEqual(['source', record]);
    const pins = { tags: [], expressions: [], list: [parseTag(stageIdOf('source'))] };
    expect(decideOn(nodes, MAIN, { policy: { pins } }).doomed).toEqual([]);
  });
});

describe('records of ours', () => {
  const own = (name: string, image: string, commit: string, more: Partial<NodeSpec> = {}): NodeSpec => ({
    name,
    subject: image,
    artifactType: RECORD_TYPE,
    annotations: { [RECORD_KEYS.commit]: commitIdOf(commit) },
    ...more,
  });
  const named = (name: string, image: string, commit: string, product: string): NodeSpec =>
    own(name, image, commit, {
      annotations: { [RECORD_KEYS.commit]: commitIdOf(commit), [RECORD_KEYS.imageName]: product },
    });
  const decide = (nodes: readonly NodeSpec[], last = 1, more: Partial<DecisionSpec> = {}) =>
    decisionsOn({
      nodes,
      history: HISTORY,
      ...more,
      policy: { ...ANY_AGE, git: { enabled: true, keepPolicies: [branch('main', last)] }, ...more.policy },
    });

  it('make the commit of an image: the newest stays, the superseded goes at once', () => {
    const nodes = [
      { name: 'a', tags: ['a'] },
      { name: 'b', tags: ['b'] },
      own('of a', 'a', 'c4'),
      own('of b', 'b', 'c2'),
    ];
    const made = decide(nodes);
    expect(made.doomed).toEqual(['b', 'of b']);
    expect(made.rulesOf('b')).toEqual(['git-superseded']);
  });

  it('make an image that many commits share count at its newest', () => {
    const nodes = [
      { name: 'a', tags: ['a'] },
      { name: 'b', tags: ['b'] },
      own('first of a', 'a', 'c1'),
      own('of b', 'b', 'c2'),
      own('last of a', 'a', 'c4'),
    ];
    expect(decide(nodes).doomed).toEqual(['b', 'first of a', 'of b']);
  });

  it('say what the label of a base image cannot: that the image is ours', () => {
    const labels = { 'org.opencontainers.image.revision': 'f'.repeat(40) };
    const nodes = [
      { name: 'a', tags: ['a'], labels },
      own('of a', 'a', GONE),
      { name: 'b', tags: ['b'] },
      own('of b', 'b', 'c4'),
    ];
    expect(decide(nodes).of('a').reasons.map(describeReason)).toEqual([
      `commit ${commitIdOf(GONE).slice(0, 10)} is gone (record of ${commitIdOf(GONE).slice(0, 10)}; ours by its record)`,
    ]);
  });

  it('count for the image that they name, each name by itself', () => {
    const nodes = [
      { name: 'api1', tags: ['api1'] },
      { name: 'api2', tags: ['api2'] },
      { name: 'web1', tags: ['web1'] },
      named('r1', 'api1', 'c2', 'api'),
      named('r2', 'api2', 'c4', 'api'),
      named('r3', 'web1', 'c1', 'web'),
    ];
    expect(decide(nodes).doomed).toEqual(['api1', 'r1']);
  });

  it('make a label of the same image count for the name, too', () => {
    const labels = {
      'org.opencontainers.image.revision': commitIdOf('c1'),
      'org.opencontainers.image.source': 'https://github.com/acme/shop',
    };
    const nodes = [
      { name: 'a', tags: ['a'], labels },
      { name: 'b', tags: ['b'] },
      named('of a', 'a', 'c1', 'api'),
      named('of b', 'b', 'c4', 'api'),
    ];
    expect(decide(nodes).doomed).toEqual(['a', 'of a']);
  });

  it('are not displaced by what a label says of another image', () => {
    const labels = {
      'org.opencontainers.image.revision': commitIdOf('c4'),
      'org.opencontainers.image.source': 'https://github.com/acme/shop',
    };
    const nodes = [
      { name: 'a', tags: ['a'], labels },
      { name: 'b', tags: ['b'] },
      named('of a', 'a', 'c1', 'api'),
      named('of b', 'b', 'c2', 'api'),
    ];
    const made = decide(nodes);
    expect(made.kept).toEqual(expect.arrayContaining(['a', 'b', 'of b']));
  });

  it('are no images: they take no place among the newest, and no label of theirs is a link', () => {
    const nodes = [
      { name: 'a', tags: ['a'] },
      own('of a', 'a', 'c2', { tags: [`record-${'0'.repeat(40)}`], created: LONG_AGO }),
    ];
    const made = decide(nodes);
    expect(made.doomed).toEqual([]);
    expect([...made.links.keys()]).toEqual([made.of('a').digest]);
  });

  it('protect for the window of young images', () => {
    const nodes = [
      { name: 'a', tags: ['a'] },
      { name: 'b', tags: ['b'] },
      own('of a', 'a', 'c4'),
      own('of b', 'b', 'c2', { created: '2026-11-20T11:30:00Z' }),
    ];
    expect(decide(nodes, 1, { policy: { recent: { within: hours(2) } } }).doomed).toEqual([]);
  });

  it('go after the grace when their image is not there, and stay before', () => {
    expect(decide([own('of a', 'absent', 'c4')]).doomed).toEqual(['of a']);
    expect(decide([own('of a', 'absent', 'c4', { created: YESTERDAY })]).doomed).toEqual([]);
    expect(decide([own('of a', 'absent', 'c4', { created: null })]).doomed).toEqual([]);
    expect(decide([own('of a', 'absent', 'c4')], 1, { snapshot: { vanishedTags: [parseTag('x')] } }).doomed).toEqual(
      [],
    );
  });

  it('that say nothing stay with their image, and are told', () => {
    const nodes = [
      { name: 'a', tags: ['a'] },
      own('of a', 'a', 'c4'),
      own('nonsense', 'a', 'c4', { annotations: { [RECORD_KEYS.commit]: 'main' } }),
    ];
    const made = decide(nodes);
    expect(made.doomed).toEqual([]);
    expect(made.remarks.map(({ code }) => code)).toContain('unread-record');
  });
});

function idIn(name: string): string {
  return /^meta-([0-9a-f]+)_/.exec(name)?.[1] ?? '';
}
