// Arbitrary worlds for property tests: a repository, a history, clusters, pins, and a policy that fits none of them.

import fc from 'fast-check';
import type { Deployment, Forge, PullRequest, Release } from '../../src/model/forge.ts';
import type { History } from '../../src/model/history.ts';
import type { KeepPolicy, LimitOperator, Policy } from '../../src/model/policy.ts';
import { parseTag } from '../../src/model/reference.ts';
import { durationFromMs, hours, instantFromMs } from '../../src/model/time.ts';
import { commitIdOf, historyOf } from '../builders/history.ts';
import { digestOf, LONG_AGO, NOW, type NodeSpec, policyOf, referrerTagOf } from '../builders/snapshot.ts';
import { schemeLabels, tagSchemes } from './scheme-world.ts';

/** Everything that `decide` gets, still as specs, so that a property can change one thing. The forge was not always asked. */
export interface World {
  readonly nodes: readonly NodeSpec[];
  readonly history: History;
  readonly forge: Forge | undefined;
  readonly used: readonly string[];
  readonly policy: Policy;
}

const HOUR_MS = 3_600_000;
const REVISION = 'org.opencontainers.image.revision';
const SOURCE = 'org.opencontainers.image.source';
const COMMITS = 8;

/** Worlds of up to 14 nodes: children, shared and nested indexes, referrers of every kind, opaque nodes, unknown ages. */
export function worlds(): fc.Arbitrary<World> {
  return fc.record({
    nodes: fc.integer({ min: 0, max: 14 }).chain(nodesOf),
    history: histories(),
    forge: fc.option(forges(), { nil: undefined, freq: 3 }),
    used: fc.array(references(), { maxLength: 3 }),
    policy: policies(),
  });
}

/** What a cluster may name: ours by tag, any node by digest elsewhere, and a repository that may turn out to hold ours. */
export function references(): fc.Arbitrary<string> {
  const digest = fc.integer({ min: 0, max: 13 }).map((at) => digestOf(`n${at}`));
  const config = fc.integer({ min: 0, max: 13 }).map((at) => digestOf(`config of n${at}`));
  return fc.oneof(
    tagText().map((tag) => `registry.example.com/shop/app:${tag}`),
    fc.oneof(digest, config).map((one) => `elsewhere.example.com/x/y@${one}`),
    tagText().map((tag) => `registry.example.com/virtual/app:${tag}`),
    fc.oneof(digest, config).map((one) => `registry.example.com/virtual/app@${one}`),
  );
}

function nodesOf(count: number): fc.Arbitrary<readonly NodeSpec[]> {
  const specs = Array.from({ length: count }, (_, at) => nodeAt(at));
  return fc.tuple(...specs).map((nodes) => dropDuplicateTags(nodes));
}

function nodeAt(at: number): fc.Arbitrary<NodeSpec> {
  const earlier =
    at === 0
      ? fc.constant<string[]>([])
      : fc.uniqueArray(
          fc.integer({ min: 0, max: at - 1 }).map((n) => `n${n}`),
          { maxLength: 3 },
        );
  const subject = fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    {
      weight: 2,
      arbitrary: at === 0 ? fc.constant(undefined) : fc.integer({ min: 0, max: at - 1 }).map((n) => `n${n}`),
    },
    { weight: 1, arbitrary: fc.constant('elsewhere') },
  );
  return fc
    .record({
      kind: fc.constantFrom('image', 'image', 'index', 'index', 'opaque', 'image', 'image'),
      earlier,
      subject,
      tags: fc.uniqueArray(tagText(), { maxLength: 2 }),
      referrerTag: fc.option(fc.tuple(fc.integer({ min: 0, max: 13 }), fc.constantFrom('', '.sig', '.att')), {
        freq: 6,
      }),
      created: fc.constantFrom(LONG_AGO, LONG_AGO, null, '1970-01-01T00:00:00Z', '2026-11-20T11:30:00Z'),
      commit: fc.option(fc.integer({ min: 0, max: COMMITS + 2 }), { freq: 2 }),
      ours: fc.boolean(),
      unread: fc.boolean(),
      mayListManifests: fc.boolean(),
      ofScheme: schemeLabels(),
    })
    .map((draw): NodeSpec => {
      const tags = [
        ...draw.tags,
        ...(draw.referrerTag === null ? [] : [referrerTagOf(`n${draw.referrerTag[0]}`, draw.referrerTag[1])]),
      ];
      const labels =
        draw.commit === null
          ? {}
          : {
              [REVISION]: commitIdOf(`c${draw.commit}`),
              ...(draw.ours ? { [SOURCE]: 'https://github.com/acme/shop' } : {}),
            };
      return {
        name: `n${at}`,
        tags,
        ...(draw.subject === undefined ? {} : { subject: draw.subject }),
        created: draw.created,
        labels: { ...labels, ...draw.ofScheme },
        ...(draw.kind === 'index' ? { lists: [...draw.earlier, ...(draw.unread ? ['ghost'] : [])] } : {}),
        ...(draw.kind === 'opaque' && draw.unread
          ? { opaque: { mayListManifests: draw.mayListManifests, names: draw.earlier.map(digestOf) } }
          : {}),
        ...(draw.unread && draw.ours ? { unread: true } : {}),
      };
    });
}

