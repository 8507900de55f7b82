// What the provenance in an attestation says about the commit that an image was built from. It is read like a revision label; that it
// belongs to an index and its platforms is the graph's business.

import type { ImageNode } from '../model/snapshot.ts';
import type { Link } from './link.ts';
import type { LinkReader } from './link-reader.ts';

/**
 * Links of an attestation; none for every other node, and none where the provenance names no commit.
 * A source that is not ours makes a stranger of the image once its commit is gone; a provenance that could not be read always protects.
 * https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-provenance.md
 */
export function provenanceLinks({ provenance }: ImageNode, reader: LinkReader): readonly Link[] {
  if (provenance === undefined) return [];
  if (provenance.kind === 'unread') {
    return [{ kind: 'unknown', why: `its provenance could not be read (${provenance.why})` }];
  }
  const found = { kind: 'provenance', name: provenance.predicateType } as const;
  return provenance.revisions.flatMap(({ commit, source }) =>
    reader.ofCommit(commit, { found, mayCondemn: true, proof: reader.proofOf(source ?? '', 'provenance of') }),
  );
}
