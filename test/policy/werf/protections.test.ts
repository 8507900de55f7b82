import { describe, expect, it } from 'vitest';
import { parseDigest, parseTag } from '../../../src/model/reference.ts';
import { hours } from '../../../src/model/time.ts';
import type { DecisionSpec } from '../../builders/decision.ts';
import { forgeOf } from '../../builders/forge.ts';
import { digestOf, type NodeSpec, usageOf } from '../../builders/snapshot.ts';
import {
  configDigestOf,
  customTagMetadata,
  importMetadata,
  indexIdOf,
  managedImage,
  rejectedMarker,
  serviceRecord,
  stage,
  stageIdOf,
  stageIndex,
} from '../../builders/werf-snapshot.ts';
import { branch, decideOn, GONE, published, recordName, recordsOf, werfPolicy } from './world.ts';

const OURS = 'registry.example.com/shop/app';
/** The image that main keeps, and one that nothing keeps. */
const BASIC = [...published('new', ['c4']), ...published('old', ['c1'])];
const MAIN = [branch('main')];
const PIN = { pins: { tags: [], expressions: [], list: [] } };

describe('a stage stays', () => {
  it.each<[string, readonly NodeSpec[], string, Partial<DecisionSpec>]>([
    ['when a policy keeps a commit of its records', BASIC, 'new', {}],
    ['when a pod uses its tag', BASIC, 'old', { usage: usageOf([`${OURS}:${stageIdOf('old')}`]) }],
    ['when a pod uses its digest', BASIC, 'old', { usage: usageOf([`${OURS}@${digestOf('old')}`]) }],
    [
      'when a pod uses a custom tag of it',
      [
        ...BASIC.filter(({ name }) => name !== 'old'),
        stage({ name: 'old', tags: ['live'] }),
        customTagMetadata({ tag: 'live', stage: stageIdOf('old') }),
      ],
      'old',
      { usage: usageOf([`${OURS}:live`]) },
    ],
    [
      'when its copy in the final repository is in use',
      BASIC,
      'old',
      { werf: { usedCopies: new Map([[stageIdOf('old'), [{ rule: 'pin', pin: 'a test' }]]]) } },
    ],
    [
      'when a copy without the tag of its stage is in use',
      BASIC,
      'old',
      { werf: { usedCopies: new Map([[digestOf('old'), [{ rule: 'pin', pin: 'a test' }]]]) } },
    ],
    [
      'when the keep list has its tag',
      BASIC,
      'old',
      { policy: { pins: { ...PIN.pins, list: [parseTag(stageIdOf('old'))] } } },
    ],
    [
      'when the keep list has its digest',
      BASIC,
      'old',
      { policy: { pins: { ...PIN.pins, list: [parseDigest(digestOf('old'))] } } },
    ],
    [
      'when the registry protects its tag',
      BASIC,
      'old',
      { snapshot: { protectedTags: new Map([[parseTag(stageIdOf('old')), 'a rule']]) } },
    ],
    [
      'while it was built within the last hours, by its own time',
      [...published('new', ['c4']), stage({ name: 'old', created: '2026-11-20T11:00:00Z' })],
      'old',
      { policy: { recent: { within: hours(2) } } },
    ],
    [
      'while it was published again within the last hours',
      [...published('new', ['c4']), ...published('old', ['c1'], { created: '2026-11-20T11:00:00Z' })],
      'old',
      { policy: { recent: { within: hours(2) } } },
    ],
    [
      'when it has a tag that is none of werf’s',
      [...published('new', ['c4']), stage({ name: 'old', tags: ['mine'] }), ...recordsOf('old', ['c1'])],
      'old',
      {},
    ],
    [
      'when a deployment is of a commit of its records',
      [...published('new', ['c4']), ...published('old', ['c1'])],
      'old',
      {
        forge: forgeOf({
          deployments: [{ environment: 'prod', commit: 'c1', state: 'active', date: '2026-11-01T00:00:00Z' }],
        }),
        policy: { forge: { pullRequests: 'off', releases: 'off', deployments: { environments: [], last: 1 } } },
      },
    ],
  ])('%s', (_, nodes, name, more) => {
    expect(decideOn(nodes, MAIN, more).kept).toContain(name);
  });

  it('and its records with it', () => {
    const made = decideOn(BASIC, MAIN);
    expect(made.kept).toEqual(['managed-image-web', 'new', recordName('new', 'c4')]);
  });
});

