// `explain`: why one image stays or goes, from the same evidence and the same decision as a plan.

import type { Settings } from '../config/settings.ts';
import { UsageError } from '../errors.ts';
import { describeLinkSource } from '../model/decision.ts';
import type { History } from '../model/history.ts';
import type { ImageGraph } from '../model/image-graph.ts';
import { type Digest, formatRepository, isDigest, isTag } from '../model/reference.ts';
import type { RepositoryPlan, ShownDecision } from '../plan/plan.ts';
import type { Link } from '../policy/links.ts';
import type { Explanation, RelatedNode, ShownLink } from '../report/explanation.ts';
import type { RunContext } from './collect-evidence.ts';
import { type Planned, withPlan } from './make-plan.ts';
import { readPreviousRun } from './run-files.ts';

/**
 * Explains `settings.target` in every repository that has it.
 * @throws UsageError USAGE when no repository has it; else what collecting throws.
 */
export async function runExplain(settings: Settings, context: RunContext): Promise<readonly Explanation[]> {
  const target = settings.target ?? '';
  const previous = await readPreviousRun(settings.previousReport);
  const names = settings.repositories.map(({ repository }) => formatRepository(repository));
  const also = new Map(isDigest(target) ? names.map((name) => [name, [target]]) : []);
  return await withPlan({ settings, context, previous, also }, async (planned) => {
    const explanations = planned.plan.repositories.flatMap((plan) => explainIn(plan, planned, target));
    if (explanations.length > 0) return explanations;
    throw new UsageError(`No repository has ${JSON.stringify(target)}.`, {
      code: 'USAGE',
      hint: 'Give a tag or a whole digest (sha256:…) of one of the repositories.',
    });
  });
}

function explainIn(plan: RepositoryPlan, planned: Planned, target: string): readonly Explanation[] {
  const decided = planned.decided.get(plan.name);
  const repository = planned.collected.repositories.find(({ name }) => name === plan.name);
  const digest = isDigest(target) ? target : isTag(target) ? repository?.snapshot.tags.get(target) : undefined;
  const node = plan.decisions.find((decision) => decision.digest === digest);
  if (decided === undefined || node === undefined) return [];
  return [
    {
      repository: plan.name,
      target,
      node,
      related: relatedTo(node.digest, decided.graph, plan.decisions),
      links: (decided.links.get(node.digest) ?? []).flatMap((link) => showLink(link, planned.collected.history)),
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
    ...graph.referrersOf(digest).map((related) => show('referrer', related)),
  ];
}

function showLink(link: Link, history: History | undefined): readonly ShownLink[] {
  if (link.kind === 'unknown') return [];
  const found = describeLinkSource(link.found);
  if (link.kind === 'gone') return [{ commit: link.what, found, inHistory: false }];
  return history === undefined ? [] : [{ commit: history.graph.idOf(link.commit), found, inHistory: true }];
}
