import { describe, expect, it } from 'vitest';
import { DEFAULT_KEEP_POLICIES } from '../../../src/config/default-keep-policies.ts';
import type { KeepPolicy, NamePattern, ReferenceLimit } from '../../../src/model/policy.ts';
import { durationFromMs, hours, instantFromMs } from '../../../src/model/time.ts';
import { compileNamePattern, selectReferences } from '../../../src/policy/history/select-references.ts';
import { historyOf } from '../../builders/history.ts';
import { NOW } from '../../builders/snapshot.ts';

type ReferenceSpec = Parameters<typeof historyOf>[0]['references'][number];

const ALL: NamePattern = { kind: 'regex', source: '.*' };

describe('a name pattern', () => {
  it.each<[string, NamePattern, string, boolean]>([
    ['a literal matches the same name', { kind: 'literal', text: 'main' }, 'main', true],
    ['a literal matches no longer name', { kind: 'literal', text: 'main' }, 'main2', false],
    ['a literal matches no name that ends with it', { kind: 'literal', text: 'main' }, 'x-main', false],
    ['a literal is no expression', { kind: 'literal', text: 'v.*' }, 'v1', false],
    ['a literal is no glob', { kind: 'literal', text: 'v*' }, 'v1', false],
    ['the case of a literal counts', { kind: 'literal', text: 'Main' }, 'main', false],
    ['an expression is anchored at the start', { kind: 'regex', source: 'main' }, 'x-main', false],
    ['an expression is anchored at the end', { kind: 'regex', source: 'main' }, 'main-x', false],
    ['an expression matches the whole name', { kind: 'regex', source: 'release/\\d+' }, 'release/12', true],
    ['a|b is "starts with a", as the anchors have no group', { kind: 'regex', source: 'a|b' }, 'a-anything', true],
    ['a|b is "ends with b", as the anchors have no group', { kind: 'regex', source: 'a|b' }, 'anything-b', true],
    ['a|b does not match what only contains them', { kind: 'regex', source: 'a|b' }, 'xax', false],
    ['(a|b) is exactly one of the two', { kind: 'regex', source: '(a|b)' }, 'a-anything', false],
    ['an empty expression matches only an empty name', { kind: 'regex', source: '' }, 'x', false],
    ['an expression may ignore case by its own flag', { kind: 'regex', source: '(?i)MAIN' }, 'main', true],
  ])('%s', (_, pattern, name, expected) => {
    expect(compileNamePattern(pattern)(name)).toBe(expected);
  });
});

