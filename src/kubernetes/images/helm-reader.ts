// Reads the store of Helm's releases: what the installed revisions and those that a rollback may go back to have rendered.

import { EvidenceError } from '../../errors.ts';
import type { Workload } from '../../model/usage.ts';
import type { ObjectReader } from '../lists/object-reader.ts';
import { decodeHelmRelease, type HelmRevisionNames } from './decode-helm-release.ts';
import { createHelmHistory } from './helm-history.ts';
import { createHelmManifests, type ImageText } from './helm-manifests.ts';
import { parseItem } from './parse-item.ts';
import type { ReadSource } from './read-source.ts';
import { createUsageCollector, type UsageCollector } from './usage-collector.ts';

/** The image texts of a revision, or why they cannot be known. */
type RevisionImages = readonly ImageText[] | EvidenceError;

/**
 * Reads Secrets or ConfigMaps with the label `owner=helm`. Every live revision counts (deployed, pending, and whatever is not known to
 * be superseded, uninstalled or failed), and of each release the newest `helmHistory` ones, of any status and again of those that worked.
 * A revision that counts and cannot be read is an error when the list ends, and not before: only then it is known to be among the newest.
 */
export function createHelmReader(source: ReadSource): ObjectReader<UsageCollector> {
  const history = createHelmHistory<RevisionImages>(source.helmHistory);
  const manifests = createHelmManifests(source.table);
  return {
    read(item) {
      const object = decodeHelmRelease(
        parseItem(item, source),
        source.kind.kind === 'ConfigMap' ? 'ConfigMap' : 'Secret',
      );
      if (object.kind === 'other' || !history.mayCount(object.names)) return;
      const { names } = object;
      if (object.kind === 'broken') history.add(names, unreadable(source, names, object.why));
      else
        history.add(
          names,
          imagesOf(() => manifests.imagesOf(object.manifests), { source, names }),
        );
    },
    finish() {
      const collector = createUsageCollector();
      for (const { names, value } of history.counting()) {
        if (value instanceof EvidenceError) throw value;
        const workload = workloadOf(source, names);
        for (const image of value) collector.add({ ...image, workload });
      }
      return collector;
    },
  };
}

function imagesOf(
  read: () => readonly ImageText[],
  { source, names }: { readonly source: ReadSource; readonly names: HelmRevisionNames },
): RevisionImages {
  try {
    return read();
  } catch (error) {
    if (error instanceof EvidenceError) return unreadable(source, names, error.message.replace(/\.$/, ''));
    throw error;
  }
}

function workloadOf({ context }: ReadSource, { namespace, object, release, revision }: HelmRevisionNames): Workload {
  return {
    context,
    ...(namespace === undefined ? {} : { namespace }),
    kind: 'Helm release',
    name: `${release ?? object} (revision ${revision ?? 'unknown'})`,
  };
}

function unreadable(source: ReadSource, names: HelmRevisionNames, why: string): EvidenceError {
  const { kind } = source.kind;
  const name = names.namespace === undefined ? names.object : `${names.namespace}/${names.object}`;
  return new EvidenceError(
    `The Helm release in the ${kind} ${name} of context ${JSON.stringify(source.context)} cannot be read: ${why}.`,
    {
      code: 'EVIDENCE_KUBERNETES',
      hint: `Its images cannot be known, so nothing is deleted. Delete the ${kind} if nobody rolls back to it, or count fewer revisions with --helm-history (0 leaves Helm's releases out).`,
      details: { context: source.context, kind, name },
    },
  );
}
