// Ways in which records could come to cost an image that is needed, each as a table of what must not happen.

import { describe, expect, it } from 'vitest';
import { RECORD_KEYS, RECORD_TYPE } from '../../../src/model/build-record.ts';
import { type Digest, parseRepository, parseTag } from '../../../src/model/reference.ts';
import { decideCopy } from '../../../src/policy/werf/decide-copy.ts';
import { decideMetaRepository } from '../../../src/policy/werf/decide-records.ts';
import { decisionsOn } from '../../builders/decision.ts';
import { at, commitIdOf } from '../../builders/history.ts';
import {
  ANY_AGE,
  digestOf,
  LONG_AGO,
  NOW,
  type NodeSpec,
  policyOf,
  snapshotOf,
  usageOf,
} from '../../builders/snapshot.ts';
import { imageMetadata, managedImage, stage, stageIdOf, stageIndex } from '../../builders/werf-snapshot.ts';
import { branch, decideOn, GONE, HISTORY, published, recordName, recordsOf, werfPolicy } from './world.ts';

const OURS = 'registry.example.com/shop/app';
const MAIN = [branch('main')];
const ONLY_MAIN = { ...ANY_AGE, git: { enabled: true, keepPolicies: MAIN } };

function own(image: string, commit: string, more: Partial<NodeSpec> & { readonly as?: string } = {}): NodeSpec {
  const { as, ...rest } = more;
  return {
    name: `record of ${image} for ${commit}`,
    subject: image,
    artifactType: RECORD_TYPE,
    created: LONG_AGO,
    annotations: {
      [RECORD_KEYS.commit]: commitIdOf(commit),
      ...(as === undefined ? {} : { [RECORD_KEYS.imageName]: as }),
    },
    ...rest,
  };
}

function labelled(name: string, commit: string): NodeSpec {
  return {
    name,
    tags: [name],
    created: LONG_AGO,
    labels: {
      'org.opencontainers.image.revision': commitIdOf(commit),
      'org.opencontainers.image.source': 'https://github.com/acme/shop',
    },
  };
}

describe('the last record that says which product an image is', () => {
  // `base` is kept by its label as `web`; without a record it would take the only place of `other`, which is no product.
  const other = labelled('other', 'c2');

  it('stays beside a label of another commit that the image is kept by', () => {
    const nodes = [labelled('base', 'c4'), own('base', 'off', { as: 'web' }), other];
    const made = decisionsOn({ nodes, history: HISTORY, policy: ONLY_MAIN });
    expect(made.doomed).toEqual([]);
  });

  it('stays although its commit is gone', () => {
    const nodes = [labelled('base', 'c4'), own('base', GONE, { as: 'web' }), other];
    const usage = usageOf([`${OURS}:base`]);
    expect(decisionsOn({ nodes, history: HISTORY, policy: ONLY_MAIN, usage }).doomed).toEqual([]);
    const alone: NodeSpec = { name: 'base', tags: ['base'], created: LONG_AGO };
    const made = decisionsOn({ nodes: [alone, ...nodes.slice(1)], history: HISTORY, policy: ONLY_MAIN, usage });
    expect(made.doomed).toEqual([`record of base for ${GONE}`]);
  });

  it('is none where records name no product', () => {
    const nodes = [labelled('base', 'c1'), own('base', 'c2'), own('base', 'c4'), own('base', GONE)];
    const made = decisionsOn({ nodes, history: HISTORY, policy: ONLY_MAIN });
    expect(made.doomed).toEqual(['record of base for c2', `record of base for ${GONE}`]);
  });

  it('goes beside another one of the same product that the image is kept by', () => {
    const records = ['c4', 'c1'].map((commit) => own('base', commit, { as: 'web' }));
    const made = decisionsOn({ nodes: [labelled('base', 'c4'), ...records], history: HISTORY, policy: ONLY_MAIN });
    expect(made.doomed).toEqual(['record of base for c1']);
  });
});

