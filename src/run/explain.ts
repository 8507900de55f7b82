// `explain`: why one image stays or goes, from the same evidence and the same decision as a plan.

import type { Settings } from '../config/settings.ts';
import { UsageError } from '../errors.ts';
import type { ImageGraph } from '../model/image-graph.ts';
import { type Digest, formatRepository, isDigest, isTag, type Tag } from '../model/reference.ts';
import { parseWerfTag } from '../model/werf-tag.ts';
import type { RepositoryPlan, ShownDecision } from '../plan/plan.ts';
import type { Explanation, RelatedNode } from '../report/explanation.ts';
import { beginRun } from './begin-run.ts';
import type { RunContext } from './collect-evidence.ts';
import { type Planned, withPlan } from './make-plan.ts';
import { readPreviousRun } from './run-files.ts';
import { showLinks } from './show-links.ts';

/** A digest or the start of one, with or without its algorithm. */
const DIGEST_START = /^(?:sha(?:256|512):)?[0-9a-f]{7,128}$/;
/** A stage of werf's or the start of one. */
const STAGE_START = /^[0-9a-f]{7,56}(?:-\d{0,13})?$/;
/** Matches of an ambiguous target that are shown. */
const MAX_MATCHES = 5;

/**
 * Explains `settings.target` in every repository that has it.
 * The target is a tag, a digest, or the start of one digest or stage.
 * @throws UsageError USAGE when no repository has it or several begin so; else what collecting throws.
 */
export async function runExplain(settings: Settings, given: RunContext): Promise<readonly Explanation[]> {
  const context = beginRun(given);
  const target = settings.target ?? '';
  const previous = await readPreviousRun(settings.previousReport);
  const names = settings.repositories.map(({ repository }) => formatRepository(repository));
  const also = new Map(isDigest(target) ? names.map((name) => [name, [target]]) : []);
  return await withPlan({ settings, context, previous, also }, async (planned) => {
    const wanted = resolveTarget(planned, target);
    const explanations = planned.plan.repositories.flatMap((plan) => {
      const digest = wanted.get(plan.name);
      return digest === undefined ? [] : explainIn(plan, planned, { target, digest });
    });
    if (explanations.length > 0) return explanations;
    throw new UsageError(`No repository has ${JSON.stringify(target)}.`, {
      code: 'USAGE',
      hint: "Give a tag or a digest of one of the repositories; of digests and werf's stages the first 7 digits do.",
    });
  });
}

/** What the target means, by repository name. Where any repository has such a tag, the tag is meant, whatever begins so. */
function resolveTarget(planned: Planned, target: string): ReadonlyMap<string, Digest> {
  const { repositories } = planned.plan;
  const tagged = isTag(target) ? findTag(planned, target) : new Map<string, Digest>();
  if (tagged.size > 0) return tagged;
  const [start, ...others] = findStarts(repositories, target);
  if (start === undefined) return new Map();
  if (others.length > 0) throw ambiguous(target, [start, ...others]);
  return isDigest(start) ? new Map(repositories.map(({ name }) => [name, start])) : findTag(planned, start);
}

function findTag({ collected }: Planned, tag: Tag): ReadonlyMap<string, Digest> {
  return new Map(
    collected.repositories.flatMap(({ name, snapshot }) => {
      const digest = snapshot.tags.get(tag);
      return digest === undefined ? [] : [[name, digest] as const];
    }),
  );
}

/** The digests, and stages of werf's, that are `target` or begin so, digests with or without their algorithm. Distinct, sorted. */
function findStarts(repositories: readonly RepositoryPlan[], target: string): readonly (Digest | Tag)[] {
  const decisions = repositories.flatMap((plan) => plan.decisions);
  const digests = DIGEST_START.test(target)
    ? decisions
        .map(({ digest }) => digest)
        .filter((digest) => digest.startsWith(target) || digest.slice(digest.indexOf(':') + 1).startsWith(target))
    : [];
  // Reports cut the ids of stages too.
  const stages = STAGE_START.test(target)
    ? decisions.flatMap(({ tags }) => tags.filter((tag) => isStage(tag) && tag.startsWith(target)))
    : [];
  return [...new Set([...digests, ...stages])].sort();
}

function isStage(tag: Tag): boolean {
  const kind = parseWerfTag(tag)?.kind;
  return kind === 'stage' || kind === 'index';
}

function ambiguous(target: string, matches: readonly string[]): UsageError {
  const left = matches.length - MAX_MATCHES;
  const shown = [...matches.slice(0, MAX_MATCHES), ...(left > 0 ? [`and ${left} more`] : [])];
  return new UsageError(`${JSON.stringify(target)} begins ${matches.length} names:\n  ${shown.join('\n  ')}`, {
    code: 'USAGE',
    hint: 'Give more of its digits.',
  });
}

interface Wanted {
  readonly target: string;
  readonly digest: Digest;
}

function explainIn(plan: RepositoryPlan, planned: Planned, { target, digest }: Wanted): readonly Explanation[] {
  const decided = planned.decided.get(plan.name);
  const node = plan.decisions.find((decision) => decision.digest === digest);
  if (decided === undefined || node === undefined) return [];
  return [
    {
      repository: plan.name,
      target,
      node,
      related: relatedTo(node.digest, decided.graph, plan.decisions),
      links: showLinks(node.digest, { decided, collected: planned.collected }),
    },
  ];
}

function relatedTo(digest: Digest, graph: ImageGraph, decisions: readonly ShownDecision[]): readonly RelatedNode[] {
  const byDigest = new Map(decisions.map((decision) => [decision.digest, decision]));
  const show = (relation: RelatedNode['relation'], related: Digest): RelatedNode => {
    const decision = byDigest.get(related);
    return { relation, digest: related, tags: decision?.tags ?? [], decision: decision?.decision ?? 'absent' };
  };
  const content = graph.nodes.get(digest)?.content;
  const children = content?.kind === 'index' ? content.children.map((child) => child.digest) : [];
  return [
    ...graph.parentsOf(digest).map((related) => show('parent', related)),
    ...[...new Set(children)].map((related) => show('child', related)),
    ...graph.subjectsOf(digest).map((related) => show('subject', related)),
    ...graph
      .absentSubjectsOf(digest)
      .filter((text) => isDigest(text))
      .map((related) => show('subject', related)),
    ...graph
      .referrersOf(digest)
      .map((related) => show(graph.roleOf(related) === 'record' ? 'record' : 'referrer', related)),
  ];
}
