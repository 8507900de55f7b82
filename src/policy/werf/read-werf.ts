// Recognises what werf made in a snapshot: by shape and by label. Answers the same whatever the order of the nodes.

import type { WerfPolicy } from '../../model/policy.ts';
import { type Digest, isTag } from '../../model/reference.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { StageId } from '../../model/werf-tag.ts';
import { readRecords } from '../records/read-records.ts';
import { hasBuildRecords, readBuildRecords, readImportSources, readPublishedAt } from './build-records.ts';
import { readImageNames } from './image-names.ts';
import { readOrigins } from './origins.ts';
import { type Projects, tellProjects } from './projects.ts';
import { recogniseImages } from './recognise-images.ts';
import { isLabelledRecord, isOfOthers, selectRecordNodes } from './record-nodes.ts';
import { isStageTag, readStatements, type Statement } from './statements.ts';
import type { Werf, WerfEvidence, WerfRecord } from './werf.ts';

/**
 * What werf made of this repository, or undefined when it has no stage and no record that labels prove to be werf's. `evidence.meta`: its
 * records count as if they were here, though they are no nodes of this repository.
 */
export function readWerf(snapshot: Snapshot, policy: WerfPolicy, evidence: WerfEvidence | undefined): Werf | undefined {
  const nodes = imagesInOrder(snapshot);
  const origin = readOrigins(nodes);
  const statements = readStatements(nodes);
  const stageTags = statements.filter((one) => isStageTag(one) && origin(one.node.digest).kind === 'werf');
  if (stageTags.length === 0 && !statements.some(isLabelledRecord)) return undefined;

  const all = [...statements, ...(evidence?.meta === undefined ? [] : readStatements(imagesInOrder(evidence.meta)))];
  const projectsOf = ({ node }: Statement): readonly string[] => {
    const found = origin(node.digest);
    return found.kind === 'werf' ? found.projects : [];
  };
  const projects = tellProjects(new Set(stageTags.flatMap(projectsOf)), policy.project);
  const said = selectRecordNodes(statements, { isShapeEnough: stageTags.length > 0, projects });
  const isThere = (stage: StageId): boolean =>
    isTag(stage) && (snapshot.tags.has(stage) || snapshot.vanishedTags.includes(stage));
  const customTags = readCustomTags(all, projects);
  const images = recogniseImages({ nodes, origin, projects, statements, records: said, customTags, isThere });

  const imagesOf = (statement: Statement): readonly Digest[] => findImages(statement, snapshot);
  const vanished = [...snapshot.vanishedTags, ...(evidence?.meta?.vanishedTags ?? [])];
  const input = { ...readImageNames(all, vanished, policy), statements: all, projects, built: images.built, imagesOf };
  return {
    ...images,
    stages: new Map(stageTags.map(({ tag, node }) => [tag, node.digest])),
    records: new Map([...said].map(([digest, told]) => [digest, told.map((one) => toRecord(one, imagesOf))])),
    attached: new Map([...said].map(([digest, told]) => [digest, [...new Set(told.flatMap(imagesOf))].sort()])),
    buildRecords: readBuildRecords(input),
    hasBuildRecords: hasBuildRecords(input),
    names: input.names,
    managed: input.managed,
    publishedAt: readPublishedAt(input),
    importSources: readImportSources(all),
    customTags,
    ...(projects.own === undefined ? {} : { project: projects.own }),
    otherProjects: projects.others,
  };
}

/** The nodes by digest, without records of ours: nothing that they are called is a word of werf's. */
function imagesInOrder(snapshot: Snapshot): Snapshot['nodes'] {
  const own = readRecords(snapshot).attached;
  return new Map([...snapshot.nodes].filter(([digest]) => !own.has(digest)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function readCustomTags(
  statements: readonly Statement[],
  projects: Projects,
): ReadonlyMap<string, ReadonlySet<StageId>> {
  const found = new Map<string, Set<StageId>>();
  for (const statement of statements) {
    const { customTag, stage } = statement;
    if (customTag === undefined || stage === undefined || isOfOthers(statement, projects)) continue;
    found.set(customTag, (found.get(customTag) ?? new Set()).add(stage));
  }
  return found;
}

/** The images that a statement is about: what the tag of its stage leads to, and the custom tag that it records. */
function findImages({ stage, customTag }: Statement, { tags, nodes }: Snapshot): readonly Digest[] {
  const found = [stage, customTag].flatMap((tag) => (tag !== undefined && isTag(tag) ? (tags.get(tag) ?? []) : []));
  return [...new Set(found)].filter((digest) => nodes.has(digest));
}

function toRecord(statement: Statement, imagesOf: (statement: Statement) => readonly Digest[]): WerfRecord {
  const { says, tag, stage, at } = statement;
  const [image] = imagesOf(statement);
  return {
    kind: says.kind,
    tag,
    ...(image === undefined ? {} : { image }),
    ...(stage === undefined ? {} : { stage }),
    ...(says.kind === 'image-metadata' ? { nameId: says.nameId } : {}),
    at,
  };
}