describe('a stage goes', () => {
  it('when no policy keeps a commit of its records, and they go with it', () => {
    const made = decideOn(BASIC, MAIN);
    expect(made.doomed).toEqual(['old', recordName('old', 'c1')]);
    expect(made.rulesOf('old')).toEqual(['git-superseded']);
    expect(made.rulesOf(recordName('old', 'c1'))).toEqual(['owner-goes']);
  });

  it('when all its commits are gone', () => {
    const made = decideOn([...published('new', ['c4']), ...published('old', [GONE])], MAIN);
    expect(made.rulesOf('old')).toEqual(['git-gone']);
  });

  it('with its platforms, when it is an index and all its commits are gone', () => {
    const record = recordsOf('multi', [GONE]).map((node) => ({
      ...node,
      tags: (node.tags ?? []).map((text) => text.replace(stageIdOf('multi'), indexIdOf('multi'))),
    }));
    const made = decideOn(
      [
        ...published('new', ['c4']),
        stageIndex({ name: 'multi', platforms: ['amd', 'arm'] }),
        stage({ name: 'amd' }),
        stage({ name: 'arm' }),
        ...record,
      ],
      MAIN,
    );
    expect(['multi', 'amd', 'arm'].map((name) => made.rulesOf(name)[0])).toEqual(['git-gone', 'git-gone', 'git-gone']);
  });

  it('when all its commits are gone, though a label that came down from its base image names a stranger’s', () => {
    const labels = {
      'org.opencontainers.image.revision': 'f'.repeat(40),
      'org.opencontainers.image.source': 'https://github.com/nginx/nginx',
    };
    const made = decideOn([...published('new', ['c4']), ...published('old', [GONE], { labels })], MAIN);
    expect(made.doomed).toContain('old');
  });

  it('when only images that are not managed any more were published as it, and it is old', () => {
    const made = decideOn([...BASIC, ...published('of another', ['c4'], { image: 'retired' })], MAIN);
    expect(made.rulesOf('of another')).toEqual(['unrecorded']);
    const known = decideOn([...BASIC, ...published('of another', ['c4'], { image: 'retired' })], MAIN, {
      policy: {
        werf: werfPolicy({ imageNames: ['retired'] }),
      },
    });
    expect(known.kept).toContain('of another');
  });

  it('by the window alone when Git is not asked, and what stays keeps its records', () => {
    const young = stage({ name: 'young', created: '2026-11-20T11:00:00Z' });
    const records = [...recordsOf('old', ['c1', GONE])];
    const made = decideOn([young, stage({ name: 'old' }), ...records], MAIN, {
      policy: { git: { enabled: false, keepPolicies: [] }, recent: { within: hours(2) } },
    });
    expect(made.doomed).toEqual(['old', recordName('old', 'c1'), recordName('old', GONE)]);
    const used = decideOn([young, stage({ name: 'old' }), ...records], MAIN, {
      policy: { git: { enabled: false, keepPolicies: [] } },
      usage: usageOf([`${OURS}:${stageIdOf('old')}`]),
    });
    expect(used.kept).toEqual(['managed-image-web', 'old', recordName('old', 'c1'), recordName('old', GONE)]);
  });
});