describe('a limit on references', () => {
  const names = ['hour', 'day', 'week', 'month'];
  const ages = [1, 24, 168, 720];
  const branches = names.map((name, at) => branchOf(name, ages[at] ?? 0));

  it.each<[string, ReferenceLimit | undefined, readonly string[]]>([
    ['none: all of them', undefined, names],
    ['an empty one: all of them', { operator: 'And' }, names],
    ['last 2: the two newest', { last: 2, operator: 'And' }, ['hour', 'day']],
    ['last 0: none', { last: 0, operator: 'And' }, []],
    ['a negative last: all', { last: -1, operator: 'And' }, names],
    ['last beyond their number: all', { last: 9, operator: 'And' }, names],
    ['in 30h: those after that', { in: hours(30), operator: 'And' }, ['hour', 'day']],
    ['in 24h: the one that is exactly as old is out', { in: hours(24), operator: 'And' }, ['hour']],
    [
      'in 24h and a millisecond: it is in',
      { in: durationFromMs(24 * 3_600_000 + 1), operator: 'And' },
      ['hour', 'day'],
    ],
    ['in zero: none', { in: durationFromMs(0), operator: 'And' }, []],
    ['And: both must hold', { last: 3, in: hours(30), operator: 'And' }, ['hour', 'day']],
    ['And, the other way round', { last: 1, in: hours(200), operator: 'And' }, ['hour']],
    ['Or: one suffices', { last: 3, in: hours(2), operator: 'Or' }, ['hour', 'day', 'week']],
    ['Or, the other way round', { last: 1, in: hours(200), operator: 'Or' }, ['hour', 'day', 'week']],
    ['Or with only last: the missing in counts as all', { last: 1, operator: 'Or' }, names],
    ['Or with only in: the missing last counts as all', { in: hours(2), operator: 'Or' }, names],
    ['Or with last 0: those within in', { last: 0, in: hours(2), operator: 'Or' }, ['hour']],
    ['And with last 0: none', { last: 0, in: hours(200), operator: 'And' }, []],
    ['And with a negative last: those within in', { last: -1, in: hours(2), operator: 'And' }, ['hour']],
  ])('%s', (_, limit, expected) => {
    expect(namesBy(branches, [policy({ limit })])).toEqual(expected);
  });

  it('counts only references that match', () => {
    const mixed = [branchOf('x-new', 1), branchOf('release-1', 5), branchOf('release-2', 6)];
    const limited = policy({ pattern: { kind: 'regex', source: 'release-.*' }, limit: { last: 1, operator: 'And' } });
    expect(namesBy(mixed, [limited])).toEqual(['release-1']);
  });

  it('takes "in" and "last" of the whole set, not one after the other', () => {
    // The newest by date is the only one that counts as newest, whether or not others are young.
    const limited = policy({ limit: { last: 2, in: hours(2), operator: 'And' } });
    expect(namesBy(branches, [limited])).toEqual(['hour']);
  });

  it('breaks ties of dates by name, whatever order the references come in', () => {
    const tied = ['b', 'c', 'a'].map((name) => branchOf(name, 5));
    const limited = policy({ limit: { last: 2, operator: 'And' } });
    expect(namesBy(tied, [limited])).toEqual(['a', 'b']);
    expect(namesBy([...tied].reverse(), [limited])).toEqual(['a', 'b']);
  });

  it('takes a tag by its own date, which an annotated tag has from its tagger', () => {
    const tags: readonly ReferenceSpec[] = [
      { kind: 'tag', name: 'annotated', commit: 'c', date: instantFromMs(NOW - 3_600_000) },
      { kind: 'tag', name: 'lightweight', commit: 'c' },
    ];
    const limited = policy({ kind: 'tag', limit: { in: hours(2), operator: 'And' } });
    expect(namesBy(tags, [limited])).toEqual(['annotated']);
  });
});

describe('policies together', () => {
  it('take branches by branch policies and tags by tag policies only', () => {
    const references: readonly ReferenceSpec[] = [branchOf('same', 5), { kind: 'tag', name: 'same', commit: 'c' }];
    const [only] = select(references, [policy({ kind: 'tag' })]);
    expect(only?.reference.kind).toBe('tag');
    expect(select(references, [policy({ kind: 'tag' })])).toHaveLength(1);
  });

  it('select the union, each reference once', () => {
    const chosen = namesBy(
      [branchOf('main', 1), branchOf('dev', 2), branchOf('x', 3)],
      [
        policy({ pattern: { kind: 'regex', source: 'main|dev' } }),
        policy({ pattern: { kind: 'literal', text: 'main' } }),
      ],
    );
    expect(chosen).toEqual(['main', 'dev']);
  });

  it('give a reference the last policy that selects it', () => {
    expect(policyNameOf('main', [policy({ name: 'first' }), policy({ name: 'second' })])).toBe('second');
  });

  it('give it an earlier one when it did not pass the limit of the last', () => {
    const tight = policy({ name: 'second', limit: { in: hours(1), operator: 'And' } });
    expect(policyNameOf('main', [policy({ name: 'first' }), tight])).toBe('first');
  });

  it('give it the last one even when that keeps fewer images', () => {
    const generous = policy({ name: 'generous', perReference: 10 });
    expect(policyNameOf('main', [generous, policy({ name: 'mean', perReference: 0 })])).toBe('mean');
  });

  it('select nothing when there are none', () => {
    expect(namesBy([branchOf('main', 1)], [])).toEqual([]);
  });

  it('put the newest reference first', () => {
    expect(namesBy([branchOf('old', 9), branchOf('new', 1), branchOf('middle', 5)], [policy({})])).toEqual([
      'new',
      'middle',
      'old',
    ]);
  });
});

