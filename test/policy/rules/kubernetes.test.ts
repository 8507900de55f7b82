import { describe, expect, it } from 'vitest';
import { describeReason } from '../../../src/model/describe-reason.ts';
import { formatRepository } from '../../../src/model/reference.ts';
import { keepUsed } from '../../../src/policy/rules/kubernetes.ts';
import { digestOf, type NodeSpec, snapshotOf, usageOf, WORKLOAD } from '../../builders/snapshot.ts';

const OURS = 'registry.example.com/shop/app';
const WHOLE = digestOf('a');

const NODES: readonly NodeSpec[] = [
  { name: 'a', tags: ['v1', 'latest'] },
  { name: 'b', tags: ['v2'] },
];

describe('a cluster protects', () => {
  it.each<[string, string, readonly string[]]>([
    ['the tag it names', `${OURS}:v1`, ['a by tag v1']],
    ['latest, when it names none', OURS, ['a by tag latest']],
    ['the digest it names', `${OURS}@${WHOLE}`, ['a by digest']],
    ['nothing more by a digest without a tag: no latest', `${OURS}@${digestOf('b')}`, ['b by digest']],
    ['both, when it names tag and digest and they differ', `${OURS}:v2@${WHOLE}`, ['a by digest', 'b by tag v2']],
    ['the tag, when it names a digest that is elsewhere', `${OURS}:v2@${digestOf('nowhere')}`, ['b by tag v2']],
    ['a digest, in whatever repository it is named', `mirror.example.net/x/y@${WHOLE}`, ['a by digest']],
    ['the tag of the same path on another host', 'cache.example.net:5000/shop/app:v1', ['a by tag v1']],
    ['the image by the digest of its configuration', `${OURS}@${digestOf('config of a')}`, ['a by digest']],
    ['nothing by the tag of another repository', 'registry.example.com/shop/app2:v1', []],
    ['nothing by the tag of a path that ends alike', 'registry.example.com/my/shop/app:v1', []],
    ['the tag behind a path of another host', 'cache.example.net/proxy/shop/app:v1', ['a by tag v1']],
    ['nothing by the tag of half a component there', 'cache.example.net/proxy/workshop/app:v1', []],
    ['nothing by a tag that is not there', `${OURS}:v9`, []],
  ])('%s', (_, reference, expected) => {
    expect(keptBy([reference])).toEqual(expected);
  });

  it.each<[string, Readonly<Record<string, string>>, string, readonly string[]]>([
    [
      'through a mirror of a registry',
      { 'mirror.example.net/hub': 'registry.example.com' },
      'mirror.example.net/hub/shop/app:v1',
      ['a by tag v1'],
    ],
    [
      'through a mirror of a folder',
      { 'mirror.example.net/s': 'registry.example.com/shop' },
      'mirror.example.net/s/app:v1',
      ['a by tag v1'],
    ],
    [
      'through a mirror of this very repository',
      { 'mirror.example.net/copy': OURS },
      'mirror.example.net/copy:v1',
      ['a by tag v1'],
    ],
    [
      'through a mirror written with slashes at the end',
      { 'mirror.example.net/hub/': 'registry.example.com/' },
      'mirror.example.net/hub/shop/app:v1',
      ['a by tag v1'],
    ],
    [
      'through a mirror written in capitals',
      { 'Mirror.example.net/hub': 'Registry.example.com' },
      'mirror.example.net/hub/shop/app:v1',
      ['a by tag v1'],
    ],
    [
      'not through a mirror of another registry',
      { 'mirror.example.net/hub': 'docker.io/shop' },
      'mirror.example.net/hub/app:v1',
      [],
    ],
    [
      'not through half a component',
      { 'mirror.example.net/hu': 'registry.example.com/shop' },
      'mirror.example.net/hub/app:v1',
      [],
    ],
    [
      'by the right one of two mirrors',
      { 'm.example.net/a': 'docker.io', 'm.example.net/b': 'registry.example.com' },
      'm.example.net/b/shop/app:v1',
      ['a by tag v1'],
    ],
  ])('%s', (_, mirrors, reference, expected) => {
    expect(keptBy([reference], mirrors)).toEqual(expected);
  });

  it('by a bare digest of a manifest or of a configuration', () => {
    expect(keptBy([], {}, [WHOLE])).toEqual(['a by digest']);
    expect(keptBy([], {}, [digestOf('config of b')])).toEqual(['b by digest']);
    expect(keptBy([], {}, [digestOf('nowhere')])).toEqual([]);
  });

  it('every image that shares the configuration a runtime reports', () => {
    const snapshot = snapshotOf(NODES);
    const nodes = new Map(
      [...snapshot.nodes].map(([digest, node]) => {
        if (node.content.kind !== 'image') return [digest, node];
        const config = { ...node.content.config, digest: digestOf('same config') };
        return [digest, { ...node, content: { ...node.content, config } }];
      }),
    );
    const { keep } = keepUsed({
      snapshot: { ...snapshot, nodes },
      usage: usageOf([], [digestOf('same config')]),
      mirrors: new Map(),
    });
    expect([...keep.keys()].sort()).toEqual([digestOf('a'), digestOf('b')].sort());
  });

  it('with all the workloads that name it, reference by reference', () => {
    const usage = usageOf([`${OURS}:v1`, `${OURS}@${WHOLE}`]);
    const { keep } = keepUsed({ snapshot: snapshotOf(NODES), usage, mirrors: new Map() });
    expect(keep.get(WHOLE)).toEqual([
      { rule: 'kubernetes', by: 'tag', tag: 'v1', workloads: [WORKLOAD] },
      { rule: 'kubernetes', by: 'digest', workloads: [WORKLOAD] },
    ]);
  });
});

