// Golden stories: evidence, a policy in the user's words and a time; decisions with their reasons, and steps. A story tells
// the outcome of every node, so that none can pass by saying nothing.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { buildPolicy } from '../../src/config/build-policy.ts';
import { buildSchemes } from '../../src/config/build-schemes.ts';
import { NO_CACHE_RULE } from '../../src/config/choose-build-cache.ts';
import { policySchema } from '../../src/config/policy-schema.ts';
import { describeReason } from '../../src/model/describe-reason.ts';
import { type Digest, parseTag } from '../../src/model/reference.ts';
import type { ProvenanceFacts } from '../../src/model/snapshot.ts';
import { buildPlan } from '../../src/plan/build-plan.ts';
import { decide } from '../../src/policy/decide.ts';
import { imageId } from '../builders/build-cache.ts';
import { forgeOf } from '../builders/forge.ts';
import { at, commitIdOf, historyOf } from '../builders/history.ts';
import { digestOf, NOW, type NodeSpec, referrerTagOf, snapshotOf, usageOf } from '../builders/snapshot.ts';
import { werfNode, werfNodeOf } from './werf-nodes.ts';

const names = z.array(z.string());
const outcome = z.record(z.string(), z.string().min(1));
const node = z.strictObject({
  name: z.string(),
  tags: names.optional(),
  /** `image.sig`: this node has the referrer tag of `image` with that suffix. */
  signs: z.string().optional(),
  lists: names.optional(),
  attestations: names.optional(),
  subject: z.string().optional(),
  /** Short name of the commit in the revision label; the source label is the remote unless `source` says otherwise. */
  commit: z.string().optional(),
  source: z.string().optional(),
  /** Besides those of commit and source; `<<c1>>` in a value is the id of that commit. */
  labels: z.record(z.string(), z.string()).optional(),
  /** Names of layers; default: one of its own. */
  layers: names.optional(),
  /** Short name of the node that it was made from. */
  from: z.string().optional(),
  /** Makes it a cache of BuildKit's: names of layers. */
  cacheOf: names.optional(),
  created: z.string().nullable().optional(),
  opaque: z.boolean().optional(),
  werf: werfNode.optional(),
  /** Of an attestation: short name of the commit, and its source unless that is the remote; `unread`: it could not be read. */
  provenance: z
    .union([z.literal('unread'), z.strictObject({ commit: z.string(), source: z.string().optional() })])
    .optional(),
});
const story = z.strictObject({
  story: z.string().min(20),
  nodes: z.array(node).min(1),
  git: z
    .strictObject({
      commits: z.array(z.strictObject({ name: z.string(), date: z.string(), parents: names.optional() })),
      branches: z.record(z.string(), z.string()),
      tags: z.record(z.string(), z.string()),
      default: z.string().optional(),
    })
    .optional(),
  /** Commits by their short names. A list that is left out was not asked for. */
  forge: z
    .strictObject({
      requestName: z.enum(['pull request', 'merge request']).optional(),
      pullRequests: z
        .array(
          z.strictObject({
            number: z.int(),
            head: z.string(),
            base: z.string().optional(),
            from: z.string().optional(),
          }),
        )
        .optional(),
      releases: z
        .array(
          z.strictObject({
            tag: z.string(),
            date: z.string(),
            commit: z.string().optional(),
            draft: z.boolean().optional(),
          }),
        )
        .optional(),
      deployments: z
        .array(
          z.strictObject({
            environment: z.string(),
            commit: z.string(),
            state: z.enum(['active', 'inactive', 'pending', 'failed', 'unknown']),
            date: z.string(),
          }),
        )
        .optional(),
      testMerges: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
  /** References; after "@" stands the short name of a node. */
  used: names.optional(),
  /** When an earlier run saw a node first, by short name. */
  firstSeen: z.record(z.string(), z.string()).optional(),
  policy: policySchema.optional(),
  /** The registry collects what no tag leads to. */
  collectsUntagged: z.boolean().optional(),
  /** Tags that the registry protects, and by which words. */
  protectedTags: z.record(z.string(), z.string()).optional(),
  /** Rule or sentence of the first reason, by node. Both together name every node. */
  keep: outcome,
  delete: outcome,
  /** `untag NODE TAG` and `delete NODE`, in order. */
  steps: names,
  guards: names.optional(),
});
type Story = z.infer<typeof story>;

const folder = import.meta.dirname;
const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));

describe('the stories', () => {
  it('are there', () => {
    expect(files.length).toBeGreaterThanOrEqual(38);
  });

  it.each(files)('%s', (file) => {
    const told = story.parse(parse(readFileSync(join(folder, file), 'utf8')));
    const all = told.nodes.map(({ name }) => name);
    expect([...Object.keys(told.keep), ...Object.keys(told.delete)].sort(), 'every node has its outcome').toEqual(
      [...all].sort(),
    );
    const { decisions, steps, guards } = run(told);
    const outcomes = all.map((name) => [name, decisions.get(digestOf(name))?.decision]);
    expect(outcomes).toEqual(all.map((name) => [name, Object.hasOwn(told.keep, name) ? 'keep' : 'delete']));
    for (const [name, reason] of Object.entries({ ...told.keep, ...told.delete })) {
      const first = decisions.get(digestOf(name))?.reasons[0];
      const texts = first === undefined ? [] : [first.rule, describeReason(first)];
      expect(texts.join(': '), name).toContain(reason);
    }
    expect(steps).toEqual(told.steps);
    expect(guards).toEqual(told.guards ?? []);
  });

  it.each<[string, string]>([
    ['leaves out the outcome', 'story: a story that says nothing at all\nnodes: [{name: a}]\n'],
    ['has no nodes', 'story: a story that says nothing at all\nnodes: []\nkeep: {}\ndelete: {}\nsteps: []\n'],
    [
      'has a word nobody reads',
      'story: a story that says nothing at all\nnodes: [{name: a}]\nkept: {}\nkeep: {}\ndelete: {}\nsteps: []\n',
    ],
    [
      'gives no reason',
      'story: a story that says nothing at all\nnodes: [{name: a}]\nkeep: {a: ""}\ndelete: {}\nsteps: []\n',
    ],
  ])('one that %s is refused', (_, text) => {
    expect(story.safeParse(parse(text)).success).toBe(false);
  });
});