describe('the default set', () => {
  const selected = (references: readonly ReferenceSpec[], defaultBranch?: string) =>
    select(references, DEFAULT_KEEP_POLICIES, defaultBranch).map(({ reference, policy: by }) => [
      reference.name,
      by.name,
    ]);

  it('covers the default branch of the forge, whatever it is called and however quiet it is', () => {
    expect(selected([branchOf('trunk', 9_000)], 'trunk')).toEqual([['trunk', 'default policy 3']]);
    expect(selected([branchOf('trunk', 9_000)])).toEqual([]);
    expect(selected([branchOf('trunk', 9_000)], 'other')).toEqual([]);
  });

  it('covers main, master, staging and production, and no branch that only contains such a word', () => {
    const names = ['main', 'master', 'staging', 'production', 'main-2', 'pre-production'];
    expect(selected(names.map((name) => branchOf(name, 9_000))).map(([name]) => name)).toEqual([
      'main',
      'master',
      'production',
      'staging',
    ]);
  });

  it('covers at most ten branches of the last week', () => {
    const branches = Array.from({ length: 12 }, (_, at) => branchOf(`f${at}`, at + 1));
    expect(selected(branches)).toHaveLength(10);
    expect(selected([branchOf('quiet', 169)])).toEqual([]);
  });

  it('covers the ten newest tags, however old', () => {
    const tags = Array.from(
      { length: 12 },
      (_, at): ReferenceSpec => ({ ...branchOf(`v${at}`, 9_000 + at), kind: 'tag' }),
    );
    expect(selected(tags).map(([name]) => name)).toEqual(tags.slice(0, 10).map(({ name }) => name));
  });

  it('covers no tag, even by a tag policy that is said to cover the default branch', () => {
    const tags = [{ ...branchOf('trunk', 5), kind: 'tag' as const }];
    const odd: KeepPolicy = {
      ...policy({ kind: 'tag', pattern: { kind: 'literal', text: 'x' } }),
      coversDefaultBranch: true,
    };
    expect(select(tags, [odd], 'trunk')).toEqual([]);
  });

  it('never covers a tag for having the name of the default branch', () => {
    const tags = [{ ...branchOf('trunk', 9_000), kind: 'tag' as const }];
    const onlyThird = DEFAULT_KEEP_POLICIES.slice(2);
    expect(select(tags, onlyThird, 'trunk')).toEqual([]);
  });
});

function branchOf(name: string, ageHours: number): ReferenceSpec {
  return { kind: 'branch', name, commit: 'c', date: instantFromMs(NOW - ageHours * 3_600_000) };
}

interface PolicySpec {
  readonly kind?: 'branch' | 'tag';
  readonly name?: string;
  readonly pattern?: NamePattern;
  readonly limit?: ReferenceLimit | undefined;
  readonly perReference?: number;
}

function policy({ kind = 'branch', name = 'p', pattern = ALL, limit, perReference = 1 }: PolicySpec): KeepPolicy {
  return {
    name,
    references: { kind, pattern, ...(limit === undefined ? {} : { limit }) },
    imagesPerReference: { last: perReference, operator: 'And' },
  };
}

function select(references: readonly ReferenceSpec[], policies: readonly KeepPolicy[], defaultBranch?: string) {
  const history = historyOf({
    commits: [{ name: 'c', date: '2020-01-01T00:00:00Z' }],
    references,
    ...(defaultBranch === undefined ? {} : { defaultBranch }),
  });
  return selectReferences(history, policies, NOW);
}

function namesBy(references: readonly ReferenceSpec[], policies: readonly KeepPolicy[]): readonly string[] {
  return select(references, policies).map(({ reference }) => reference.name);
}

function policyNameOf(name: string, policies: readonly KeepPolicy[]): string | undefined {
  return select([branchOf(name, 5)], policies)[0]?.policy.name;
}