describe('a repository that no mirror declares, and from which a cluster runs an image of ours,', () => {
  const VIRTUAL = 'registry.example.com/virtual/app';
  const running = `${VIRTUAL}@${digestOf('b')}`;
  const proved = 'b by digest';

  it.each<[string, Readonly<Record<string, string>>, readonly string[], readonly string[]]>([
    ['protects by its tags too', {}, [running, `${VIRTUAL}:v1`], ['a by tag v1', proved]],
    ['protects whichever comes first', {}, [`${VIRTUAL}:v1`, running], ['a by tag v1', proved]],
    ['protects by latest, when none is named', {}, [running, VIRTUAL], ['a by tag latest', proved]],
    ['protects by the tag beside the digest', {}, [`${VIRTUAL}:v1@${digestOf('b')}`], ['a by tag v1', proved]],
    [
      'is proved by the digest of a configuration',
      {},
      [`${VIRTUAL}@${digestOf('config of b')}`, `${VIRTUAL}:v1`],
      ['a by tag v1', proved],
    ],
    [
      'may lie on another host under another name',
      {},
      [`cache.example.net/x@${digestOf('b')}`, 'cache.example.net/x:v1'],
      ['a by tag v1', proved],
    ],
    ['is not proved by a digest that is not ours', {}, [`${VIRTUAL}@${digestOf('nowhere')}`, `${VIRTUAL}:v1`], []],
    ['is not proved by tags', {}, [`${VIRTUAL}:v1`, `${VIRTUAL}:v2`, `${OURS}:v2`], ['b by tag v2']],
    ['proves nothing about its neighbours', {}, [running, `${VIRTUAL}2:v1`, `${VIRTUAL}/app:v1`], [proved]],
    [
      'proves nothing about the same path elsewhere',
      {},
      [running, 'other.example.net/virtual/app:v1', 'registry.example.com/team-b/app:v1'],
      [proved],
    ],
    [
      'is known under the names of its own mirrors',
      { 'cache.example.net': 'registry.example.com/virtual' },
      [running, 'cache.example.net/app:v1'],
      ['a by tag v1', proved],
    ],
    [
      'is known by what its mirror is found to hold',
      { 'cache.example.net/z': 'registry.example.com/virtual' },
      [`cache.example.net/z/app@${digestOf('b')}`, `${VIRTUAL}:v1`],
      ['a by tag v1', proved],
    ],
    [
      'is known by what another of its mirrors is found to hold',
      { 'one.example.net/z': 'registry.example.com/virtual', 'two.example.net/z': 'registry.example.com/virtual' },
      [`one.example.net/z/app@${digestOf('b')}`, 'two.example.net/z/app:v1'],
      ['a by tag v1', proved],
    ],
  ])('%s', (_, mirrors, references, expected) => {
    expect(keptBy(references, mirrors)).toEqual(expected);
  });

  it('is named in the reason, and nowhere else', () => {
    const usage = usageOf([running, `${VIRTUAL}:v1`, `${OURS}:v1`, 'cache.example.net/shop/app:v1']);
    const { keep } = keepUsed({ snapshot: snapshotOf(NODES), usage, mirrors: new Map() });
    const who = 'used by prod: shop/Deployment/web (container app)';
    expect(keep.get(WHOLE)?.map(describeReason)).toEqual([
      `${who} (tag v1 of ${VIRTUAL}, from which images of this repository run)`,
      `${who} (tag v1)`,
      `${who} (tag v1)`,
    ]);
  });

  it.each<[string, Readonly<Record<string, string>>, readonly string[], readonly string[]]>([
    ['is told', {}, [running], [VIRTUAL]],
    [
      'is told once, in sort order',
      {},
      [`z.example.net/x@${WHOLE}`, running, `${VIRTUAL}@${WHOLE}`],
      [VIRTUAL, 'z.example.net/x'],
    ],
    ['is not told when it is declared', { 'registry.example.com/virtual': 'registry.example.com/shop' }, [running], []],
    ['is not told when it is ours', {}, [`${OURS}@${WHOLE}`], []],
    ['is not told when its path says so', {}, [`cache.example.net/proxy/shop/app@${WHOLE}`], []],
    ['is not told without a proof', {}, [`${VIRTUAL}:v1`], []],
  ])('%s', (_, mirrors, references, expected) => {
    const usage = usageOf(references);
    const input = { snapshot: snapshotOf(NODES), usage, mirrors: new Map(Object.entries(mirrors)) };
    for (const uses of [usage.uses, usage.uses.toReversed()]) {
      const { undeclared } = keepUsed({ ...input, usage: { ...usage, uses } });
      expect(undeclared.map(({ repository }) => formatRepository(repository))).toEqual(expected);
    }
  });

  it('may hold more than ours: what it names and we lack is not told', () => {
    const usage = usageOf([running, `${VIRTUAL}:v9`]);
    expect(keepUsed({ snapshot: snapshotOf(NODES), usage, mirrors: new Map() }).absent).toEqual([]);
  });

  it('is told with the same digest, whatever comes first', () => {
    const usage = usageOf([running, `${VIRTUAL}@${WHOLE}`]);
    const [first] = [digestOf('b'), WHOLE].sort();
    for (const uses of [usage.uses, usage.uses.toReversed()]) {
      const input = { snapshot: snapshotOf(NODES), usage: { ...usage, uses }, mirrors: new Map<string, string>() };
      expect(keepUsed(input).undeclared.map(({ digest }) => digest)).toEqual([first]);
    }
  });
});

