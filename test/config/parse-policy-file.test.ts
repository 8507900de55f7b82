import { describe, expect, it } from 'vitest';
import { parsePolicyFile } from '../../src/config/parse-policy-file.ts';
import { knownKeys } from '../../src/config/policy-schema.ts';

/** All mistakes as the user reads them. */
function mistakesIn(text: string): readonly string[] {
  return parsePolicyFile(text, 'p.yml').mistakes.map(({ place, text: sentence }) => `${place}: ${sentence}`);
}

describe('a mistake in the policy file is told with line and column', () => {
  it.each([
    ['an unknown key', 'clenup: {}', ['p.yml:1:1: unknown key "clenup"; did you mean "cleanup"?']],
    [
      'an unknown key inside',
      'guards:\n  maxDeletShare: 1',
      ['p.yml:2:3: unknown key "maxDeletShare"; did you mean "maxDeleteShare"?'],
    ],
    [
      'an unknown key near to nothing',
      'guards: {zzz: 1}',
      ['p.yml:1:10: unknown key "zzz"; known here: maxDeleteShare, allowDeleteAll'],
    ],
    [
      'an unknown key in a limit',
      'cleanup:\n  keepPolicies:\n  - references:\n      branch: a\n      limit: {lst: 1}',
      ['p.yml:5:15: unknown key "lst"; did you mean "last"?'],
    ],
    [
      'a bad operator in imagesPerReference, which werf lets pass',
      'cleanup: {keepPolicies: [{references: {tag: a}, imagesPerReference: {operator: and}}]}',
      ['p.yml:1:80: got "and", expected And or Or'],
    ],
    [
      'both branch and tag',
      'cleanup: {keepPolicies: [{references: {tag: a, branch: b}}]}',
      ['p.yml:1:39: got a mapping, expected exactly one of the keys branch and tag'],
    ],
    [
      'neither branch nor tag, next to another mistake',
      'cleanup: {keepPolicies: [{references: {brunch: a}}]}',
      [
        'p.yml:1:39: got a mapping, expected exactly one of the keys branch and tag',
        'p.yml:1:40: unknown key "brunch"; did you mean "branch"?',
      ],
    ],
    [
      'no references',
      'cleanup: {keepPolicies: [{}]}',
      ['p.yml:1:26: the key "references" is missing, expected a mapping of keys to values'],
    ],
    [
      'a regular expression that RE2 has not',
      'cleanup: {keepPolicies: [{references: {branch: /(?=x)a/}}]}',
      [
        'p.yml:1:48: got "/(?=x)a/", expected a regular expression in RE2 syntax (invalid or unsupported Perl syntax: `(?=`)',
      ],
    ],
    [
      'a regular expression that matches nothing',
      'cleanup: {keepPolicies: [{references: {branch: //}}]}',
      ['p.yml:1:48: got "//", expected a regular expression that is not empty'],
    ],
    [
      'a negative duration',
      'cleanup: {keepPolicies: [{references: {tag: a, limit: {in: -2h}}}]}',
      ['p.yml:1:60: got "-2h", expected a duration such as 168h, 7d, 2w or 1h30m, without a sign'],
    ],
    [
      'a duration without unit',
      'cleanup: {keepPolicies: [{references: {tag: a, limit: {in: 168}}}]}',
      ['p.yml:1:60: got 168, expected a duration such as 168h, 7d or 1h30m'],
    ],
    [
      'a duration longer than time',
      `cleanup: {keepPolicies: [{references: {tag: a, limit: {in: ${'9'.repeat(400)}h}}}]}`,
      [`p.yml:1:60: got "${'9'.repeat(80)}…", expected a duration such as 168h, 7d, 2w or 1h30m, without a sign`],
    ],
    [
      'a fraction of an image',
      'cleanup: {keepPolicies: [{references: {tag: a, limit: {last: 1.5}}}]}',
      ['p.yml:1:62: got 1.5, expected a whole number'],
    ],
    [
      'negative hours',
      'cleanup: {keepImagesBuiltWithinLastNHours: -1}',
      ['p.yml:1:44: got -1, expected a whole number of hours, 0 or more'],
    ],
    ['a share over 1', 'guards: {maxDeleteShare: 1.5}', ['p.yml:1:26: got 1.5, expected a number from 0 to 1']],
    [
      'a share that is no number',
      'guards: {maxDeleteShare: .nan}',
      ['p.yml:1:26: got .nan, expected a number from 0 to 1'],
    ],
    ['a text for a flag', 'untag: "yes"', ['p.yml:1:8: got "yes", expected true or false']],
    ['an empty block', 'cleanup:', ['p.yml:1:9: got nothing, expected a mapping of keys to values']],
    ['a list for the whole', '- a', ['p.yml:1:1: got a list, expected a mapping of keys to values']],
    [
      'both names of the rule for open requests',
      'mergeRequests: {last: 1}\npullRequests: {last: 2}',
      [
        'p.yml:1:16: got a mapping, expected only one of the keys pullRequests and mergeRequests: they are two names of one',
      ],
    ],
    [
      'both names even where one switches it off, and another mistake',
      'pullRequests: {}\nmergeRequests: false\nuntag: 7',
      [
        'p.yml:2:16: got false, expected only one of the keys pullRequests and mergeRequests: they are two names of one',
        'p.yml:3:8: got 7, expected true or false',
      ],
    ],
    [
      'a misspelt placeholder',
      "images: {tagPatterns: ['{brnch}']}",
      [
        'p.yml:1:24: got "{brnch}", expected only the placeholders {branch}, {tag}, {commit}, {number} and {build}; did you mean {branch}?',
      ],
    ],
    [
      'two placeholders in a row',
      "images: {tagPatterns: ['{branch}{commit}']}",
      ['p.yml:1:24: got "{branch}{commit}", expected something between two placeholders'],
    ],
    [
      'a pattern without placeholder',
      'images: {tagPatterns: [latest]}',
      ['p.yml:1:24: got "latest", expected a pattern with one of {branch}, {tag}, {commit} and {number}'],
    ],
    [
      'a source in a list',
      'images: {source: [https://github.com/a/b, 7]}',
      ['p.yml:1:43: got 7, expected addresses of repositories with sources'],
    ],
    [
      'a source that is neither',
      'images: {source: mine}',
      ['p.yml:1:18: got "mine", expected any, or a list of addresses of repositories with sources'],
    ],
    [
      'a group without group',
      'images: {groupBy: {tag: ^a}}',
      ['p.yml:1:25: got "^a", expected a regular expression with a group: ^(.+)-v[0-9]+$'],
    ],
    [
      'a pin that no tag can match',
      'pins: {tags: [a/b]}',
      [
        'p.yml:1:15: got "a/b", expected a pattern for tags: letters, digits, "_", "." and "-", with * for any characters and ? for one',
      ],
    ],
    [
      'a repository with a scheme',
      'repositories: ["https://ghcr.io/a"]',
      [
        'p.yml:1:16: got "https://ghcr.io/a", expected a repository such as ghcr.io/team/app, in lower case, without https://, tag and digest',
      ],
    ],
    [
      'a number of releases for the rule',
      'releases: 5',
      ['p.yml:1:11: got 5, expected false, or a mapping of keys to values'],
    ],
    [
      'an empty block for a rule',
      'pullRequests:',
      ['p.yml:1:14: got nothing, expected false, or a mapping of keys to values'],
    ],
    [
      'a flag that switches nothing on',
      'deployments: true',
      ['p.yml:1:14: got true, expected false, or a mapping of keys to values'],
    ],
    [
      'none of the newest, which is not how a rule is switched off',
      'releases: {last: 0}',
      ['p.yml:1:18: got 0, expected a whole number, 1 or more, or a negative one for all'],
    ],
    [
      'half of the newest',
      'pullRequests: {last: 1.5}',
      ['p.yml:1:22: got 1.5, expected a whole number, 1 or more, or a negative one for all'],
    ],
    [
      'an unknown key inside a rule that may be false',
      'pullRequests: {lst: 1}',
      ['p.yml:1:16: unknown key "lst"; did you mean "last"?'],
    ],
    [
      'an unknown key inside such a rule, near to nothing',
      'deployments: {zzz: 1}',
      ['p.yml:1:15: unknown key "zzz"; known here: environments, last'],
    ],
    [
      'several mistakes inside such a rule, all at once',
      'deployments: {environment: [a], environments: [""], last: x}',
      [
        'p.yml:1:15: unknown key "environment"; did you mean "environments"?',
        'p.yml:1:48: got "", expected the name of an environment, with * for any characters and ? for one',
        'p.yml:1:59: got "x", expected a whole number, 1 or more, or a negative one for all',
      ],
    ],
    [
      'one environment that is no list',
      'deployments: {environments: production}',
      ['p.yml:1:29: got "production", expected a list of environments'],
    ],
    [
      'a mirror without host',
      'kubernetes: {mirrors: {hub: docker.io}}',
      [
        'p.yml:1:29: got "docker.io", expected as the key a registry, or the beginning of a repository: mirror.example.com/hub',
      ],
    ],
  ])('%s', (_, text, expected) => {
    expect(mistakesIn(text)).toEqual(expected);
  });
});

