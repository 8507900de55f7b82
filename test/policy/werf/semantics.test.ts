// Section by section, what werf's keep policies mean, on repositories as werf makes them.

import { describe, expect, it } from 'vitest';
import { DEFAULT_KEEP_POLICIES } from '../../../src/config/default-keep-policies.ts';
import type { KeepPolicy } from '../../../src/model/policy.ts';
import { parseTag } from '../../../src/model/reference.ts';
import { hours } from '../../../src/model/time.ts';
import { type HistorySpec, historyOf } from '../../builders/history.ts';
import { type NodeSpec, usageOf } from '../../builders/snapshot.ts';
import { imageMetadata, indexIdOf, managedImage, stage, stageIdOf, stageIndex } from '../../builders/werf-snapshot.ts';
import { branch, decideOn, published, tag, werfPolicy } from './world.ts';

const OURS = 'registry.example.com/shop/app';

/** A commit of its own, `at`, for each reference; a stage named like it was published there. */
function references(specs: readonly { readonly name: string; readonly at: string; readonly tagged?: string }[]) {
  const history = historyOf({
    commits: specs.map(({ name, at }) => ({ name, date: at })),
    references: specs.map(({ name, tagged }) => ({
      kind: tagged === undefined ? ('branch' as const) : ('tag' as const),
      name,
      commit: name,
      ...(tagged === undefined || tagged === '' ? {} : { date: tagged }),
    })),
  });
  return { history, nodes: specs.flatMap(({ name }) => published(name, [name])) };
}

/** One line of commits `1` … `n` on main, the newest `n`; a stage named like it was published at each unless told otherwise. */
function line(dates: readonly string[], more: Partial<HistorySpec> = {}) {
  const commits = dates.map((date, at) => ({ name: `${at + 1}`, date, parents: at === 0 ? [] : [`${at}`] }));
  return historyOf({
    commits: [...commits, ...(more.commits ?? [])],
    references: [{ kind: 'branch', name: 'main', commit: `${dates.length}` }, ...(more.references ?? [])],
  });
}

const DAYS = ['2026-11-16T00:00:00Z', '2026-11-17T00:00:00Z', '2026-11-18T00:00:00Z', '2026-11-19T00:00:00Z'];
const LINE = line(DAYS);
const ONE_EACH = ['1', '2', '3', '4'].flatMap((name) => published(name, [name]));

/** The stages that stay, by short name, sorted. */
function stagesKept(
  nodes: readonly NodeSpec[],
  policies: readonly KeepPolicy[],
  history = LINE,
  more: Parameters<typeof decideOn>[2] = {},
): readonly string[] {
  const names = new Set(nodes.map(({ name }) => name).filter((name) => !name.startsWith('meta-')));
  return decideOn(nodes, policies, { history, ...more })
    .kept.filter((name) => names.has(name) && !name.startsWith('managed-'))
    .toSorted();
}

const withLimit = (policy: KeepPolicy, limit: NonNullable<KeepPolicy['references']['limit']>): KeepPolicy => ({
  ...policy,
  references: { ...policy.references, limit },
});

describe('2.2 patterns', () => {
  const { history, nodes } = references(
    ['main', 'mainline', 'a-first', 'last-b', 'middle-a-x', 'feature/x'].map((name) => ({ name, at: DAYS[0] ?? '' })),
  );
  it.each<[string, string, readonly string[]]>([
    ['a literal is the whole name', 'main', ['main']],
    ['an expression is the whole name', '/main/', ['main']],
    ['an alternative is anchored at one end only: starts with a, or ends with b', '/a|b/', ['a-first', 'last-b']],
    ['a group anchors both', '/(main|mainline)/', ['main', 'mainline']],
    ['a name may have slashes', '/feature\\/.*/', ['feature/x']],
    ['a literal is no glob', 'main*', []],
    ['a dot in a literal is a dot', 'm.in', []],
  ])('%s', (_, pattern, expected) => {
    expect(stagesKept(nodes, [branch(pattern)], history)).toEqual(expected);
  });

  it('a branch is no tag, nor a tag a branch', () => {
    const both = references([
      { name: 'x', at: DAYS[0] ?? '' },
      { name: 'y', at: DAYS[0] ?? '', tagged: '' },
    ]);
    expect(stagesKept(both.nodes, [branch('/.*/')], both.history)).toEqual(['x']);
    expect(stagesKept(both.nodes, [tag('/.*/')], both.history)).toEqual(['y']);
  });
});

