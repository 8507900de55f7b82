// Sorts the images of a repository that werf made: its own, broken ones, and those of others.

import type { Digest, Tag } from '../../model/reference.ts';
import { parseReferrerTag } from '../../model/referrer-tag.ts';
import type { ImageNode, Snapshot } from '../../model/snapshot.ts';
import type { StageId } from '../../model/werf-tag.ts';
import { type Origin, platformsBelow } from './origins.ts';
import type { Projects } from './projects.ts';
import { isStageTag, type Statement } from './statements.ts';

/** What {@link recogniseImages} goes by. */
export interface Findings {
  /** Without records of ours. */
  readonly nodes: Snapshot['nodes'];
  readonly origin: (digest: Digest) => Origin;
  readonly projects: Projects;
  /** What the tags of the nodes say. */
  readonly statements: readonly Statement[];
  readonly records: ReadonlyMap<Digest, readonly Statement[]>;
  /** Recorded custom tags, with the stages they were put on. */
  readonly customTags: ReadonlyMap<string, ReadonlySet<StageId>>;
  /** Whether a stage has a tag, or one that vanished while it was read. */
  readonly isThere: (stage: StageId) => boolean;
}

/** See the fields of the same names in `Werf`. */
export interface Images {
  readonly built: ReadonlySet<Digest>;
  readonly foreign: ReadonlyMap<Digest, Tag>;
  readonly ofOthers: ReadonlySet<Digest>;
  readonly rejected: ReadonlyMap<Digest, StageId>;
}

/** Sorts the images. What is neither proved to be werf's nor marked as broken is foreign, as soon as it has a tag. */
export function recogniseImages(findings: Findings): Images {
  const { nodes } = findings;
  const stageTags = new Set(findings.statements.filter(isStageTag).map(({ tag }) => tag));
  const statementTags = new Set(findings.statements.map(({ tag }) => tag));
  const isCustom = (node: ImageNode, tag: Tag): boolean => isRecordedTag(findings, node, tag);

  const rejected = findRejected(findings);
  const built = new Set<Digest>(rejected.keys());
  for (const node of nodes.values()) {
    if (findings.records.has(node.digest) || !isOurs(findings, node)) continue;
    const names = namesOf(node);
    const isStage = names.some((tag) => stageTags.has(tag));
    const isOnlyCustom =
      names.some((tag) => isCustom(node, tag)) && names.every((tag) => isCustom(node, tag) || statementTags.has(tag));
    if (!isStage && !isOnlyCustom && node.tags.length > 0) continue;
    built.add(node.digest);
    for (const platform of platformsBelow(nodes, node)) built.add(platform.digest);
  }

  const foreign = new Map<Digest, Tag>();
  const ofOthers = new Set<Digest>();
  for (const node of nodes.values()) {
    if (findings.records.has(node.digest) || rejected.has(node.digest)) continue;
    const isBuilt = isOurs(findings, node) && built.has(node.digest);
    const isWerfs = (tag: Tag): boolean => isCustom(node, tag) || (isBuilt && statementTags.has(tag));
    const strange = namesOf(node).filter((tag) => !isWerfs(tag));
    const first = strange.find((tag) => !statementTags.has(tag)) ?? strange[0];
    if (first === undefined) continue;
    foreign.set(node.digest, first);
    if (isOfAnotherProject(findings, node)) ofOthers.add(node.digest);
  }
  return { built, foreign, ofOthers, rejected };
}

/** Only what markers and the records of custom tags account for, tag by tag, and nothing proves to be somebody else's. */
function findRejected(findings: Findings): ReadonlyMap<Digest, StageId> {
  const marked = new Set(
    [...findings.records.values()].flat().flatMap(({ says }) => (says.kind === 'rejected' ? [says.stage] : [])),
  );
  const rejected = new Map<Digest, StageId>();
  for (const node of findings.nodes.values()) {
    const names = namesOf(node);
    const stage = names.find((tag) => marked.has(tag));
    if (stage === undefined || isSomebodyElses(findings, node)) continue;
    const isOfMarked = (tag: Tag): boolean =>
      [...(findings.customTags.get(tag) ?? [])].some((of) => marked.has(of) && names.some((name) => name === of));
    if (names.every((tag) => marked.has(tag) || isOfMarked(tag))) rejected.set(node.digest, stage);
  }
  return rejected;
}

/** A recorded custom tag leads to the stage that it was put on; only where that has no other tag any more, a label may tell. */
function isRecordedTag(findings: Findings, node: ImageNode, tag: Tag): boolean {
  return [...(findings.customTags.get(tag) ?? [])].some(
    (stage) => node.tags.some((own) => own === stage) || (!findings.isThere(stage) && isOurs(findings, node)),
  );
}

function isOurs({ origin, projects }: Findings, { digest }: ImageNode): boolean {
  const found = origin(digest);
  return found.kind === 'werf' && !projects.isOther(found.projects);
}

function isSomebodyElses({ origin, projects }: Findings, { digest }: ImageNode): boolean {
  const found = origin(digest);
  return found.kind === 'other' || (found.kind === 'werf' && projects.isOther(found.projects));
}

function isOfAnotherProject({ origin, projects }: Findings, { digest }: ImageNode): boolean {
  const found = origin(digest);
  return found.kind === 'werf' && projects.isOther(found.projects);
}

/** The tags that name an image: all but those of signatures and the like. */
function namesOf({ tags }: ImageNode): readonly Tag[] {
  return tags.filter((tag) => parseReferrerTag(tag) === undefined);
}