function run(told: Story) {
  const policy = buildPolicy(told.policy ?? {}, {
    kubernetesEnabled: told.used !== undefined,
    gitEnabled: told.git !== undefined,
    forgeEnabled: told.forge !== undefined,
    keepList: [],
    schemes: buildSchemes(told.policy ?? {}, {}),
    cache: { ...NO_CACHE_RULE, improperRepoCache: told.policy?.cache?.improperRepoCache === true },
  });
  const evidence = {
    snapshot: snapshotIn(told),
    history: historyIn(told),
    forge: told.forge === undefined ? undefined : forgeOf(told.forge),
    usage:
      told.used === undefined
        ? undefined
        : usageOf(told.used.map((text) => text.replace(/@(.+)$/, (_, name: string) => `@${digestOf(name)}`))),
    firstSeen:
      told.firstSeen === undefined
        ? undefined
        : {
            at: new Map(
              Object.entries(told.firstSeen).map(([name, time]): [Digest, ReturnType<typeof at>] => [
                digestOf(name),
                at(time),
              ]),
            ),
          },
  };
  const { graph, decisions, records, remarks, collectsUntagged } = decide(evidence, policy, NOW);
  const plan = buildPlan({
    tool: 'test',
    createdAt: NOW,
    asOf: undefined,
    evidence: { repositories: [] },
    previous: undefined,
    guards: policy.guards,
    repositories: [{ name: 'app', graph, decisions, records, remarks, collectsUntagged }],
  });
  const short = new Map(told.nodes.map(({ name }) => [digestOf(name), name]));
  const [repository] = plan.repositories;
  return {
    decisions,
    steps: (repository?.steps ?? []).map(({ action, digest, tag }) =>
      [action, short.get(digest), tag].filter((part) => part !== undefined).join(' '),
    ),
    guards: (repository?.guards ?? []).map(({ guard }) => guard),
  };
}

function snapshotIn({ nodes, collectsUntagged = false, protectedTags }: Story) {
  const snapshot = snapshotOf(nodes.map(specOf));
  return {
    ...snapshot,
    capabilities: { ...snapshot.capabilities, collectsUntagged },
    ...(protectedTags === undefined
      ? {}
      : { protectedTags: new Map(Object.entries(protectedTags).map(([tag, why]) => [parseTag(tag), why])) }),
  };
}

function specOf(told: Story['nodes'][number]): NodeSpec {
  const {
    name,
    tags = [],
    signs,
    lists,
    attestations,
    subject,
    commit,
    source,
    created,
    opaque,
    werf,
    labels: more = {},
    layers,
    from,
    cacheOf,
  } = told;
  if (werf !== undefined) return werfNodeOf(werf, { name, tags, ...(created === undefined ? {} : { created }) });
  const provenance = provenanceOf(told);
  const pointer = signs === undefined ? [] : [referrerTagOf(signs.replace(/\..*$/, ''), signs.replace(/^[^.]*/, ''))];
  const labels = {
    ...(commit === undefined ? {} : { 'org.opencontainers.image.revision': commitIdOf(commit) }),
    'org.opencontainers.image.source': source ?? 'https://github.com/acme/shop',
    ...Object.fromEntries(Object.entries(more).map(([key, value]) => [key, withCommits(value)])),
  };
  return {
    name,
    tags: [
      ...tags.map((tag) => withCommits(tag).replace(/<(\w+)>/, (_, of: string) => commitIdOf(of).slice(0, 7))),
      ...pointer,
    ],
    labels,
    ...(lists === undefined ? {} : { lists }),
    ...(attestations === undefined ? {} : { attestations }),
    ...(subject === undefined ? {} : { subject }),
    ...(created === undefined ? {} : { created }),
    ...(opaque === true ? { opaque: { mayListManifests: true, names: [] } } : {}),
    ...(provenance === undefined ? {} : { provenance }),
    ...(layers === undefined ? {} : { layers }),
    ...(from === undefined ? {} : { madeFrom: imageId(from) }),
    ...(cacheOf === undefined ? {} : { cacheOf }),
  };
}

/** `<<c1>>` is the whole id of the commit of this short name. */
function withCommits(text: string): string {
  return text.replace(/<<(\w+)>>/, (_, of: string) => commitIdOf(of));
}

function provenanceOf({ provenance }: Story['nodes'][number]): ProvenanceFacts | undefined {
  if (provenance === undefined) return undefined;
  if (provenance === 'unread') return { kind: 'unread', why: 'no such blob' };
  const { commit, source = 'https://github.com/acme/shop' } = provenance;
  return {
    kind: 'read',
    predicateType: 'https://slsa.dev/provenance/v0.2',
    revisions: [{ commit: commitIdOf(commit), source }],
  };
}

function historyIn({ git }: Story) {
  if (git === undefined) return undefined;
  const references = (['branch', 'tag'] as const).flatMap((kind) =>
    Object.entries(kind === 'branch' ? git.branches : git.tags).map(([name, commit]) => ({ kind, name, commit })),
  );
  const commits = git.commits.map(({ name, date, parents = [] }) => ({ name, date, parents }));
  return historyOf({ commits, references, ...(git.default === undefined ? {} : { defaultBranch: git.default }) });
}
