import { describe, expect, it } from 'vitest';
import { parseChallenges } from '../../src/registry/parse-challenge.ts';

type Row = readonly [name: string, headers: readonly string[], challenges: readonly (readonly [string, object])[]];

const ROWS: readonly Row[] = [
  ['no header is no challenge', [], []],
  ['an empty header is no challenge', [''], []],
  ['a scheme without parameters stands alone', ['Basic'], [['basic', {}]]],
  ['schemes and parameter names are lower-cased', ['BASIC Realm="Parts"'], [['basic', { realm: 'Parts' }]]],
  [
    'a comma inside quotes belongs to the scope',
    ['Bearer realm="https://a/token",service="s",scope="repository:a/b:pull,push"'],
    [['bearer', { realm: 'https://a/token', service: 's', scope: 'repository:a/b:pull,push' }]],
  ],
  [
    'blanks around commas and equal signs do not matter',
    ['Bearer  realm = "https://a/token" , scope="x" ,, service=s'],
    [['bearer', { realm: 'https://a/token', scope: 'x', service: 's' }]],
  ],
  [
    'several challenges in one header are told apart',
    ['Bearer realm="r",scope="x,y", Basic realm="b", Negotiate'],
    [
      ['bearer', { realm: 'r', scope: 'x,y' }],
      ['basic', { realm: 'b' }],
      ['negotiate', {}],
    ],
  ],
  [
    'a scheme without parameters may come first',
    ['Negotiate, Basic realm="b"'],
    [
      ['negotiate', {}],
      ['basic', { realm: 'b' }],
    ],
  ],
  [
    'several headers are read in their order',
    ['Basic realm="b"', 'Bearer realm="r"'],
    [
      ['basic', { realm: 'b' }],
      ['bearer', { realm: 'r' }],
    ],
  ],
  [
    'escaped characters in quotes are unescaped',
    ['Basic realm="a \\"b\\" \\\\c"'],
    [['basic', { realm: 'a "b" \\c' }]],
  ],
  [
    'the word Basic inside a quoted value is no challenge',
    ['Bearer realm="r, Basic x"'],
    [['bearer', { realm: 'r, Basic x' }]],
  ],
  [
    'values need no quotes',
    ['Bearer realm=https://a/token,scope=x'],
    [['bearer', { realm: 'https://a/token', scope: 'x' }]],
  ],
  ['the first of two equal names counts', ['Bearer realm="a",realm="b"'], [['bearer', { realm: 'a' }]]],
  [
    'an unfinished quote ends the reading',
    ['Basic realm="b", Bearer realm="r'],
    [
      ['basic', { realm: 'b' }],
      ['bearer', {}],
    ],
  ],
  ['parameters without a scheme are nothing', ['realm="r"'], []],
  ['text that is no grammar at all is nothing', ['"""(((', '\u0000'], []],
];

describe('parseChallenges', () => {
  it.each(ROWS)('%s', (_name, headers, expected) => {
    const seen = parseChallenges(headers).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
    expect(seen).toEqual(expected);
  });

  it('takes linear time on hostile input', () => {
    const begin = performance.now();
    parseChallenges([`Bearer realm="${'\\a'.repeat(100_000)}`, 'a '.repeat(100_000), 'a='.repeat(100_000)]);
    expect(performance.now() - begin).toBeLessThan(2000);
  });
});
