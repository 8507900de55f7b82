// A repository with steps to carry out, and somebody else who acts between the requests of the apply.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import type { ApplyOptions } from '../../src/apply/apply-options.ts';
import { applySteps } from '../../src/apply/apply-steps.ts';
import { type Journal, openJournal } from '../../src/apply/journal.ts';
import { silentLog } from '../../src/log.ts';
import type { Decision } from '../../src/model/decision.ts';
import { buildImageGraph } from '../../src/model/image-graph.ts';
import type { Digest, Tag } from '../../src/model/reference.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { buildPlan } from '../../src/plan/build-plan.ts';
import { intersectSteps } from '../../src/plan/intersect-steps.ts';
import type { Outcome } from '../../src/plan/outcome.ts';
import type { RepositoryPlan, Step } from '../../src/plan/plan.ts';
import type { Registry } from '../../src/registry/port.ts';
import type { BuiltManifest } from '../builders/image.ts';
import { NOW } from '../contract/registry-places.ts';

type Method =
  | 'lookAround'
  | 'listTagsOf'
  | 'resolveTag'
  | 'readManifest'
  | 'readEdges'
  | 'deleteManifest'
  | 'deleteTag'
  | 'putManifest';

/** One call of the apply, before it is made. `target`: the digest or tag that it is about. */
export interface Call {
  readonly method: Method;
  readonly target: string;
}

/** What happens just before a call; it may throw in its place. */
export type Interlude = (call: Call) => Promise<void> | void;

/** The same registry, with the interlude before every call. Everything else is the adapter's own work. */
function withInterlude(registry: Registry, interlude: Interlude): Registry {
  const before = async (method: Method, target: string): Promise<void> => interlude({ method, target });
  return {
    repository: registry.repository,
    capabilities: registry.capabilities,
    readSnapshot: (also) => registry.readSnapshot(also),
    readDigests: (digests) => registry.readDigests(digests),
    listTags: () => registry.listTags(),
    lookAround: async (known, how) => {
      await before('lookAround', '');
      return registry.lookAround(known, how);
    },
    listTagsOf: async (digest) => {
      await before('listTagsOf', digest);
      return registry.listTagsOf(digest);
    },
    resolveTag: async (tag) => {
      await before('resolveTag', tag);
      return registry.resolveTag(tag);
    },
    readManifest: async (digest) => {
      await before('readManifest', digest);
      return registry.readManifest(digest);
    },
    get listReferrers() {
      return registry.listReferrers;
    },
    readEdges: async (digest) => {
      await before('readEdges', digest);
      return registry.readEdges(digest);
    },
    deleteManifest: async (digest, tags) => {
      await before('deleteManifest', digest);
      return registry.deleteManifest(digest, tags);
    },
    deleteTag: async (tag, digest) => {
      await before('deleteTag', tag);
      return registry.deleteTag(tag, digest);
    },
    putManifest: async (manifest, at) => {
      await before('putManifest', at);
      return registry.putManifest(manifest, at);
    },
    restore: async (digests, onAnswer, how) => registry.restore?.(digests, onAnswer, how),
    close: () => registry.close(),
  };
}

/** Runs the action before the nth call (from 1) of that kind, once. */
export function beforeCall(method: Method, count: number, action: () => Promise<void> | void): Interlude {
  let seen = 0;
  return async (call) => {
    if (call.method !== method) return;
    seen += 1;
    if (seen === count) await action();
  };
}

/** What is to go; everything else of the snapshot stays. */
export interface Doom {
  readonly delete?: readonly BuiltManifest[];
  /** Tags to take off nodes that stay. */
  readonly untag?: readonly string[];
  /** What is known to be a record, with what it is about. */
  readonly records?: readonly (readonly [record: BuiltManifest, about: BuiltManifest])[];
}

/** The plan that the planner makes of these decisions. */
function planOf(snapshot: Snapshot, doom: Doom): RepositoryPlan {
  const doomed = new Set((doom.delete ?? []).map(({ digest }) => digest));
  const untag = new Set<string>(doom.untag ?? []);
  const decisions = new Map(
    [...snapshot.nodes.values()].map(({ digest, tags }): [Digest, Decision] => [
      digest,
      doomed.has(digest)
        ? { decision: 'delete', digest, tags, reasons: [{ rule: 'unused' }] }
        : {
            decision: 'keep',
            digest,
            tags,
            reasons: [{ rule: 'pin', pin: 'test' }],
            untag: tags.filter((tag) => untag.has(tag)),
          },
    ]),
  );
  const plan = buildPlan({
    tool: 'test',
    createdAt: NOW,
    asOf: undefined,
    evidence: { repositories: [] },
    previous: undefined,
    guards: { maxDeleteShare: 1, allowDeleteAll: true },
    repositories: [
      {
        name: 'team/app',
        graph: buildImageGraph(snapshot, new Map((doom.records ?? []).map(([one, of]) => [one.digest, [of.digest]]))),
        decisions,
        remarks: [],
        records: new Set((doom.records ?? []).map(([one]) => one.digest)),
        collectsUntagged: snapshot.capabilities.collectsUntagged,
      },
    ],
  });
  const [repository] = plan.repositories;
  if (repository === undefined) throw new Error('there is one');
  return repository;
}

