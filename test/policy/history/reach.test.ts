import { describe, expect, it } from 'vitest';
import { reachedFrom } from '../../../src/policy/history/reach.ts';
import { commitIdOf, historyOf } from '../../builders/history.ts';

const DATE = '2026-01-01T00:00:00Z';

describe('the commits that a head reaches', () => {
  it('are its own and all of its ancestors, over every parent of a merge', () => {
    const reach = reachIn({ merge: ['left', 'right'], left: ['root'], right: ['root'], root: [], beside: ['root'] });
    expect(reach(['merge'], ['merge', 'left', 'right', 'root', 'beside'])).toEqual([
      ['merge', 'left', 'right', 'root'],
    ]);
  });

  it('include what only the third parent of an octopus merge has', () => {
    const reach = reachIn({ octopus: ['a', 'b', 'c'], a: [], b: [], c: ['deep'], deep: [] });
    expect(reach(['octopus'], ['deep'])).toEqual([['deep']]);
  });

  it('never include descendants', () => {
    const reach = reachIn({ child: ['root'], root: [] });
    expect(reach(['root'], ['child', 'root'])).toEqual([['root']]);
  });

  it('are only the wanted ones', () => {
    const reach = reachIn({ child: ['root'], root: [] });
    expect(reach(['child'], ['root'])).toEqual([['root']]);
    expect(reach(['child'], [])).toEqual([[]]);
  });

  it('are answered for each head in the order given, duplicates too', () => {
    const reach = reachIn({ b: ['a'], a: [] });
    expect(reach(['a', 'b', 'a'], ['a', 'b'])).toEqual([['a'], ['a', 'b'], ['a']]);
  });

  it('are kept apart for more heads than one pass takes', () => {
    const names = Array.from({ length: 70 }, (_, at) => `h${at}`);
    const reach = reachIn({ ...Object.fromEntries(names.map((name) => [name, ['root']])), root: [] });
    expect(reach(names, [...names, 'root'])).toEqual(names.map((name) => [name, 'root']));
  });

  it('are found at the ends of the graph', () => {
    const chain = Array.from({ length: 40 }, (_, at) => [`c${at}`, at === 0 ? [] : [`c${at - 1}`]] as const);
    const reach = reachIn(Object.fromEntries(chain));
    expect(reach(['c39', 'c0'], ['c0', 'c39'])).toEqual([['c0', 'c39'], ['c0']]);
  });
});

function reachIn(parents: Readonly<Record<string, readonly string[]>>) {
  const commits = Object.keys(parents).map((name) => ({ name, date: DATE, parents: parents[name] ?? [] }));
  const { graph } = historyOf({ commits, references: [] });
  const positions = new Map(commits.map(({ name }) => [name, graph.indexOf(commitIdOf(name)) ?? -1]));
  const names = new Map([...positions].map(([name, position]) => [position, name]));
  const at = (name: string): number => positions.get(name) ?? -1;
  return (heads: readonly string[], wanted: readonly string[]) =>
    reachedFrom(graph, heads.map(at), wanted.map(at)).map((reached) => reached.map((commit) => names.get(commit)));
}