describe('a record of sources in another repository', () => {
  const base: NodeSpec = { name: 'base', tags: ['base'], created: LONG_AGO };
  const from = (source: string): NodeSpec => {
    const record = own('base', GONE);
    return { ...record, annotations: { ...record.annotations, [RECORD_KEYS.source]: source } };
  };
  const decideFrom = (source: string, references: readonly string[] = []) =>
    decisionsOn({ nodes: [base, from(source)], history: HISTORY, policy: ONLY_MAIN, usage: usageOf(references) });

  it.each([
    'https://github.com/acme/tools',
    'https://github.com/acme/shop-2',
    'https://elsewhere.example.com/acme/shop',
  ])('condemns nothing by a commit that is not here (%s)', (source) => {
    expect(decideFrom(source).doomed).toEqual([]);
    expect(decideFrom(source, [`${OURS}:base`]).doomed).toEqual([]);
  });

  it.each(['https://github.com/acme/shop', 'git@github.com:acme/shop.git', ''])('is not one from %j', (source) => {
    expect(decideFrom(source).doomed).toEqual(['base', `record of base for ${GONE}`]);
    expect(decideFrom(source, [`${OURS}:base`]).doomed).toEqual([`record of base for ${GONE}`]);
  });
});

describe('a meta repository that two projects share', () => {
  const theirs = imageMetadata({ image: 'web', commit: GONE, stage: stageIdOf('theirs'), project: 'blog' });
  const lost = imageMetadata({ image: 'web', commit: GONE, stage: stageIdOf('lost') });
  const meta = snapshotOf([...recordsOf('new', ['c4']), theirs, lost]);
  const doomed = (stages: readonly NodeSpec[]): readonly Digest[] => {
    const primary = decideOn(stages, MAIN, { werf: { meta } });
    const { decisions } = decideMetaRepository({ snapshot: meta, primary }, policyOf(ANY_AGE));
    return [...decisions.values()].filter(({ decision }) => decision === 'delete').map(({ digest }) => digest);
  };

  it('loses no record of the other one, whose stages are elsewhere', () => {
    expect(doomed([stage({ name: 'new' })])).toEqual([digestOf(lost.name)]);
  });

  it('loses none where nobody knows which project the stages are of', () => {
    expect(doomed([stage({ name: 'new', project: null })])).toEqual([]);
    expect(doomed([stage({ name: 'new' }), stage({ name: 'other', project: 'blog' })])).toEqual([]);
  });
});

describe('records of stages that are nowhere here', () => {
  const records = [managedImage('web'), ...recordsOf('elsewhere', ['c1', 'c4', GONE])];
  const needed = [recordName('elsewhere', 'c1'), recordName('elsewhere', 'c4')];
  const dooms = ({ doomed }: { readonly doomed: readonly string[] }) => doomed;

  it('stay in a meta repository that is cleaned by itself, as long as Git has their commits', () => {
    const policy = { werf: werfPolicy({ project: 'shop' }) };
    expect(dooms(decideOn(records, MAIN, { policy }))).toEqual([recordName('elsewhere', GONE)]);
  });

  it('all stay where no stage tells of which project the repository is, and nobody says it', () => {
    expect(dooms(decideOn(records, MAIN))).toEqual([]);
    const left = [...records, managedImage('api'), { name: 'multi', tags: ['elsewhere'] }];
    expect(dooms(decideOn(left, MAIN))).toEqual([]);
  });

  it('stay there while Git is not asked', () => {
    expect(dooms(decideOn(records, MAIN, { policy: { git: { enabled: false, keepPolicies: [] } } }))).toEqual([]);
  });

  it('stay where there are stages of another project alone', () => {
    const policy = { werf: werfPolicy({ project: 'shop' }) };
    const others = [stage({ name: 'theirs', project: 'blog' }), ...records];
    expect(dooms(decideOn(others, MAIN, { policy }))).toEqual([recordName('elsewhere', GONE)]);
  });

  it('stay in the meta repository of a repository that has other stages: it may be that of several', () => {
    const meta = snapshotOf(records);
    const primary = decideOn(published('new', ['c4']), MAIN, { werf: { meta } });
    const { decisions } = decideMetaRepository({ snapshot: meta, primary }, policyOf(ANY_AGE));
    for (const name of needed) expect(decisions.get(digestOf(name))?.decision).toBe('keep');
    expect(decisions.get(digestOf(recordName('elsewhere', GONE)))?.decision).toBe('delete');
  });

  it('go from beside other stages of their project, as werf has it', () => {
    expect(dooms(decideOn([...published('new', ['c4']), ...records], MAIN))).toEqual(
      ['c1', 'c4', GONE].map((commit) => recordName('elsewhere', commit)),
    );
  });
});