describe('2.3 limits of references', () => {
  const { history, nodes } = references([
    { name: 'b1', at: '2026-11-01T00:00:00Z' },
    { name: 'b2', at: '2026-11-10T00:00:00Z' },
    { name: 'b3', at: '2026-11-19T00:00:00Z' },
    { name: 'b4', at: '2026-11-20T00:00:00Z' },
  ]);
  const kept = (limit: NonNullable<KeepPolicy['references']['limit']>) =>
    stagesKept(nodes, [withLimit(branch('/.*/'), limit)], history);
  it.each<[string, NonNullable<KeepPolicy['references']['limit']>, readonly string[]]>([
    ['last: the newest so many', { last: 2, operator: 'And' }, ['b3', 'b4']],
    ['last 0: none', { last: 0, operator: 'And' }, []],
    ['last negative: all', { last: -1, operator: 'And' }, ['b1', 'b2', 'b3', 'b4']],
    ['in: not older', { in: hours(15 * 24), operator: 'And' }, ['b2', 'b3', 'b4']],
    ['And: both', { last: 3, in: hours(48), operator: 'And' }, ['b3', 'b4']],
    ['And counts the newest of all, not of the young', { last: 1, in: hours(48), operator: 'And' }, ['b4']],
    ['Or: either', { last: 1, in: hours(15 * 24), operator: 'Or' }, ['b2', 'b3', 'b4']],
    ['Or with last alone: all', { last: 1, operator: 'Or' }, ['b1', 'b2', 'b3', 'b4']],
    ['Or with in alone: all', { in: hours(1), operator: 'Or' }, ['b1', 'b2', 'b3', 'b4']],
    ['none: all', { operator: 'And' }, ['b1', 'b2', 'b3', 'b4']],
  ])('%s', (_, limit, expected) => {
    expect(kept(limit)).toEqual(expected);
  });

  it('an annotated tag is as old as its tagger says, a lightweight one as its commit', () => {
    const tags = references([
      { name: 'annotated', at: '2026-01-01T00:00:00Z', tagged: '2026-11-20T00:00:00Z' },
      { name: 'lightweight', at: '2026-11-01T00:00:00Z', tagged: '' },
    ]);
    const policy = withLimit(tag('/.*/'), { last: 1, operator: 'And' });
    expect(stagesKept(tags.nodes, [policy], tags.history)).toEqual(['annotated']);
  });
});

describe('2.4 several policies', () => {
  it('keep the union', () => {
    const history = line(DAYS, { references: [{ kind: 'tag', name: 'v1', commit: '1' }] });
    expect(stagesKept(ONE_EACH, [branch('main'), tag('v1')], history)).toEqual(['1', '4']);
  });

  it('of one branch the last one in the file counts, be it the narrower or the wider', () => {
    expect(stagesKept(ONE_EACH, [branch('/.*/', 3), branch('main', 1)])).toEqual(['4']);
    expect(stagesKept(ONE_EACH, [branch('main', 1), branch('/.*/', 3)])).toEqual(['2', '3', '4']);
  });

  it('a policy whose limit the branch does not pass is not its last', () => {
    const limited = withLimit(branch('main', 1), { in: hours(1), operator: 'And' });
    expect(stagesKept(ONE_EACH, [branch('/.*/', 3), limited])).toEqual(['2', '3', '4']);
  });

  it('by default: 10 tags, 10 branches of a week with 2 images, 10 images of the main branches', () => {
    const many = Array.from({ length: 12 }, (_, at) => `2026-11-${String(at + 1).padStart(2, '0')}T00:00:00Z`);
    const history = line(many, { references: [{ kind: 'tag', name: 'v1', commit: '1' }] });
    const nodes = many.flatMap((_, at) => published(`${at + 1}`, [`${at + 1}`]));
    expect(stagesKept(nodes, DEFAULT_KEEP_POLICIES, history)).toHaveLength(11);
    expect(stagesKept(nodes, DEFAULT_KEEP_POLICIES, history)).not.toContain('2');
  });

  it('the order in which references come changes nothing', () => {
    const history = line(DAYS, {
      references: [
        { kind: 'branch', name: 'dev', commit: '2' },
        { kind: 'branch', name: 'old', commit: '1' },
      ],
    });
    const turned = { ...history, references: history.references.toReversed() };
    const policies = [branch('/.*/', 1), branch('main', 2)];
    expect(stagesKept(ONE_EACH, policies, turned)).toEqual(stagesKept(ONE_EACH, policies, history));
  });
});

