// What a user should know that is no decision.

import type { Decision, Remark } from '../model/decision.ts';
import { describeReason } from '../model/describe-reason.ts';
import type { ImageGraph } from '../model/image-graph.ts';
import { type Digest, formatRepository, shortDigest } from '../model/reference.ts';
import type { ImageNode, Snapshot } from '../model/snapshot.ts';
import { formatWorkload, type Usage, type Workload } from '../model/usage.ts';
import { ledBy } from './led-by.ts';
import type { ProvedMirror } from './rules/proved-mirrors.ts';
import { remarkUnlinked } from './unlinked-remark.ts';

/** What remarks are drawn from. */
export interface RemarkInput {
  readonly snapshot: Snapshot;
  readonly graph: ImageGraph;
  readonly decisions: ReadonlyMap<Digest, Decision>;
  readonly usage: Usage | undefined;
  /** References of clusters to this repository that do not resolve. */
  readonly absentUses: readonly { readonly text: string; readonly workloads: readonly Workload[] }[];
  /** Repositories that hold images of this one, though nothing declares them. */
  readonly undeclared: readonly ProvedMirror[];
  /** What werf built. */
  readonly built?: ReadonlySet<Digest> | undefined;
}

/** Remarks in a fixed order, the gravest first. */
export function collectRemarks(input: RemarkInput): readonly Remark[] {
  return [
    ...absentUses(input),
    ...neededWithoutTag(input),
    ...undeclaredMirrors(input),
    ...absentChildren(input),
    ...unreadable(input),
    ...vanished(input),
    ...unparsable(input),
    ...remarkUnlinked(input),
    ...summaries(input),
  ];
}

function absentUses({ absentUses: uses }: RemarkInput): readonly Remark[] {
  return uses.map(({ text, workloads }) => {
    const [first] = workloads;
    const who = first === undefined ? 'a cluster' : formatWorkload(first);
    return { code: 'used-but-absent', text: `${who} uses ${text}, which this repository does not have` };
  });
}

/** What is needed, and no tag leads to: whatever we do, a registry that collects such takes it away. */
function neededWithoutTag({ snapshot, graph, decisions }: RemarkInput): readonly Remark[] {
  if (!snapshot.capabilities.collectsUntagged) return [];
  const led = ledBy(graph, snapshot.tags.values());
  const needed = [...decisions.values()].flatMap(({ digest, reasons }) => {
    const why = reasons.find(isNeed);
    return why === undefined || led.has(digest) ? [] : [{ digest, why }];
  });
  const [first] = needed;
  if (first === undefined) return [];
  const more = needed.length === 1 ? '' : ` and ${needed.length - 1} more`;
  const text = `${shortDigest(first.digest)}${more}: needed (${describeReason(first.why)}), but no tag leads there, and the registry collects what no tag leads to: put a tag on it`;
  return [{ code: 'needed-without-tag', text }];
}

/** Whether somebody asked for just this image: what is kept along with another, or for want of knowledge, is nobody's need. */
function isNeed({ rule }: Decision['reasons'][number]): boolean {
  return rule === 'kubernetes' || rule === 'pin' || rule === 'deployment' || rule === 'release';
}

function undeclaredMirrors({ undeclared, snapshot }: RemarkInput): readonly Remark[] {
  return undeclared.map(({ repository, digest, workloads: [first] }) => {
    const who = first === undefined ? 'a cluster' : formatWorkload(first);
    const [prefix, original] = differingPrefixes(formatRepository(repository), formatRepository(snapshot.repository));
    return {
      code: 'undeclared-mirror',
      text: `${who} pulls ${shortDigest(digest)} of this repository from ${formatRepository(repository)}: the tags in use there protect here as long as an image that both have is in use; if the one stands for the other, declare it under kubernetes.mirrors in the policy file: ${JSON.stringify(prefix)}: ${JSON.stringify(original)}`,
    };
  });
}