describe('a final repository that holds stages of another project alone, beside a record of ours', () => {
  it('loses none of them', () => {
    const copies = [stage({ name: 'theirs', project: 'blog' }), managedImage('web')];
    const snapshot = { ...snapshotOf(copies), repository: parseRepository('registry.example.com/shop/final') };
    const primary = decideOn([stage({ name: 'new' }), ...recordsOf('new', ['c4'])], MAIN);
    const evidence = {
      snapshot,
      usage: undefined,
      firstSeen: undefined,
      primary,
      role: 'final',
      repository: 'app',
    } as const;
    const { decisions } = decideCopy(evidence, policyOf(ANY_AGE), NOW);
    expect(decisions.get(digestOf('theirs'))?.decision).toBe('keep');
  });
});

describe('a tag that vanished while it was read', () => {
  const vanishing = (...tags: readonly string[]) => ({ snapshot: { vanishedTags: tags.map((one) => parseTag(one)) } });
  const newer = published('new', ['c4']);

  it('protects the stage that it was a record of, whose only word it may have been', () => {
    const nodes = [...newer, stage({ name: 'old' }), ...recordsOf('old', ['c1'])];
    expect(decideOn(nodes, MAIN).doomed).toContain('old');
    expect(decideOn(nodes, MAIN, vanishing(recordName('old', 'c4'))).doomed).toEqual([]);
    const unrecorded = [...newer, stage({ name: 'old' })];
    expect(decideOn(unrecorded, MAIN).doomed).toEqual(['old']);
    expect(decideOn(unrecorded, MAIN, vanishing(recordName('old', 'c1'))).doomed).toEqual([]);
    const meta = { ...snapshotOf([]), ...vanishing(recordName('old', 'c1')).snapshot };
    expect(decideOn(unrecorded, MAIN, { werf: { meta } }).doomed).toEqual([]);
  });

  it('protects every image when it was that of a record of ours', () => {
    const nodes = [labelled('base', 'c4'), labelled('other', 'c2')];
    const spec = { nodes, history: HISTORY, policy: ONLY_MAIN };
    expect(decisionsOn(spec).doomed).toEqual(['other']);
    expect(decisionsOn({ ...spec, ...vanishing('latest') }).doomed).toEqual(['other']);
    expect(decisionsOn({ ...spec, ...vanishing(`record-${'a'.repeat(40)}`) }).doomed).toEqual([]);
  });

  it('protects what was built as the image that it said is managed', () => {
    const nodes = [...newer, stage({ name: 'api' }), ...recordsOf('api', ['c4'], { image: 'api' })];
    expect(decideOn(nodes, MAIN).doomed).toContain('api');
    expect(decideOn(nodes, MAIN, vanishing('managed-image-api')).doomed).toEqual([]);
    const meta = { ...snapshotOf([]), ...vanishing('managed-image-api').snapshot };
    expect(decideOn(nodes, MAIN, { werf: { meta } }).doomed).toEqual([]);
  });
});

describe('what has the type of a record, and a tag of people', () => {
  it('is an image: the rules decide on it', () => {
    const odd = own('lost', 'c1', { name: 'odd', tags: ['v1'] });
    const made = decisionsOn({ nodes: [labelled('base', 'c4'), odd], history: HISTORY, policy: ONLY_MAIN });
    expect(made.doomed).toEqual([]);
    expect(made.records.size).toBe(0);
  });

  it('says what it says all the same', () => {
    const odd = own('base', 'c4', { tags: ['v1'] });
    const base: NodeSpec = { name: 'base', tags: ['base'], created: LONG_AGO };
    const made = decisionsOn({ nodes: [base, odd], history: HISTORY, policy: ONLY_MAIN });
    expect(made.rulesOf('base')).toContain('git');
  });
});

describe('an index without a record', () => {
  it('stays where the config of a platform cannot be read', () => {
    const pushed = { pushed: at(LONG_AGO) };
    const nodes: readonly NodeSpec[] = [
      ...published('new', ['c4']),
      { ...stageIndex({ name: 'multi', platforms: ['amd', 'arm'] }), ...pushed },
      { ...stage({ name: 'amd', isTagged: false }), ...pushed },
      { ...stage({ name: 'arm', isTagged: false }), unread: true, ...pushed },
    ];
    expect(decideOn(nodes, MAIN).doomed).toEqual([]);
  });
});