describe('relatives of what stays', () => {
  const relative = (name: string): NodeSpec => stage({ name });
  it.each<[string, readonly NodeSpec[], readonly string[]]>([
    [
      'the stage it was built on, and what that was built on',
      [
        stage({ name: 'parent', labels: { 'werf.io/parent-stage-id': stageIdOf('grandparent') } }),
        relative('grandparent'),
        ...published('new', ['c4'], { labels: { 'werf.io/parent-stage-id': stageIdOf('parent') } }),
      ],
      ['parent', 'grandparent'],
    ],
    [
      'the image whose config it names as its base',
      [relative('base'), ...published('new', ['c4'], { labels: { 'werf.io/base-image-id': configDigestOf('base') } })],
      ['base'],
    ],
    [
      'the image that its config says it was made from, as werf 1 wrote it',
      [
        relative('base'),
        { ...stage({ name: 'new' }), madeFrom: configDigestOf('base') },
        ...published('new', ['c4']).slice(1),
      ],
      ['base'],
    ],
    [
      'the stage that it imported files from, by its id',
      [
        relative('source'),
        ...published('new', ['c4'], { labels: { 'werf-import-source-stage-id-a': stageIdOf('source') } }),
      ],
      ['source'],
    ],
    [
      'the stage that it imported files from, by their checksum',
      [
        relative('source'),
        importMetadata({ checksum: 'sum', stage: stageIdOf('source') }),
        ...published('new', ['c4'], { labels: { 'werf-import-checksum-a': 'sum' } }),
      ],
      ['source'],
    ],
    [
      'every stage that the same files came from',
      [
        relative('source'),
        relative('other'),
        importMetadata({ checksum: 'sum', stage: stageIdOf('source') }),
        importMetadata({ checksum: 'sum', stage: stageIdOf('other') }),
        ...published('new', ['c4'], { labels: { 'werf-import-checksum-a': 'sum' } }),
      ],
      ['source', 'other'],
    ],
    [
      'the stage that it depends on',
      [
        relative('dependency'),
        ...published('new', ['c4'], { labels: { 'werf-dependency-stage-id-a': stageIdOf('dependency') } }),
      ],
      ['dependency'],
    ],
    [
      'the platforms of an index, and what those were built on',
      [
        stageIndex({ name: 'multi', platforms: ['amd', 'arm'] }),
        stage({ name: 'amd', labels: { 'werf.io/parent-stage-id': stageIdOf('parent') } }),
        stage({ name: 'arm' }),
        relative('parent'),
        ...recordsOf('multi', ['c4']).map((record) => ({
          ...record,
          tags: (record.tags ?? []).map((text) => text.replace(stageIdOf('multi'), indexIdOf('multi'))),
        })),
      ],
      ['multi', 'amd', 'arm', 'parent'],
    ],
  ])('stay: %s', (_, nodes, expected) => {
    const made = decideOn(nodes, MAIN);
    expect(made.kept).toEqual(expect.arrayContaining([...expected]));
  });

  it('go with what was built on them, and are not told as stages without a record', () => {
    const nodes = [
      stage({ name: 'parent' }),
      ...published('old', ['c1'], { labels: { 'werf.io/parent-stage-id': stageIdOf('parent') } }),
      ...published('new', ['c4']),
    ];
    const made = decideOn(nodes, MAIN);
    expect(made.rulesOf('parent')).toEqual(['unrecorded']);
    expect(made.remarks.map(({ code }) => code)).not.toContain('unrecorded-stages');
  });

  it('are not images that werf did not build', () => {
    const nodes = [
      stage({ name: 'other' }),
      ...published('new', ['c4'], {
        labels: { 'werf-import-source-stage-id-a': `external-image-${stageIdOf('other')}` },
      }),
    ];
    expect(decideOn(nodes, MAIN).doomed).toEqual(['other']);
  });

  it('may name each other in a circle', () => {
    const nodes = [
      stage({ name: 'a', labels: { 'werf.io/parent-stage-id': stageIdOf('b') } }),
      stage({ name: 'b', labels: { 'werf.io/parent-stage-id': stageIdOf('a') } }),
      ...published('new', ['c4'], { labels: { 'werf.io/parent-stage-id': stageIdOf('a') } }),
    ];
    expect(decideOn(nodes, MAIN).doomed).toEqual([]);
  });
});

describe('a stage that werf marked as broken', () => {
  const broken = [...published('new', ['c4']), rejectedMarker(stageIdOf('new'))];
  it('goes with its records and its marker, whatever Git says', () => {
    const made = decideOn(broken, MAIN);
    expect(made.rulesOf('new')).toEqual(['rejected']);
    expect(made.doomed).toEqual(['new', recordName('new', 'c4'), `${stageIdOf('new')}-rejected`]);
    expect(made.graph.subjectsOf(digestOf(`${stageIdOf('new')}-rejected`))).toEqual([digestOf('new')]);
  });

  it.each<[string, Partial<DecisionSpec>]>([
    ['a pod', { usage: usageOf([`${OURS}:${stageIdOf('new')}`]) }],
    ['a pin', { policy: { pins: { ...PIN.pins, list: [parseTag(stageIdOf('new'))] } } }],
    ['the registry', { snapshot: { protectedTags: new Map([[parseTag(stageIdOf('new')), 'a rule']]) } }],
    [
      'a deployment',
      {
        forge: forgeOf({
          deployments: [{ environment: 'prod', commit: 'c4', state: 'active', date: '2026-11-01T00:00:00Z' }],
        }),
        policy: { forge: { pullRequests: 'off', releases: 'off', deployments: { environments: [], last: 1 } } },
      },
    ],
  ])('stays, with its marker, when %s needs it', (_, more) => {
    expect(decideOn(broken, MAIN, more).doomed).toEqual([]);
  });

  it.each<[string, Partial<DecisionSpec>]>([
    ['its youth', { policy: { recent: { within: hours(1_000_000) } } }],
    [
      'a pull request',
      {
        forge: forgeOf({ pullRequests: [{ number: 7, head: 'c4', base: 'dev' }] }),
        policy: { forge: { pullRequests: { last: 2 }, releases: 'off', deployments: 'off' } },
      },
    ],
  ])('goes in spite of %s', (_, more) => {
    expect(decideOn(broken, MAIN, more).decisions.get(digestOf('new'))?.decision).toBe('delete');
  });

  it('stays while an index that stays lists it', () => {
    const nodes = [
      stageIndex({ name: 'multi', platforms: ['new'], tags: ['mine'] }),
      ...published('new', ['c4']),
      rejectedMarker(stageIdOf('new')),
    ];
    expect(decideOn(nodes, MAIN).kept).toEqual(expect.arrayContaining(['multi', 'new']));
  });

  it('takes no place from a sound one, and is no relative', () => {
    const nodes = [
      ...broken,
      ...published('sound', ['c1'], { labels: { 'werf.io/parent-stage-id': stageIdOf('new') } }),
    ];
    const made = decideOn(nodes, MAIN);
    expect(made.kept).toContain('sound');
    expect(made.doomed).toContain('new');
  });

  it('goes though nobody can read it, and then nothing is in doubt because of it', () => {
    const unreadable: NodeSpec = {
      name: 'x',
      tags: [stageIdOf('x')],
      opaque: { mayListManifests: true },
    };
    const nodes = [...BASIC, unreadable, stage({ name: 'loose', isTagged: false })];
    expect(decideOn(nodes, MAIN).kept).toEqual(expect.arrayContaining(['x', 'old', 'loose']));
    const marked = decideOn([...nodes, rejectedMarker(stageIdOf('x'))], MAIN);
    expect(marked.doomed).toEqual(expect.arrayContaining(['x', 'old', 'loose']));
  });
});

