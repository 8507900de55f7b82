// What the tags of a repository say in werf's words, each with the labels of what it leads to.

import type { Tag } from '../../model/reference.ts';
import type { ImageNode, Snapshot } from '../../model/snapshot.ts';
import { type KnownOrUnknown, unknownTime } from '../../model/time.ts';
import { parseWerfTag, type StageId, type WerfTag } from '../../model/werf-tag.ts';
import { labelsOf, PROJECT_LABEL } from './origins.ts';

/** A tag that says something in werf's words, by its shape and, where the labels matter, by these. */
export interface Statement {
  readonly node: ImageNode;
  readonly tag: Tag;
  readonly says: WerfTag;
  /** The stage it is about, where it is about one and that is known. */
  readonly stage?: StageId;
  /** Of `custom-tag-metadata`. */
  readonly customTag?: string;
  /** Of `import-metadata`. */
  readonly checksum?: string;
  /** Label `werf`, where there is one. */
  readonly project?: string;
  /** When what it leads to was written: the latest that its config and the registry know. */
  readonly at: KnownOrUnknown;
}

/** Labels without which a tag does not say what its shape promises: https://github.com/werf/werf/tree/v2.77.1/pkg/storage */
const NEEDED_LABELS: Partial<Record<WerfTag['kind'], readonly string[]>> = {
  'custom-tag-metadata': ['stage-id', 'tag'],
  'import-metadata': ['source-stage-id'],
};
/** werf takes every tag that begins so and has the label for the record of a cleanup. */
const CLEANUP = 'cleanup';
const CLEANUP_LABEL = 'lastcleanuptimestamp';

/** All statements of the nodes' tags, stages and indexes too, in the order of the nodes and their tags. */
export function readStatements(nodes: Snapshot['nodes']): readonly Statement[] {
  return [...nodes.values()].flatMap((node) =>
    node.tags.flatMap((tag) => {
      const says = readTag(tag, node);
      return says === undefined ? [] : [stateOf({ node, tag, says })];
    }),
  );
}

/** Whether a statement is about a stage as such: the tag of the stage itself. */
export function isStageTag({ says }: Statement): boolean {
  return says.kind === 'stage' || says.kind === 'index';
}

function readTag(tag: Tag, node: ImageNode): WerfTag | undefined {
  const says = parseWerfTag(tag);
  const labels = labelsOf(node);
  if (tag.startsWith(CLEANUP) && node.content.kind === 'image') {
    const isCleanup = labels === undefined ? tag === CLEANUP : has(labels, CLEANUP_LABEL);
    return isCleanup ? { kind: 'service', service: 'cleanup' } : undefined;
  }
  if (says === undefined || labels === undefined) return says;
  return (NEEDED_LABELS[says.kind] ?? []).every((label) => has(labels, label)) ? says : undefined;
}

function has(labels: Readonly<Record<string, string>>, label: string): boolean {
  return (labels[label] ?? '') !== '';
}

function stateOf({ node, tag, says }: Pick<Statement, 'node' | 'tag' | 'says'>): Statement {
  const labels = labelsOf(node) ?? {};
  const stage = stageOf(says, labels);
  const project = labels[PROJECT_LABEL] ?? '';
  return {
    node,
    tag,
    says,
    ...(stage === undefined ? {} : { stage }),
    ...(says.kind === 'custom-tag-metadata' && labels['tag'] !== undefined ? { customTag: labels['tag'] } : {}),
    ...(says.kind === 'import-metadata' && labels['checksum'] !== undefined ? { checksum: labels['checksum'] } : {}),
    ...(project === '' ? {} : { project }),
    at: writtenAt(node),
  };
}

function stageOf(says: WerfTag, labels: Readonly<Record<string, string>>): StageId | undefined {
  if (says.kind === 'custom-tag-metadata') return labels['stage-id'];
  if (says.kind === 'import-metadata') return labels['source-stage-id'];
  return 'stage' in says ? says.stage : undefined;
}

function writtenAt({ content, created, times }: ImageNode): KnownOrUnknown {
  if (content.kind === 'image' && content.facts.kind === 'unread') return unknownTime('its config could not be read');
  if (created.kind === 'unknown' || times.pushed === undefined || times.pushed <= created.at) return created;
  return { kind: 'known', at: times.pushed };
}
