// Which nodes are records of werf's and nothing else, and what statements of another project's are.

import type { Digest } from '../../model/reference.ts';
import type { ImageNode } from '../../model/snapshot.ts';
import { labelsOf, PROJECT_LABEL, STAGE_LABEL } from './origins.ts';
import type { Projects } from './projects.ts';
import { isStageTag, type Statement } from './statements.ts';

/** What {@link selectRecordNodes} goes by. */
export interface RecordProof {
  /** Whether stages prove that the repository is werf's: old records lack the label `werf`. */
  readonly isShapeEnough: boolean;
  readonly projects: Projects;
}

/**
 * The nodes that are records, each with what its tags say. A record is a plain image, and all its tags are records; the records of other
 * projects are left out, save what is about the repository as a whole.
 */
export function selectRecordNodes(
  statements: readonly Statement[],
  { isShapeEnough, projects }: RecordProof,
): ReadonlyMap<Digest, readonly Statement[]> {
  const byNode = new Map<ImageNode, Statement[]>();
  for (const statement of statements) {
    const known = byNode.get(statement.node);
    if (known === undefined) byNode.set(statement.node, [statement]);
    else known.push(statement);
  }
  const records = new Map<Digest, readonly Statement[]>();
  for (const [node, said] of byNode) {
    const isRecord = said.length === node.tags.length && !said.some(isStageTag) && isProved(node, isShapeEnough);
    if (isRecord && !said.some((statement) => isOfOthers(statement, projects))) records.set(node.digest, said);
  }
  return records;
}

/** Whether a label says that it is a record of werf's; `undefined` labels say nothing. */
export function isLabelledRecord(statement: Statement): boolean {
  return !isStageTag(statement) && isProved(statement.node, false);
}

/** Whether what a record says is, or may be, another project's business. */
export function isOfOthers({ says, project }: Statement, projects: Projects): boolean {
  if (says.kind === 'managed-image' || says.kind === 'service') return false;
  return projects.isOther(project === undefined ? [] : [project]);
}

function isProved(node: ImageNode, isShapeEnough: boolean): boolean {
  if (node.content.kind !== 'image') return false;
  const labels = labelsOf(node);
  if (labels === undefined) return isShapeEnough;
  return (labels[STAGE_LABEL] ?? '') === '' && (isShapeEnough || (labels[PROJECT_LABEL] ?? '') !== '');
}