describe('what a cleanup never touches', () => {
  it.each([
    managedImage('retired'),
    serviceRecord('cleanup', { lastcleanuptimestamp: '1' }),
    serviceRecord('client-id-0-1'),
    serviceRecord('sync-server'),
    serviceRecord('werf-meta-repo-marker-shop', { metarepoaddress: 'x' }),
  ])('$name', (node) => {
    expect(decideOn([...BASIC, node], MAIN).kept).toContain(node.name);
  });

  it('an image of somebody else’s, and a stage of another project', () => {
    const nodes = [...BASIC, { name: 'theirs', tags: ['nginx'] }, stage({ name: 'other', project: 'blog' })];
    const made = decideOn(nodes, MAIN, {
      policy: {
        werf: werfPolicy({ project: 'shop' }),
      },
    });
    expect(made.rulesOf('theirs')).toEqual(['foreign']);
    expect(made.rulesOf('other')).toEqual(['foreign']);
    expect(made.remarks.map(({ code }) => code)).toEqual(expect.arrayContaining(['foreign-tags', 'foreign-project']));
  });

  it('no tag of a stage, when untagging is asked for', () => {
    const nodes = [
      ...published('new', ['c4']),
      stage({ name: 'old', tags: ['live', 'dead'] }),
      customTagMetadata({ tag: 'live', stage: stageIdOf('old') }),
      customTagMetadata({ tag: 'dead', stage: stageIdOf('old') }),
    ];
    const made = decideOn(nodes, MAIN, { policy: { untag: true }, usage: usageOf([`${OURS}:live`]) });
    expect(made.of('old')).toMatchObject({ decision: 'keep', untag: [] });
  });
});

describe('foreign images that the policy leaves to the other rules', () => {
  it('go when no rule keeps them', () => {
    const nodes = [...BASIC, { name: 'theirs', tags: ['nginx'] }];
    const made = decideOn(nodes, MAIN, {
      policy: {
        images: { source: [], tagPatterns: [], unlinked: 'delete' },
        werf: werfPolicy({ foreign: 'decide' }),
      },
    });
    expect(made.rulesOf('theirs')).toEqual(['unlinked-unwanted']);
  });

  it('stay when they are stages of another project, whose commits are not ours to look for', () => {
    const source = { 'org.opencontainers.image.source': 'https://github.com/acme/shop' };
    const gone = { ...source, 'org.opencontainers.image.revision': 'f'.repeat(40) };
    const nodes = [...BASIC, stage({ name: 'other', project: 'blog', labels: gone })];
    const made = decideOn(nodes, MAIN, {
      policy: {
        images: { source: 'any', tagPatterns: [], unlinked: 'delete' },
        werf: werfPolicy({ project: 'shop', foreign: 'decide' }),
      },
    });
    expect(made.rulesOf('other')).toEqual(['foreign']);
    expect(made.remarks.map(({ code }) => code)).toContain('foreign-project');
    expect(made.remarks.map(({ code }) => code)).not.toContain('foreign-tags');
  });
});