/** How an apply differs from the usual one in these tests, which looks at all tags before every step. */
export interface SceneOptions
  extends Partial<Pick<ApplyOptions, 'watchWindowMs' | 'clockMs' | 'signal' | 'journal' | 'objectionTo' | 'notNow'>> {
  readonly interlude?: Interlude;
  /** Only steps that are in this earlier plan too are carried out. */
  readonly reviewed?: readonly Step[];
  /** Where the journal lies; default a new file. */
  readonly journalPath?: string;
}

/** What came of an apply. */
export interface SceneResult {
  readonly outcomes: readonly Outcome[];
  readonly notNow: string | undefined;
  readonly doubt: string | undefined;
  /** Steps of the reviewed plan that the fresh one does not hold. */
  readonly notApplied: readonly Outcome[];
  /** All steps of the fresh plan. */
  readonly planned: readonly Step[];
  readonly journal: readonly JournalRecord[];
}

/** Reads the repository, plans, and carries the steps out. */
export async function applyTo(registry: Registry, doom: Doom, options: SceneOptions = {}): Promise<SceneResult> {
  const snapshot = await registry.readSnapshot([]);
  const plan = planOf(snapshot, doom);
  const { steps, notApplied } =
    options.reviewed === undefined
      ? { steps: plan.steps, notApplied: [] }
      : intersectSteps({ steps: options.reviewed }, plan);
  return { ...(await applyPlanned(registry, { snapshot, steps }, options)), notApplied, planned: plan.steps };
}

/** Carries out steps that were planned from this snapshot. */
async function applyPlanned(
  registry: Registry,
  planned: { readonly snapshot: Snapshot; readonly steps: readonly Step[] },
  options: SceneOptions = {},
): Promise<Omit<SceneResult, 'notApplied' | 'planned'>> {
  const folder = await mkdtemp(join(tmpdir(), 'apply-'));
  const path = options.journalPath ?? join(folder, 'journal.jsonl');
  const journal: Journal = options.journal ?? (await openJournal(path));
  try {
    const { outcomes, notNow, doubt } = await applySteps(planned.steps, {
      registry: withInterlude(registry, options.interlude ?? (() => undefined)),
      snapshot: planned.snapshot,
      journal,
      log: silentLog,
      name: 'team/app',
      now: () => NOW,
      clockMs: options.clockMs ?? (() => performance.now()),
      watchWindowMs: options.watchWindowMs ?? 0,
      signal: options.signal,
      ...(options.objectionTo === undefined ? {} : { objectionTo: options.objectionTo }),
      ...(options.notNow === undefined ? {} : { notNow: options.notNow }),
    });
    await journal.close();
    const isFile = options.journal === undefined && !path.startsWith('/dev/');
    return { outcomes, notNow, doubt, journal: isFile ? await readJournal(path) : [] };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const recordSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('intent'),
    at: z.iso.datetime(),
    repository: z.string(),
    action: z.enum(['delete', 'untag']),
    digest: z.string(),
    tags: z.array(z.string()),
    mediaType: z.string(),
    manifestBase64: z.base64(),
    undo: z.enum(['put-manifest', 'restore', 'none']),
  }),
  z.strictObject({
    kind: z.literal('outcome'),
    at: z.iso.datetime(),
    repository: z.string(),
    digest: z.string(),
    tag: z.string().optional(),
    outcome: z.enum(['deleted', 'already-gone', 'skipped', 'failed']),
    why: z.string().optional(),
    left: z.literal(true).optional(),
  }),
  z.strictObject({
    kind: z.literal('restored'),
    at: z.iso.datetime(),
    repository: z.string(),
    digest: z.string(),
  }),
]);

/** One line of a journal. */
export type JournalRecord = z.infer<typeof recordSchema>;

/** One line, or undefined for what is only a part of one. */
export function parseRecord(line: string): JournalRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

/** All whole lines of a journal; a last line that a crash cut short is left out. @throws for any other unreadable line. */
export async function readJournal(path: string): Promise<readonly JournalRecord[]> {
  const lines = (await readFile(path, 'utf8')).split('\n');
  return lines.slice(0, -1).map((line) => recordSchema.parse(JSON.parse(line)));
}

/** Outcomes as short lines: `deleted NAME`, `skipped NAME`, `deleted tag b`, in their order. */
export function tell(outcomes: readonly Outcome[], names: { readonly [name: string]: BuiltManifest }): string[] {
  const nameOf = (digest: Digest): string =>
    Object.entries(names).find(([, built]) => built.digest === digest)?.[0] ?? digest;
  return outcomes.map(({ step, outcome }) =>
    step.tag === undefined ? `${outcome} ${nameOf(step.digest)}` : `${outcome} tag ${step.tag satisfies Tag}`,
  );
}
