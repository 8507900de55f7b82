// Which images of the clusters are verified, and where each is looked for.

import type { RepositoryTarget, VerifySettings } from '../config/settings.ts';
import { type Digest, effectiveTag, formatRepository, isSameRepository, type Tag } from '../model/reference.ts';
import { isUnderPrefix, throughMirrors } from '../model/through-mirrors.ts';
import type { ImageUse, Usage } from '../model/usage.ts';
import type { VerifiedImage } from '../model/verification.ts';
import { formatUsedReference } from '../policy/rules/kubernetes.ts';
import { type NodePlatforms, platformsFor } from './verify-platforms.ts';

/** What is verified. */
export type VerifyScope = Pick<VerifySettings, 'repositories' | 'registries' | 'mirrors'>;

/** An image to look for in one repository. */
export interface WantedImage extends Omit<VerifiedImage, 'availability'> {
  /** All of them must be there. At least one. */
  readonly ask: readonly (Tag | Digest)[];
  readonly platforms: ReadonlySet<string> | 'unknown';
}

/** What is looked for in one repository. */
export interface WantedRepository {
  readonly target: RepositoryTarget;
  readonly images: readonly WantedImage[];
  /** Digests under other names: they are looked for, and when they are not here, they are elsewhere. */
  readonly foreign: readonly WantedImage[];
}

/** What is looked for, by repository: first the named ones in their order, then those under a prefix by name. */
export function selectWanted(usage: Usage, scope: VerifyScope, nodes: NodePlatforms): readonly WantedRepository[] {
  const named = scope.repositories.map((target) => ({ target, images: [], foreign: [] }) as Selection);
  const selections = new Map(named.map((selection) => [formatRepository(selection.target.repository), selection]));
  for (const use of usage.uses) {
    const places = placesOf(use, scope);
    for (const target of places) {
      const name = formatRepository(target.repository);
      const selection = selections.get(name) ?? { target, images: [], foreign: [] };
      selections.set(name, selection);
      selection.images.push(wantedFrom(use, { target, nodes }));
    }
    if (places.length > 0 || use.reference.digest === undefined) continue;
    for (const { target, foreign } of named) foreign.push(wantedFrom(use, { target, nodes }));
  }
  for (const use of usage.bareDigests) {
    const image = { image: use.digest, ask: [use.digest], platforms: platformsFor(use, nodes), ...usersOf(use) };
    for (const { target, foreign } of named) foreign.push({ ...image, askedIn: formatRepository(target.repository) });
  }
  const found = [...selections].filter(([, { target }]) => !scope.repositories.includes(target));
  return [...named, ...found.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, selection]) => selection)];
}

interface Selection {
  readonly target: RepositoryTarget;
  readonly images: WantedImage[];
  readonly foreign: WantedImage[];
}

/** Repositories that a reference means and that are verified: its own, or what it stands for by a mirror. */
function placesOf({ reference }: ImageUse, scope: VerifyScope): readonly RepositoryTarget[] {
  const places: RepositoryTarget[] = [];
  for (const repository of throughMirrors(reference.repository, scope.mirrors)) {
    if (places.some((place) => isSameRepository(place.repository, repository))) continue;
    const named = scope.repositories.find((target) => isSameRepository(target.repository, repository));
    const name = formatRepository(repository);
    const under = scope.registries.find(({ prefix }) => isUnderPrefix(name, prefix));
    if (named !== undefined) places.push(named);
    else if (under !== undefined) places.push({ kind: 'registry', repository, provider: under.provider });
  }
  return places;
}

/** Whoever names a digest pulls by it, whatever the tag beside it has become. */
function wantedFrom(
  use: ImageUse,
  { target, nodes }: { readonly target: RepositoryTarget; readonly nodes: NodePlatforms },
): WantedImage {
  const { reference } = use;
  const asked = reference.digest ?? effectiveTag(reference);
  const isElsewhere = !isSameRepository(reference.repository, target.repository);
  return {
    image: formatUsedReference(reference),
    ...(isElsewhere ? { askedIn: formatRepository(target.repository) } : {}),
    ask: asked === undefined ? [] : [asked],
    platforms: platformsFor(use, nodes),
    ...usersOf(use),
  };
}

/** Who uses it, as reports have it. */
export function usersOf(use: Pick<ImageUse, 'workloads'> & { readonly unlisted?: number }) {
  const { workloads, unlisted } = use;
  return { workloads, ...(unlisted === undefined ? {} : { unlisted }) };
}