function dropDuplicateTags(nodes: readonly NodeSpec[]): readonly NodeSpec[] {
  const seen = new Set<string>();
  return nodes.map((node) => ({
    ...node,
    tags: (node.tags ?? []).filter((tag) => {
      if (seen.has(tag)) return false;
      seen.add(tag);
      return true;
    }),
  }));
}

function tagText(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constantFrom('latest', 'main', 'dev', 'v1.0.0', '1.0.0', 'feature-x', 'gone-branch', 'buildcache'),
    fc.constantFrom('pr-1', 'pr-2'),
    fc.integer({ min: 0, max: COMMITS + 2 }).map((n) => `pr-1-${commitIdOf(`c${n}`).slice(0, 8)}`),
    fc.integer({ min: 0, max: COMMITS + 2 }).map((n) => commitIdOf(`c${n}`).slice(0, 8)),
  );
}

function histories(): fc.Arbitrary<History> {
  const parents = fc.tuple(
    ...Array.from({ length: COMMITS }, (_, at) =>
      at === 0 ? fc.constant<number[]>([]) : fc.uniqueArray(fc.integer({ min: 0, max: at - 1 }), { maxLength: 2 }),
    ),
  );
  const dates = fc.array(fc.integer({ min: 0, max: 500 }), { minLength: COMMITS, maxLength: COMMITS });
  const heads = fc.record({
    main: commitNumber(),
    dev: commitNumber(),
    feature: commitNumber(),
    v1: commitNumber(),
    v2: commitNumber(),
  });
  return fc.tuple(parents, dates, heads).map(([parentsOf, ages, at]) =>
    historyOf({
      commits: parentsOf.map((numbers, n) => ({
        name: `c${n}`,
        date: instantFromMs(NOW - (ages[n] ?? 0) * HOUR_MS),
        parents: numbers.map((parent) => `c${parent}`),
      })),
      references: [
        { kind: 'branch', name: 'main', commit: `c${at.main}` },
        { kind: 'branch', name: 'dev', commit: `c${at.dev}` },
        { kind: 'branch', name: 'feature/x', commit: `c${at.feature}` },
        { kind: 'tag', name: 'v1.0.0', commit: `c${at.v1}` },
        { kind: 'tag', name: 'v2.0.0', commit: `c${at.v2}` },
      ],
      defaultBranch: 'main',
    }),
  );
}

/** What a forge may say about the commits of {@link histories}, about some that nobody has, and about tests of merging them. */
export function forges(): fc.Arbitrary<Forge> {
  const anyCommit = fc.integer({ min: 0, max: COMMITS + 2 }).map((n) => commitIdOf(`c${n}`));
  const date = fc.integer({ min: 0, max: 60 }).map((days) => instantFromMs(NOW - days * 24 * HOUR_MS));
  const pullRequest = fc.record<PullRequest>({
    number: fc.integer({ min: 1, max: 3 }),
    head: commitNumber().map((n) => commitIdOf(`c${n}`)),
    baseBranch: fc.constantFrom('main', 'dev', 'gone'),
  });
  const release = fc.record<Release>(
    { tag: fc.constantFrom('v1.0.0', 'v2.0.0', 'v9', 'latest'), isDraft: fc.boolean(), date, commit: anyCommit },
    { requiredKeys: ['tag', 'isDraft', 'date'] },
  );
  const deployment = fc.record<Deployment>({
    environment: fc.constantFrom('production', 'staging'),
    commit: anyCommit,
    state: fc.constantFrom('active', 'inactive', 'inactive', 'pending', 'failed', 'unknown'),
    createdAt: date,
  });
  // Commits that no history has may be test merges of one that it has.
  const testMerges = fc
    .array(fc.tuple(fc.integer({ min: COMMITS, max: COMMITS + 2 }), commitNumber()), { maxLength: 3 })
    .map((pairs) => new Map(pairs.map(([merge, head]) => [commitIdOf(`c${merge}`), commitIdOf(`c${head}`)])));
  return fc.record<Forge>(
    {
      complete: fc.constant(true),
      title: fc.constant('GitHub'),
      requestName: fc.constant('pull request' as const),
      repository: fc.constant('acme/shop'),
      pullRequests: fc.uniqueArray(pullRequest, { selector: ({ number }) => number, maxLength: 3 }),
      releases: fc.array(release, { maxLength: 4 }),
      deployments: fc.array(deployment, { maxLength: 6 }),
      testMerges,
    },
    { requiredKeys: ['complete', 'title', 'repository', 'testMerges'] },
  );
}