/** Two full names without the components that they share at the end; the hosts stay. */
function differingPrefixes(a: string, b: string): readonly [string, string] {
  const [left, right] = [a.split('/'), b.split('/')];
  while (left.length > 1 && right.length > 1 && left.at(-1) === right.at(-1)) {
    left.pop();
    right.pop();
  }
  return [left.join('/'), right.join('/')];
}

function absentChildren({ snapshot }: RemarkInput): readonly Remark[] {
  return [...snapshot.absent].flatMap(([digest, namedBy]): Remark[] => {
    const listing = namedBy.map((by) => snapshot.nodes.get(by)).filter((node) => listsChild(node, digest));
    if (listing.length === 0) return [];
    const names = listing.map((node) => node?.tags[0] ?? (node === undefined ? '' : shortDigest(node.digest)));
    return [
      {
        code: 'absent-child',
        text: `${names.join(', ')} lists ${shortDigest(digest)}, which the registry does not have`,
      },
    ];
  });
}

function listsChild(node: ImageNode | undefined, digest: Digest): boolean {
  return node?.content.kind === 'index' && node.content.children.some((child) => child.digest === digest);
}

function unreadable({ snapshot }: RemarkInput): readonly Remark[] {
  return [...snapshot.nodes.values()].flatMap((node): Remark[] => {
    if (node.content.kind !== 'opaque') return [];
    const name = node.tags[0] ?? shortDigest(node.digest);
    const consequence = consequenceOf(node.content);
    return [
      {
        code: 'unreadable-manifest',
        text: `${name} is kept, it cannot be understood: ${node.content.why}${consequence}`,
      },
    ];
  });
}

/** What an unreadable manifest keeps from being deleted. */
function consequenceOf(content: Extract<ImageNode['content'], { kind: 'opaque' }>): string {
  if (!content.mayListManifests) return '';
  if (content.names === undefined) return '; nobody could look into it, so nothing is deleted in this run';
  return '; no untagged manifest is deleted in this run, and nothing that it names';
}

function vanished({ snapshot }: RemarkInput): readonly Remark[] {
  return snapshot.vanishedTags.map((tag) => ({
    code: 'vanished-tag',
    text: `tag ${tag} was listed but does not exist; no untagged manifest is deleted in this run`,
  }));
}

function unparsable({ usage }: RemarkInput): readonly Remark[] {
  // What only may be an image is none of ours, or the run would have stopped.
  const texts = (usage?.unparsable ?? []).filter(({ isWeak }) => isWeak !== true);
  return texts.map(({ text, workload }) => ({
    code: 'unparsable-reference',
    text: `${formatWorkload(workload)} names ${JSON.stringify(text)}, which is no image reference`,
  }));
}

function summaries({ decisions }: RemarkInput): readonly Remark[] {
  const remarks: Remark[] = [];
  const ageless = countKeptOnlyBy(decisions, 'age-unknown');
  if (ageless > 0) {
    remarks.push({
      code: 'age-unknown',
      text: `${countImages(ageless)} kept only because the age is unknown: give the last run's report with --previous-report, so that it can be told how long it has been here`,
    });
  }
  const orphans = countKeptOnlyBy(decisions, 'orphan-referrer');
  if (orphans > 0) {
    remarks.push({
      code: 'orphan-referrer',
      text: `${orphans} ${orphans === 1 ? 'signature or attestation is' : 'signatures or attestations are'} kept whose image is not in this repository`,
    });
  }
  return remarks;
}

/** `1 image is`, `3 images are`. */
function countImages(count: number): string {
  return `${count} ${count === 1 ? 'image is' : 'images are'}`;
}

function countKeptOnlyBy(decisions: ReadonlyMap<Digest, Decision>, rule: string): number {
  let count = 0;
  for (const { reasons } of decisions.values()) if (reasons.every((reason) => reason.rule === rule)) count += 1;
  return count;
}
