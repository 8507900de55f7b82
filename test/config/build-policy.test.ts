import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildPolicy, describeIdleForgeKeys, type PolicyChoices } from '../../src/config/build-policy.ts';
import { parsePolicyFile } from '../../src/config/parse-policy-file.ts';
import { tagPatternProblem } from '../../src/config/policy-words.ts';
import { UsageError } from '../../src/errors.ts';
import { hours } from '../../src/model/time.ts';
import { compileTagPattern } from '../../src/policy/tag-pattern.ts';

const CHOICES: PolicyChoices = { kubernetesEnabled: true, gitEnabled: true, forgeEnabled: true, keepList: [] };

function policyOf(text: string, choices: Partial<PolicyChoices> = {}) {
  const { file, mistakes } = parsePolicyFile(text, 'p.yml');
  expect(mistakes).toEqual([]);
  return buildPolicy(file ?? {}, { ...CHOICES, ...choices });
}

describe("werf's example", () => {
  // https://werf.io/docs/v2/usage/cleanup/cr_cleanup.html
  const policies = policyOf(`cleanup:
  keepPolicies:
  - references:
      tag: /.*/
      limit:
        last: 10
  - references:
      branch: /.*/
      limit:
        last: 10
        in: 168h
        operator: And
    imagesPerReference:
      last: 2
      in: 168h
      operator: And
  - references:
      branch: /^(main|staging|production)$/
    imagesPerReference:
      last: 10
  - references: {branch: release-1.0}
    imagesPerReference: {in: 30d, operator: Or}
`).git.keepPolicies;

  it('is read as it stands', () => {
    expect(policies).toEqual([
      {
        name: 'keepPolicies[0]',
        references: { kind: 'tag', pattern: { kind: 'regex', source: '.*' }, limit: { last: 10, operator: 'And' } },
        imagesPerReference: { last: 1, operator: 'And' },
      },
      {
        name: 'keepPolicies[1]',
        references: {
          kind: 'branch',
          pattern: { kind: 'regex', source: '.*' },
          limit: { last: 10, in: hours(168), operator: 'And' },
        },
        imagesPerReference: { last: 2, in: hours(168), operator: 'And' },
      },
      {
        name: 'keepPolicies[2]',
        references: { kind: 'branch', pattern: { kind: 'regex', source: '^(main|staging|production)$' } },
        imagesPerReference: { last: 10, operator: 'And' },
      },
      {
        name: 'keepPolicies[3]',
        references: { kind: 'branch', pattern: { kind: 'literal', text: 'release-1.0' } },
        imagesPerReference: { last: 1, in: hours(720), operator: 'Or' },
      },
    ]);
  });
});

describe('defaults', () => {
  it('are the default set when there are no keep policies, and when their list is empty', () => {
    const names = ['default policy 1', 'default policy 2', 'default policy 3'];
    expect(policyOf('').git.keepPolicies.map(({ name }) => name)).toEqual(names);
    expect(policyOf('cleanup: {keepPolicies: []}').git.keepPolicies.map(({ name }) => name)).toEqual(names);
  });

  it('keep ten images of the main branches, whatever the default branch is called', () => {
    expect(policyOf('').git.keepPolicies[2]).toMatchObject({
      imagesPerReference: { last: 10 },
      coversDefaultBranch: true,
    });
  });

  it('are careful', () => {
    const { recent, images, guards, untag, pins } = policyOf('');
    expect({ recent, images, guards, untag, pins }).toEqual({
      recent: { within: hours(2) },
      images: { source: [], tagPatterns: [], unlinked: 'keep' },
      guards: { maxDeleteShare: 0.8, allowDeleteAll: false },
      untag: false,
      pins: { tags: [], expressions: [], list: [] },
    });
  });
});