describe('users of an image who are too many to name', () => {
  it('are counted in the reason, by tag and by digest', () => {
    const { uses, bareDigests, ...usage } = usageOf([`${OURS}:v1`], [WHOLE]);
    const many = <T>(use: T) => ({ ...use, unlisted: 4999 });
    const { keep } = keepUsed({
      snapshot: snapshotOf(NODES),
      usage: { ...usage, uses: uses.map(many), bareDigests: bareDigests.map(many) },
      mirrors: new Map(),
    });
    expect(keep.get(WHOLE)?.map(describeReason)).toEqual([
      'used by prod: shop/Deployment/web (container app) and 4999 more (tag v1)',
      'used by prod: shop/Deployment/web (container app) and 4999 more (by digest)',
    ]);
  });
});

describe('what a cluster names and this repository lacks', () => {
  it.each<[string, string, readonly string[]]>([
    ['is told for a tag', `${OURS}:v9`, [`${OURS}:v9`]],
    ['is not told for a tag that is there', OURS, []],
    ['is told for a digest', `${OURS}@${digestOf('nowhere')}`, [`${OURS}@${digestOf('nowhere')}`]],
    ['is not told when the tag is there though the digest is not', `${OURS}:v1@${digestOf('nowhere')}`, []],
    ['is not told for another host: it may be there', 'cache.example.net/shop/app:v9', []],
    ['is not told for another repository', 'registry.example.com/other:v9', []],
  ])('%s', (_, reference, expected) => {
    const { absent } = keepUsed({ snapshot: snapshotOf(NODES), usage: usageOf([reference]), mirrors: new Map() });
    expect(absent.map(({ text }) => text)).toEqual(expected);
  });
});

function keptBy(
  references: readonly string[],
  mirrors: Readonly<Record<string, string>> = {},
  bare: Parameters<typeof usageOf>[1] = [],
): readonly string[] {
  const input = {
    snapshot: snapshotOf(NODES),
    usage: usageOf(references, bare),
    mirrors: new Map(Object.entries(mirrors)),
  };
  const names = new Map(NODES.map(({ name }) => [digestOf(name), name]));
  return [...keepUsed(input).keep]
    .flatMap(([digest, reasons]) =>
      reasons.map((reason) =>
        reason.rule === 'kubernetes'
          ? `${names.get(digest)} by ${reason.by}${reason.tag === undefined ? '' : ` ${reason.tag}`}`
          : reason.rule,
      ),
    )
    .sort();
}
