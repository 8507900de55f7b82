import { describe, expect, it } from 'vitest';
import { openReader } from '../../../src/kubernetes/images/open-reader.ts';
import type { ReadSource } from '../../../src/kubernetes/images/read-source.ts';
import {
  isWalkKind,
  type ResourceKind,
  resourceName,
  type WalkKind,
} from '../../../src/kubernetes/kinds/resource-kind.ts';
import { RESOURCE_KINDS } from '../../../src/kubernetes/kinds/resource-kinds.ts';
import { formatImageReference } from '../../../src/model/reference.ts';
import { parseDuration } from '../../../src/model/time.ts';
import { NOW } from '../../builders/snapshot.ts';
import { KIND_CASES, type KindCase } from './kind-cases.ts';

function caseOf({ kind, group }: ResourceKind): KindCase | undefined {
  return KIND_CASES.find((one) => one.kind === (group === '' ? kind : `${kind}.${group}`));
}

/** Everything that an object of a case protects, sorted. */
function imagesIn(kind: ResourceKind, { object }: KindCase): readonly string[] {
  const source: ReadSource = {
    context: 'prod',
    kind: { ...kind, version: 'v1' },
    now: NOW,
    keepYoungerThan: parseDuration('1h'),
    keepTagRevisions: 3,
    helmHistory: 10,
  };
  const reader = openReader(source);
  reader.read(Buffer.from(JSON.stringify({ metadata: { name: 'x', namespace: 'shop' }, ...object })));
  const { uses, bareDigests } = reader.finish().build([]);
  return [
    ...uses.map(({ reference }) => formatImageReference(reference)),
    ...bareDigests.map(({ digest }) => digest),
  ].sort();
}

const READ_FOR_THEMSELVES = RESOURCE_KINDS.filter(({ reading }) => ['pod-spec', 'walk'].includes(reading.by));
const WALKED = RESOURCE_KINDS.filter(isWalkKind);

describe('the table of kinds', () => {
  it('has each kind once, and a case for each that tells its images by itself', () => {
    const names = RESOURCE_KINDS.map(resourceName);
    expect(new Set(names).size).toBe(names.length);
    expect(READ_FOR_THEMSELVES.filter((kind) => caseOf(kind) === undefined)).toEqual([]);
    expect(KIND_CASES).toHaveLength(READ_FOR_THEMSELVES.length);
  });

  it('has no kind that only lists what there is', () => {
    const kinds = RESOURCE_KINDS.map(({ kind, group }) => `${kind}.${group}`);
    for (const kind of ['Node.', 'NodeImage.apps.kruise.io', 'Image.image.openshift.io'])
      expect(kinds).not.toContain(kind);
  });

  it.each(READ_FOR_THEMSELVES.map((kind) => [resourceName(kind), kind] as const))(
    'finds every image that an object of %s needs, and no other',
    (_, kind) => {
      const example = caseOf(kind);
      if (example === undefined) throw new Error(kind.kind);
      expect(imagesIn(kind, example)).toEqual([...new Set(example.images)].sort());
    },
  );

  it.each(WALKED.flatMap((kind) => kind.reading.paths.map((path) => [resourceName(kind), path, kind] as const)))(
    'of %s needs the path %s',
    (_, path, kind) => {
      expect(lossOf(kind, { ...kind.reading, paths: kind.reading.paths.filter((one) => one !== path) })).not.toEqual(
        [],
      );
    },
  );

  it.each(WALKED.filter(({ reading }) => reading.anyText === true).map((kind) => [resourceName(kind), kind] as const))(
    'of %s needs its other texts',
    (_, kind) => {
      expect(lossOf(kind, { by: 'walk', paths: kind.reading.paths })).not.toEqual([]);
    },
  );

  function lossOf(kind: WalkKind, reading: WalkKind['reading']): readonly string[] {
    const example = caseOf(kind);
    if (example === undefined) throw new Error(kind.kind);
    const left = imagesIn({ ...kind, reading }, example);
    return example.images.filter((image) => !left.includes(image));
  }
});