describe('the file', () => {
  it('sets every key', () => {
    const policy = policyOf(`images: {source: any, tagPatterns: ['v{tag}'], groupBy: {label: a.b}, unlinked: delete}
pins: {tags: ['v*'], expressions: ['^x']}
kubernetes: {mirrors: {mirror.example.com/hub: docker.io}}
guards: {maxDeleteShare: 0.5, allowDeleteAll: true}
untag: true
cleanup: {keepImagesBuiltWithinLastNHours: 5}
`);
    expect(policy).toMatchObject({
      images: { source: 'any', tagPatterns: ['v{tag}'], groupBy: { kind: 'label', label: 'a.b' }, unlinked: 'delete' },
      pins: { tags: ['v*'], expressions: ['^x'] },
      guards: { maxDeleteShare: 0.5, allowDeleteAll: true },
      untag: true,
      recent: { within: hours(5) },
    });
    expect([...policy.kubernetes.mirrors]).toEqual([['mirror.example.com/hub', 'docker.io']]);
    expect(policyOf("images: {groupBy: {tag: '^(.+)-v'}}").images.groupBy).toEqual({
      kind: 'tag',
      expression: '^(.+)-v',
    });
  });

  it('is outranked by options, also by those that say no', () => {
    const file = 'guards: {maxDeleteShare: 0.5, allowDeleteAll: true}\nuntag: true';
    const choices = { maxDeleteShare: 1, allowDeleteAll: false, untag: false };
    expect(policyOf(file, choices)).toMatchObject({
      guards: { maxDeleteShare: 1, allowDeleteAll: false },
      untag: false,
    });
  });

  it.each([
    ['keepImagesBuiltWithinLastNHours: 0', 0],
    ['disableBuiltWithinLastNHoursPolicy: true', 0],
    ['disableBuiltWithinLastNHoursPolicy: false', 2],
  ])('switches the rule for young images by %s', (line, expected) => {
    expect(policyOf(`cleanup: {${line}}`).recent.within).toBe(hours(expected));
  });

  it('keeps everything with cleanup.disable', () => {
    const policy = policyOf('cleanup: {disable: true, disableBuiltWithinLastNHoursPolicy: true}\nuntag: true', {
      untag: true,
    });
    expect(policy.recent.within).toBeGreaterThan(hours(24 * 365 * 1000));
    expect(policy.untag).toBe(false);
  });
});

describe("tag patterns in GitLab's words", () => {
  const patternsOf = (...patterns: readonly string[]) =>
    policyOf(`images: {tagPatterns: ${JSON.stringify(patterns)}}`).images.tagPatterns;

  it.each<[string, readonly string[], readonly string[]]>([
    ['of a branch', ['$CI_COMMIT_BRANCH'], ['{branch}']],
    ['of a Git tag, in braces', [`\${CI_COMMIT_TAG}`], ['{tag}']],
    ['of a ref are those of a branch and of a Git tag', ['$CI_COMMIT_REF_SLUG'], ['{branch}', '{tag}']],
    ['by its name too', ['v-$CI_COMMIT_REF_NAME'], ['v-{branch}', 'v-{tag}']],
    ['of a ref and a commit', ['$CI_COMMIT_REF_SLUG-$CI_COMMIT_SHORT_SHA'], ['{branch}-{commit}', '{tag}-{commit}']],
    ['of the first digits of a commit', [`\${CI_COMMIT_SHA:0:8}`], ['{commit}']],
    ['of a merge request', ['mr-$CI_MERGE_REQUEST_IID'], ['mr-{number}']],
    ['of numbers that are no merge request', ['a-$CI_PIPELINE_ID-$CI_COMMIT_TAG'], ['a-{build}-{tag}']],
    [
      'that name the ref twice have one of both kinds',
      ['$CI_COMMIT_REF_SLUG-x-$CI_COMMIT_REF_NAME'],
      ['{branch}-x-{branch}', '{tag}-x-{tag}'],
    ],
    ['beside ours', ['{branch}-$CI_COMMIT_SHORT_SHA', 'v{tag}'], ['{branch}-{commit}', 'v{tag}']],
    ['that come to the same are there once', ['$CI_COMMIT_REF_SLUG', '{branch}'], ['{branch}', '{tag}']],
  ])('%s', (_, patterns, expected) => {
    expect(patternsOf(...patterns)).toEqual(expected);
  });

  it.each<[string, string, string]>([
    [
      'a misspelt variable',
      '$CI_COMIT_REF_SLUG',
      'a variable of GitLab CI that names what was built; did you mean $CI_COMMIT_REF_SLUG?',
    ],
    [
      'a variable of our own',
      '$VERSION',
      'only variables of GitLab CI that name what was built: $CI_COMMIT_REF_SLUG, ',
    ],
    ['a word that every object has', '$constructor', 'only variables of GitLab CI that name what was built'],
    ['two variables in a row', '$CI_COMMIT_TAG$CI_COMMIT_SHA', 'something between two placeholders'],
    ['too few digits of a commit', `\${CI_COMMIT_SHA:0:6}`, 'the first 7 digits or more of a commit'],
    ['the first letters of a branch', `\${CI_COMMIT_BRANCH:0:8}`, 'a whole value, or the first 7 digits'],
    [
      'the number of a pipeline alone',
      '$CI_PIPELINE_ID',
      'a pattern with one of {branch}, {tag}, {commit} and {number}',
    ],
    [
      'the number of a pipeline that is called a merge request',
      'mr-$CI_PIPELINE_ID',
      'a pattern with one of {branch}, {tag}, {commit} and {number}',
    ],
    ['a whole image', '$CI_COMMIT_TAG:latest', 'only characters that a tag can have'],
    ['an empty variable', `\${}`, 'only the placeholders'],
  ])('are refused for %s', (_, pattern, expected) => {
    const { mistakes } = parsePolicyFile(`images: {tagPatterns: [${JSON.stringify(pattern)}]}`, 'p.yml');
    expect(mistakes.map(({ text }) => text)).toEqual([expect.stringContaining(expected)]);
  });
});

