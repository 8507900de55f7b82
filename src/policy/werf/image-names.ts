// The names of images that count: managed ones, and those of werf.yaml.

import type { WerfPolicy } from '../../model/policy.ts';
import type { Tag } from '../../model/reference.ts';
import { imageNameId, recordedName } from '../../model/werf-names.ts';
import { parseWerfTag } from '../../model/werf-tag.ts';
import type { Statement } from './statements.ts';

/** Names and their ids. */
export interface ImageNames {
  /** Names by id; where two have one id, the first. */
  readonly names: ReadonlyMap<string, string>;
  /** Ids of names that count. Undefined: not all are known, so every id counts. */
  readonly managed: ReadonlySet<string> | undefined;
}

/**
 * The names that records and werf.yaml tell. A managed image counts whoever's record it is, and although its tag vanished while it was read:
 * a name only ever protects.
 */
export function readImageNames(
  statements: readonly Statement[],
  vanished: readonly Tag[],
  policy: WerfPolicy,
): ImageNames {
  const said = [...statements.map(({ says }) => says), ...vanished.map(parseWerfTag)];
  const managed = said.flatMap((one) => (one?.kind === 'managed-image' ? [one.name] : []));
  const current = policy.imageNames.map(recordedName);
  const all = [...new Set([...managed, ...current.filter((name) => name !== undefined)])].sort();
  const names = new Map<string, string>();
  for (const name of all) {
    const id = imageNameId(name);
    if (!names.has(id)) names.set(id, name);
  }
  const areAllKnown = policy.areNamesComplete && names.size > 0 && !current.includes(undefined);
  return { names, managed: areAllKnown ? new Set(names.keys()) : undefined };
}

/** The image of an id for people: `of web`, `of ~` for the one without a name, `of c8c39214` where the name is not known. */
export function describeImage(id: string, names: ReadonlyMap<string, string>): string {
  const name = names.get(id);
  return `of ${name === '' ? '~' : (name ?? id)}`;
}