function commitNumber(): fc.Arbitrary<number> {
  return fc.integer({ min: 0, max: COMMITS - 1 });
}

function policies(): fc.Arbitrary<Policy> {
  return fc
    .record({
      keepPolicies: fc.array(keepPolicy(), { maxLength: 3 }),
      within: fc.constantFrom(durationFromMs(0), hours(2)),
      pins: fc.uniqueArray(tagText(), { maxLength: 2 }),
      tagPatterns: fc.uniqueArray(
        fc.constantFrom('{branch}', '{tag}', '{commit}', 'pr-{number}', 'pr-{number}-{commit}'),
        {
          maxLength: 3,
        },
      ),
      source: fc.constantFrom<'any' | readonly string[]>('any', []),
      unlinked: fc.constantFrom('keep' as const, 'delete' as const),
      untag: fc.boolean(),
      forge: forgeRules(),
      schemes: tagSchemes(),
    })
    .map((draw) =>
      policyOf({
        git: { enabled: true, keepPolicies: draw.keepPolicies },
        recent: { within: draw.within },
        pins: { tags: draw.pins, expressions: [], list: [] },
        images: { source: draw.source, tagPatterns: draw.tagPatterns, unlinked: draw.unlinked },
        untag: draw.untag,
        forge: draw.forge,
        schemes: draw.schemes,
      }),
    );
}

function forgeRules(): fc.Arbitrary<Policy['forge']> {
  const off = fc.constant('off' as const);
  const last = fc.constantFrom(-1, 1, 1, 2);
  const environments = fc.constantFrom<readonly string[]>([], ['prod*']);
  return fc.record<Policy['forge']>({
    pullRequests: fc.oneof({ weight: 3, arbitrary: fc.record({ last }) }, off),
    releases: fc.oneof({ weight: 3, arbitrary: fc.record({ last }) }, off),
    deployments: fc.oneof({ weight: 3, arbitrary: fc.record({ environments, last }) }, off),
  });
}

function keepPolicy(): fc.Arbitrary<KeepPolicy> {
  const operator = fc.constantFrom<LimitOperator>('And', 'Or');
  const last = fc.option(fc.integer({ min: -1, max: 3 }), { nil: undefined });
  const within = fc.option(
    fc.integer({ min: 0, max: 300 }).map((count) => hours(count)),
    { nil: undefined },
  );
  return fc
    .record({
      kind: fc.constantFrom('branch' as const, 'tag' as const),
      source: fc.constantFrom('.*', 'main', 'main|dev', 'v1.*'),
      last,
      within,
      operator,
      perLast: fc.integer({ min: -1, max: 3 }),
      perWithin: within,
      perOperator: operator,
    })
    .map((draw) => ({
      name: 'a policy',
      references: {
        kind: draw.kind,
        pattern: { kind: 'regex', source: draw.source },
        limit: {
          operator: draw.operator,
          ...(draw.last === undefined ? {} : { last: draw.last }),
          ...(draw.within === undefined ? {} : { in: draw.within }),
        },
      },
      imagesPerReference: {
        last: draw.perLast,
        operator: draw.perOperator,
        ...(draw.perWithin === undefined ? {} : { in: draw.perWithin }),
      },
    }));
}

/** One of the tags that worlds draw from. */
export function someTag(): fc.Arbitrary<ReturnType<typeof parseTag>> {
  return tagText().map(parseTag);
}