describe('what is no policy file at all', () => {
  it.each([
    [
      'broken YAML',
      'a: [',
      ['p.yml:1:5: not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]'],
    ],
    ['a tag of YAML', 'untag: !foo true', ['p.yml:1:8: not YAML: Unresolved tag: !foo']],
    [
      'a second document',
      'untag: true\n---\nimage: app\n',
      ['p.yml:2:1: a second document begins here; the policy file is one'],
    ],
    ['an alias without anchor', 'untag: *x', ['p.yml:1:8: the alias *x has no anchor before it']],
    ['a tower of brackets', '['.repeat(20_000), ['p.yml: nested too deep: this is no policy file']],
    ['a book', `# ${'x'.repeat(1_048_576)}`, ['p.yml: longer than 1 MiB: this is no policy file']],
  ])('%s', (_, text, expected) => {
    expect(mistakesIn(text)).toEqual(expected);
  });

  it('is an alias bomb, and it does not go off', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...['b', 'c', 'd', 'e', 'f', 'g', 'h'].map(
        (name, at) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[at]}`).join(',')}]`,
      ),
    ];
    expect(mistakesIn(bomb.join('\n'))).toEqual(['p.yml: so many aliases of aliases that it is no policy file']);
  });
});

it('tells all mistakes at once, in the order of the file', () => {
  const text = `repositories: [ghcr.io/Team/app]
cleanup:
  keepPolicy: []
  keepPolicies:
  - references:
      branch: /a(/
      tag: v1
      limit: {last: ten, in: 168, first: 2}
    imagesPerReference: {last: 1.5, in: -2h}
  keepImagesBuiltWithinLastNHours: 1
  keepImagesBuiltWithinLastNHours: 2
images: {groupBy: {lable: x}, unlinked: maybe}
clenup: {}
`;
  expect(mistakesIn(text)).toMatchInlineSnapshot(`
    [
      "p.yml:1:16: got "ghcr.io/Team/app", expected a repository such as ghcr.io/team/app, in lower case, without https://, tag and digest",
      "p.yml:3:3: unknown key "keepPolicy"; did you mean "keepPolicies"?",
      "p.yml:6:7: got a mapping, expected exactly one of the keys branch and tag",
      "p.yml:6:15: got "/a(/", expected a regular expression in RE2 syntax (missing closing ): \`^a($\`)",
      "p.yml:8:21: got "ten", expected a whole number",
      "p.yml:8:30: got 168, expected a duration such as 168h, 7d or 1h30m",
      "p.yml:8:35: unknown key "first"; known here: last, in, operator",
      "p.yml:9:32: got 1.5, expected a whole number",
      "p.yml:9:41: got "-2h", expected a duration such as 168h, 7d, 2w or 1h30m, without a sign",
      "p.yml:11:3: the key "keepImagesBuiltWithinLastNHours" stands here a second time",
      "p.yml:12:19: got a mapping, expected exactly one of the keys label and tag",
      "p.yml:12:20: unknown key "lable"; did you mean "label"?",
      "p.yml:12:41: got "maybe", expected keep or delete",
      "p.yml:13:1: unknown key "clenup"; did you mean "cleanup"?",
    ]
  `);
});

