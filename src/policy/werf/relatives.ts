// Relatives of stages: what a stage was built on and took files from. Deleting one breaks no image, but every build after it.

import type { Digest } from '../../model/reference.ts';
import type { Annotations, ImageNode } from '../../model/snapshot.ts';
import { appendTo } from '../../util/append-to.ts';
import { compareText } from '../../util/compare-text.ts';
import type { Relative, RelativesOf } from '../closure.ts';
import type { Werf } from './werf.ts';

/** Labels on stages: facts in `pkg/image` of werf 1.2 to 3. */
const PARENT = 'werf.io/parent-stage-id';
/** Until version 2: the digest of the parent's config; before, it stood in the config itself. */
const BASE = 'werf.io/base-image-id';
const SOURCE = 'werf-import-source-stage-id-';
/** Files that came from an image which werf did not build. */
const EXTERNAL = 'external-image';
/** Version 2: what was imported; which stage it came from is in the records of imports. */
const CHECKSUM = 'werf-import-checksum-';
const DEPENDENCY = 'werf-dependency-stage-id-';

/**
 * A function from a node to its relatives by its labels: the stage that it was built on, also by the digest of that one's config, the
 * stages whose files it imports, and those that it depends on. Only existing nodes other than itself, never a rejected one, each once.
 */
export function makeRelativesOf(nodes: ReadonlyMap<Digest, ImageNode>, werf: Werf): RelativesOf {
  const byConfig = indexByConfig(nodes, werf);
  return (digest) => {
    const content = nodes.get(digest)?.content;
    if (content?.kind !== 'image' || content.facts.kind === 'unread') return [];
    const found = new Map<Digest, Relative>();
    for (const relative of namedIn(content.facts, werf, byConfig)) {
      const isRelative = relative.digest !== digest && !werf.rejected.has(relative.digest);
      if (isRelative && !found.has(relative.digest)) found.set(relative.digest, relative);
    }
    return [...found.values()];
  };
}

function indexByConfig(nodes: ReadonlyMap<Digest, ImageNode>, { built }: Werf): ReadonlyMap<string, readonly Digest[]> {
  const byConfig = new Map<string, Digest[]>();
  for (const digest of [...built].sort()) {
    const content = nodes.get(digest)?.content;
    if (content?.kind === 'image') appendTo(byConfig, content.config.digest, digest);
  }
  return byConfig;
}

function* namedIn(
  { labels, madeFrom = '' }: { readonly labels: Annotations; readonly madeFrom?: string },
  { stages, importSources }: Werf,
  byConfig: ReadonlyMap<string, readonly Digest[]>,
): Generator<Relative> {
  const parent = stages.get(labels[PARENT] ?? '');
  if (parent !== undefined) yield { digest: parent, how: 'ancestor' };
  for (const base of [labels[BASE] ?? '', madeFrom])
    for (const digest of byConfig.get(base) ?? []) yield { digest, how: 'base image' };
  for (const [key, value] of Object.entries(labels).sort(([a], [b]) => compareText(a, b))) {
    const isDependency = key.startsWith(DEPENDENCY);
    for (const stage of isDependency ? [value] : importedStages({ key, value }, importSources)) {
      const digest = stages.get(stage);
      if (digest !== undefined) yield { digest, how: isDependency ? 'dependency' : 'import source' };
    }
  }
}

function importedStages(
  { key, value }: { readonly key: string; readonly value: string },
  importSources: Werf['importSources'],
): readonly string[] {
  if (key.startsWith(SOURCE)) return value.startsWith(EXTERNAL) ? [] : [value];
  return key.startsWith(CHECKSUM) ? (importSources.get(value) ?? []) : [];
}
