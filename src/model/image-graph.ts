// How the nodes of one repository hang together. Edges point between nodes that exist; absent ends are asked for apart.

import type { Digest } from './reference.ts';
import { parseReferrerTag } from './referrer-tag.ts';
import type { Child, ImageNode, Snapshot } from './snapshot.ts';

/**
 * What a node is to the rules. `image`: stands for itself (has an ordinary tag, or nothing owns it). `child`: untagged and
 * listed by an index. `referrer`: belongs to a subject, by `subject` field or by referrer tag, and has no ordinary tag. `record`: says what an
 * image was published for, whatever its tags; it belongs to that image as a referrer does.
 */
export type Role = 'image' | 'child' | 'referrer' | 'record';

/** Records with the images that each is about; an empty list for one whose image is not in the repository. */
export type AttachedRecords = ReadonlyMap<Digest, readonly Digest[]>;

/** The image graph of one snapshot. All lists are sorted and without duplicates. */
export interface ImageGraph {
  readonly nodes: ReadonlyMap<Digest, ImageNode>;
  /** Existing indexes that list the digest. */
  parentsOf(digest: Digest): readonly Digest[];
  /** Existing manifests that the index lists. */
  childrenOf(digest: Digest): readonly Digest[];
  /** Existing subjects of a referrer. */
  subjectsOf(digest: Digest): readonly Digest[];
  /** Subjects that a referrer names and that are not in the repository: `sha512:…` cut tags appear as their text. */
  absentSubjectsOf(digest: Digest): readonly string[];
  /** Existing referrers of a node. */
  referrersOf(digest: Digest): readonly Digest[];
  roleOf(digest: Digest): Role;
  /** Whether an index lists it as a BuildKit attestation: no image of its own, and without a time. */
  isAttestation(digest: Digest): boolean;
}

type Edges = Map<Digest, Set<Digest>>;

/** The graph of a snapshot; one pass over its nodes. `records`: what is known to be a record; no other node is one. */
export function buildImageGraph(snapshot: Pick<Snapshot, 'nodes'>, records: AttachedRecords = new Map()): ImageGraph {
  const { nodes } = snapshot;
  const parents: Edges = new Map();
  const children: Edges = new Map();
  const subjects: Edges = new Map();
  const referrers: Edges = new Map();
  const absentSubjects = new Map<Digest, Set<string>>();
  const attestations = new Set<Digest>();

  for (const node of nodes.values()) {
    for (const child of node.content.kind === 'index' ? node.content.children : []) {
      if (!nodes.has(child.digest) || child.digest === node.digest) continue;
      addEdge(children, node.digest, child.digest);
      addEdge(parents, child.digest, node.digest);
      if (isAttestationChild(child)) attestations.add(child.digest);
    }
    for (const image of records.get(node.digest) ?? []) {
      if (!nodes.has(image) || image === node.digest) continue;
      addEdge(subjects, node.digest, image);
      addEdge(referrers, image, node.digest);
    }
    for (const subject of namedSubjects(node, nodes)) {
      if (subject.digest !== undefined && subject.digest !== node.digest) {
        addEdge(subjects, node.digest, subject.digest);
        addEdge(referrers, subject.digest, node.digest);
      } else if (subject.digest === undefined) {
        addEdge(absentSubjects, node.digest, subject.text);
      }
    }
  }

  const list = (edges: Edges, digest: Digest): readonly Digest[] => [...(edges.get(digest) ?? [])].sort();
  return {
    nodes,
    parentsOf: (digest) => list(parents, digest),
    childrenOf: (digest) => list(children, digest),
    subjectsOf: (digest) => list(subjects, digest),
    referrersOf: (digest) => list(referrers, digest),
    absentSubjectsOf: (digest) => [...(absentSubjects.get(digest) ?? [])],
    isAttestation: (digest) => attestations.has(digest),
    roleOf(digest) {
      if (records.has(digest)) return 'record';
      const tags = nodes.get(digest)?.tags ?? [];
      if (tags.some((tag) => parseReferrerTag(tag) === undefined)) return 'image';
      if (subjects.has(digest) || absentSubjects.has(digest)) return 'referrer';
      return parents.has(digest) ? 'child' : 'image';
    },
  };
}

/** `vnd.docker.reference.type`: https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md */
function isAttestationChild(child: Child): boolean {
  return child.annotations['vnd.docker.reference.type'] === 'attestation-manifest';
}

interface NamedSubject {
  readonly text: string;
  /** Absent when no such node exists. */
  readonly digest?: Digest;
}

function namedSubjects(node: ImageNode, nodes: ReadonlyMap<Digest, ImageNode>): readonly NamedSubject[] {
  const found: NamedSubject[] = [];
  const add = (text: string, digest: Digest | undefined): void => {
    found.push(digest !== undefined && nodes.has(digest) ? { text, digest } : { text });
  };
  if (node.subject !== undefined) add(node.subject, node.subject);
  for (const tag of node.tags) {
    const pointer = parseReferrerTag(tag);
    if (pointer?.kind === 'whole') add(pointer.subject, pointer.subject);
    if (pointer?.kind === 'cut') {
      const whole = [...nodes.keys()].find((digest) => digest.startsWith(pointer.digestPrefix));
      add(pointer.digestPrefix, whole);
    }
  }
  return found;
}

function addEdge<To>(edges: Map<Digest, Set<To>>, from: Digest, to: To): void {
  const known = edges.get(from);
  if (known === undefined) edges.set(from, new Set([to]));
  else known.add(to);
}