describe('the rules that a forge gives a meaning', () => {
  const ON = { pullRequests: { last: 2 }, releases: { last: 5 }, deployments: { environments: [], last: 2 } };

  it.each<[string, string, object]>([
    ['are on when nobody says anything', '', ON],
    ['are on with nothing in them', 'pullRequests: {}\nreleases: {}\ndeployments: {}', ON],
    [
      'are switched off one by one',
      'pullRequests: false\nreleases: false\ndeployments: false',
      { pullRequests: 'off', releases: 'off', deployments: 'off' },
    ],
    ['take merge requests for pull requests', 'mergeRequests: {last: 3}', { ...ON, pullRequests: { last: 3 } }],
    ['are switched off by that name too', 'mergeRequests: false', { ...ON, pullRequests: 'off' }],
    ['of which one is off leave the others', 'releases: false', { ...ON, releases: 'off' }],
    [
      'take their numbers from the file',
      'pullRequests: {last: 1}\nreleases: {last: -1}\ndeployments: {last: 7}',
      { pullRequests: { last: 1 }, releases: { last: -1 }, deployments: { environments: [], last: 7 } },
    ],
    [
      'take globs of environments',
      'deployments: {environments: [production, "preview/*"]}',
      { ...ON, deployments: { environments: ['production', 'preview/*'], last: 2 } },
    ],
  ])('%s', (_, text, expected) => {
    expect(policyOf(text).forge).toEqual(expected);
  });

  it('are off without a forge, whatever the file says', () => {
    const text = 'pullRequests: {last: 1}\nreleases: {}\ndeployments: {}';
    expect(policyOf(text, { forgeEnabled: false }).forge).toEqual({
      pullRequests: 'off',
      releases: 'off',
      deployments: 'off',
    });
  });

  it.each<[string, string, boolean, readonly string[]]>([
    ['of one key without a forge', 'pullRequests: {last: 1}', false, ['pullRequests needs a forge']],
    [
      'of all keys without a forge at once',
      'deployments: {}\npullRequests: {}\nreleases: {last: 1}',
      false,
      ['pullRequests, releases, deployments need a forge'],
    ],
    ['by the name in the file', 'mergeRequests: {last: 1}', false, ['mergeRequests needs a forge']],
    ['of none with a forge', 'pullRequests: {last: 1}', true, []],
    ['of none that is switched off', 'pullRequests: false', false, []],
    ['of none that is not there', 'untag: true', false, []],
  ])('give a note %s', (_, text, forgeEnabled, expected) => {
    const notes = describeIdleForgeKeys(parsePolicyFile(text, 'p.yml').file ?? {}, forgeEnabled);
    expect(notes.map((note) => note.replace(/:.*$/, ''))).toEqual(expected);
  });
});

it('takes exactly the tag patterns that the rules can compile', () => {
  const piece = fc.constantFrom(
    '{branch}',
    '{tag}',
    '{commit}',
    '{number}',
    '{build}',
    '{x}',
    '{}',
    '{',
    '}',
    'v',
    '-',
    '.',
    '/',
    ' ',
    '{{tag}}',
  );
  const compiles = (text: string): boolean => {
    try {
      compileTagPattern(text, true);
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      return false;
    }
  };
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 5 }), (pieces) => {
      const text = pieces.join('');
      expect([text, tagPatternProblem(text) === undefined]).toEqual([text, compiles(text)]);
    }),
    { numRuns: 2000 },
  );
});