it('says the same as data: path, line, column, got, expected, nearest', () => {
  const [first] = parsePolicyFile('cleanup:\n  keepPolicy: []', 'p.yml').mistakes;
  expect(first).toMatchObject({
    path: 'cleanup.keepPolicy',
    line: 2,
    column: 3,
    got: 'keepPolicy',
    nearest: 'keepPolicies',
  });
});

it('knows the keys at any depth, for the suggestions', () => {
  expect(knownKeys(['cleanup', 'keepPolicies', 3, 'imagesPerReference'])).toEqual(['last', 'in', 'operator']);
  expect(knownKeys(['images', 'groupBy'])).toEqual(['label', 'tag']);
  expect(knownKeys(['no', 'such'])).toEqual([]);
});

it('takes anchors as YAML has them', () => {
  const text = `cleanup:
  keepPolicies:
  - references: {branch: main, limit: &week {last: 3, in: 168h}}
  - references: {tag: /v.*/, limit: *week}
`;
  const { file, mistakes } = parsePolicyFile(text, 'p.yml');
  expect(mistakes).toEqual([]);
  expect(file?.cleanup?.keepPolicies?.[1]?.references.limit).toEqual({ last: 3, in: '168h' });
});

it('takes the whole meta document of werf and says what it ignores', () => {
  const text = `project: shop
configVersion: 1
build: {platform: [linux/amd64]}
deploy: {helmRelease: shop}
cleanup: {disableGitHistoryBasedPolicy: false}
gitWorktree: {forceShallowClone: true, allowUnshallow: true, allowFetchOriginBranchesAndTags: true}
`;
  const { mistakes, notes } = parsePolicyFile(text, 'p.yml');
  expect(mistakes).toEqual([]);
  expect(notes).toEqual([
    'p.yml: project, configVersion, build, deploy: ignored, this says nothing about what to keep',
    'p.yml: gitWorktree.forceShallowClone has no effect: nothing is decided on a shallow history',
  ]);
});
