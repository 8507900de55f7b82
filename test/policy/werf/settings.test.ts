import { describe, expect, it } from 'vitest';
import { hours } from '../../../src/model/time.ts';
import { decisionsOn } from '../../builders/decision.ts';
import { commitIdOf } from '../../builders/history.ts';
import { type NodeSpec, usageOf } from '../../builders/snapshot.ts';
import { customTagMetadata, rejectedMarker, serviceRecord, stage, stageIdOf } from '../../builders/werf-snapshot.ts';
import { branch, decideOn, GONE, published, recordName, recordsOf, werfPolicy } from './world.ts';

const OURS = 'registry.example.com/shop/app';
const MAIN = [branch('main')];

describe('a stage without a record', () => {
  const WEEK = 'a week';
  it.each<[string, string, string]>([
    ['stays while it is younger than the grace', '2026-11-13T12:00:01Z', 'unrecorded-young'],
    ['goes as soon as it is as old', '2026-11-13T12:00:00Z', 'unrecorded'],
    ['goes when it is older', '2026-01-01T00:00:00Z', 'unrecorded'],
  ])('%s', (_, created, rule) => {
    const made = decideOn([...published('new', ['c4']), stage({ name: WEEK, created })], MAIN);
    expect(made.rulesOf(WEEK)).toEqual([rule]);
    expect(made.remarks.map(({ code }) => code)).toContain('unrecorded-stages');
  });

  it('stays when its age is unknown', () => {
    const made = decideOn([...published('new', ['c4']), stage({ name: 'x', isTagged: false })].map(ageless), MAIN);
    expect(made.rulesOf('x')).toEqual(['unrecorded-young']);
  });

  it('stays when a label of it names a commit that a policy keeps, and one that no policy keeps does not shorten its grace', () => {
    const labelled = (name: string, commit: string, created?: string): NodeSpec =>
      stage({
        name,
        labels: {
          'org.opencontainers.image.revision': commitIdOf(commit),
          'org.opencontainers.image.source': 'https://github.com/acme/shop',
        },
        ...(created === undefined ? {} : { created }),
      });
    const nodes = [
      ...published('new', ['c4']),
      labelled('of main', 'c4'),
      labelled('older', 'c1'),
      labelled('young', 'c1', '2026-11-18T00:00:00Z'),
    ];
    const made = decideOn(nodes, MAIN);
    expect(['of main', 'older', 'young'].map((name) => made.rulesOf(name)[0])).toEqual([
      'git',
      'unrecorded',
      'unrecorded-young',
    ]);
  });

  it('stays where no record at all says what any stage was built for, and that is told', () => {
    const made = decideOn([stage({ name: 'a' }), stage({ name: 'b' })], MAIN);
    expect(made.rulesOf('a')).toEqual(['unlinked']);
    expect(made.doomed).toEqual([]);
    expect(made.remarks.map(({ code }) => code)).toContain('no-records');
  });

  function ageless(node: NodeSpec): NodeSpec {
    return node.name === 'x' ? { ...node, created: null } : node;
  }
});

describe('cleanup.disable', () => {
  const nodes = [
    ...published('new', [GONE, 'c2', 'c4']),
    ...published('old', ['c1']),
    rejectedMarker(stageIdOf('old')),
    ...recordsOf('lost', ['c4']),
    serviceRecord('cleanup', { lastcleanuptimestamp: '1' }),
    stage({ name: 'unrecorded' }),
  ];
  const everything = { recent: { within: hours(16_800_000) } };

  it('deletes nothing', () => {
    const policy = { ...everything, werf: werfPolicy({ disabled: 'keep-records' }) };
    expect(decideOn(nodes, MAIN, { policy }).doomed).toEqual([]);
  });

  it('is the reason why images stay, whatever their age, and nothing is said of what will go', () => {
    const made = decideOn(nodes, MAIN, { policy: { werf: werfPolicy({ disabled: 'keep-records' }) } });
    expect(made.doomed).toEqual([]);
    expect(['old', 'unrecorded'].map((name) => made.rulesOf(name))).toEqual([
      expect.arrayContaining(['pin']),
      expect.arrayContaining(['pin']),
    ]);
    expect(made.remarks.map(({ code }) => code)).not.toContain('unrecorded-stages');
  });

  it('deletes the names of images, and what they were built for, only when the user says so', () => {
    const policy = { ...everything, werf: werfPolicy({ disabled: 'delete-records' }) };
    expect(decideOn(nodes, MAIN, { policy }).doomed).toEqual([
      'managed-image-web',
      recordName('new', GONE),
      recordName('new', 'c2'),
      recordName('new', 'c4'),
      recordName('old', 'c1'),
      recordName('lost', 'c4'),
    ]);
  });
});

describe('a purge', () => {
  const nodes: readonly NodeSpec[] = [
    ...published('new', ['c4'], { labels: { 'werf.io/parent-stage-id': stageIdOf('parent') } }),
    stage({ name: 'parent' }),
    stage({ name: 'young', created: '2026-11-20T11:59:00Z', tags: ['live'] }),
    customTagMetadata({ tag: 'live', stage: stageIdOf('young', '2026-11-20T11:59:00Z') }),
    ...recordsOf('lost', ['c4'], { created: '2026-11-20T11:59:00Z' }),
    stage({ name: 'shared', tags: ['mine'] }),
    { name: 'theirs', tags: ['nginx'] },
    { name: 'loose' },
    stage({ name: 'loose stage', isTagged: false }),
    serviceRecord('cleanup', { lastcleanuptimestamp: '1' }),
    serviceRecord('client-id-0-1'),
  ];

  it('deletes all that werf made but its notes about the repository, and nothing else', () => {
    const made = decideOn(nodes, MAIN, { policy: { purge: true } });
    expect(made.kept).toEqual(['shared', 'theirs', 'loose', 'cleanup', 'client-id-0-1']);
    expect(made.rulesOf('new')).toEqual(['purge']);
    expect(made.remarks).toEqual([]);
  });

  it('leaves what clusters use, with its relatives and records', () => {
    const usage = usageOf([`${OURS}:${stageIdOf('new')}`]);
    const made = decideOn(nodes, MAIN, { policy: { purge: true }, usage });
    expect(made.kept).toEqual([
      'new',
      recordName('new', 'c4'),
      'parent',
      'shared',
      'theirs',
      'loose',
      'cleanup',
      'client-id-0-1',
    ]);
  });

  it('deletes nothing where werf made nothing', () => {
    const nodes: readonly NodeSpec[] = [{ name: 'a', tags: ['a'] }, { name: 'b' }];
    expect(decisionsOn({ nodes, policy: { purge: true } }).doomed).toEqual([]);
  });
});