describe('2.5 images per reference', () => {
  it.each<[string, KeepPolicy, readonly string[]]>([
    ['last: the newest so many', branch('main', 2), ['3', '4']],
    ['last 0: nothing, even with in and Or', branch('main', 0, { in: hours(1_000), operator: 'Or' }), []],
    ['last negative: all', branch('main', -1), ['1', '2', '3', '4']],
    ['in with And, before counting', branch('main', 3, { in: hours(61) }), ['3', '4']],
    ['in with Or: either', branch('main', 1, { in: hours(85), operator: 'Or' }), ['2', '3', '4']],
    ['in with a negative last: only the young', branch('main', -1, { in: hours(61) }), ['3', '4']],
  ])('%s', (_, policy, expected) => {
    expect(stagesKept(ONE_EACH, [policy])).toEqual(expected);
  });

  it('several stages of one commit count as one', () => {
    const nodes = [...ONE_EACH, ...published('4 again', ['4'])];
    expect(stagesKept(nodes, [branch('main', 2)])).toEqual(['3', '4', '4 again']);
  });

  it('a stage of several commits counts at its newest', () => {
    const nodes = [...published('reused', ['1', '4']), ...published('between', ['2']), ...published('next', ['3'])];
    expect(stagesKept(nodes, [branch('main', 2)])).toEqual(['next', 'reused']);
  });

  it('merges are followed over all parents', () => {
    const history = historyOf({
      commits: [
        { name: 'root', date: '2026-11-01T00:00:00Z' },
        { name: 'side', date: '2026-11-02T00:00:00Z', parents: ['root'] },
        { name: 'trunk', date: '2026-11-03T00:00:00Z', parents: ['root'] },
        { name: 'merge', date: '2026-11-04T00:00:00Z', parents: ['trunk', 'side'] },
      ],
      references: [{ kind: 'branch', name: 'main', commit: 'merge' }],
    });
    expect(stagesKept(published('x', ['side']), [branch('main')], history)).toEqual(['x']);
  });

  it('a tag reaches its own commit and none below', () => {
    const history = line(DAYS, { references: [{ kind: 'tag', name: 'v1', commit: '3' }] });
    expect(stagesKept(ONE_EACH, [tag('v1', -1)], history)).toEqual(['3']);
  });

  it('of two commits of one second the later in the history is the newer', () => {
    const history = line(['2026-11-18T00:00:00Z', '2026-11-18T00:00:00Z']);
    const nodes = [...published('1', ['1']), ...published('2', ['2'])];
    expect(stagesKept(nodes, [branch('main')], history)).toEqual(['2']);
  });

  it('what a pod uses takes its place like any other', () => {
    const usage = usageOf([`${OURS}:${stageIdOf('4')}`]);
    expect(stagesKept(ONE_EACH, [branch('main', 1)], LINE, { usage })).toEqual(['4']);
  });

  it('every image counts by itself, and a stage stays when any image keeps it', () => {
    const nodes = [
      managedImage('api'),
      ...published('both', ['4']),
      imageMetadata({ image: 'api', commit: '1', stage: stageIdOf('both') }),
      ...published('api', ['3'], { image: 'api' }),
      ...published('older', ['3']),
    ];
    expect(stagesKept(nodes, [branch('main')])).toEqual(['api', 'both']);
  });
});

describe('2.6 built within the last hours', () => {
  const built = (created: string) => [...published('4', ['4']), stage({ name: 'x', created })];
  // Without a grace of its own, a stage that no record is about goes by the window alone.
  const hasNoGrace = (nodes: readonly NodeSpec[], count: number): readonly string[] => {
    const policy = { recent: { within: hours(count) }, werf: werfPolicy({ unrecordedGrace: hours(0) }) };
    return stagesKept(nodes, [branch('main')], LINE, { policy });
  };
  it('keeps what is younger', () => {
    expect(hasNoGrace(built('2026-11-20T10:30:00Z'), 2)).toEqual(['4', 'x']);
    expect(hasNoGrace(built('2026-11-20T09:30:00Z'), 2)).toEqual(['4']);
  });

  it('keeps nothing with 0 hours', () => {
    expect(hasNoGrace(built('2026-11-20T11:59:59Z'), 0)).toEqual(['4']);
  });

  it('keeps an index when any of its platforms is', () => {
    const nodes = [
      ...published('4', ['4']),
      stageIndex({ name: 'multi', platforms: ['amd', 'arm'] }),
      stage({ name: 'amd', created: '2026-11-20T11:00:00Z' }),
      stage({ name: 'arm' }),
    ];
    expect(hasNoGrace(nodes, 2)).toEqual(['4', 'amd', 'arm', 'multi']);
  });

  it('keeps the relatives of what it keeps', () => {
    const nodes = [
      ...published('4', ['4']),
      stage({
        name: 'x',
        created: '2026-11-20T11:00:00Z',
        labels: { 'werf-import-source-stage-id-a': stageIdOf('source') },
      }),
      stage({ name: 'source' }),
    ];
    expect(hasNoGrace(nodes, 2)).toEqual(['4', 'source', 'x']);
  });
});

describe('2.7 the keep list', () => {
  it.each<[string, string]>([
    ['tags of stages', stageIdOf('1')],
    ['custom tags', 'live'],
    ['ids of indexes', indexIdOf('multi')],
  ])('keeps %s', (_, line_) => {
    const nodes = [
      ...published('4', ['4']),
      stage({ name: '1', tags: ['live'] }),
      stageIndex({ name: 'multi', platforms: ['amd'] }),
      stage({ name: 'amd' }),
      imageMetadata({ image: 'web', commit: '1', stage: stageIdOf('1') }),
    ];
    const policy = { pins: { tags: [], expressions: [], list: [parseTag(line_)] } };
    const kept = stagesKept(nodes, [branch('main')], LINE, { policy });
    expect(kept).toContain(line_ === indexIdOf('multi') ? 'multi' : '1');
  });
});
