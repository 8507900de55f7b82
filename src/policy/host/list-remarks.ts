// What a user should know of a plan that is no decision.

import { type HostContext, isOfProject } from './host-context.ts';
import { listUndeclaredRepositories } from './rules/improper-git-commit.ts';

/** The remarks, each one a sentence. They hold untrusted names: escape them for the place they are shown in. */
export function listRemarks(context: HostContext): readonly string[] {
  return [
    ...remarkDisk(context),
    ...remarkLayers(context),
    ...remarkGit(context),
    ...remarkProject(context),
    ...remarkLists(context),
    ...remarkBuildCache(context),
  ];
}

function remarkDisk({ evidence: { store }, policy }: HostContext): readonly string[] {
  if (policy.disk === undefined) return [];
  if (store.disk === undefined)
    return [
      `Nothing goes for the disk's sake, since it cannot be measured: ${store.whyNoDisk ?? 'the engine does not tell where it is'}.`,
    ];
  if (store.disk.capacityBytes > 0) return [];
  return [`Nothing goes for the disk's sake: the file system of ${store.disk.path} says that it has no room at all.`];
}

function remarkLayers({ view, policy }: HostContext): readonly string[] {
  const unclear = view.images.filter(({ layers }) => layers === undefined).length;
  if (policy.disk === undefined || unclear === 0) return [];
  return [
    `The engine does not tell the layers of ${unclear} of ${view.images.length} images: how much they free is not known, and is counted as nothing.`,
  ];
}

function remarkGit(context: HostContext): readonly string[] {
  return listUndeclaredRepositories(context).map(
    (name) =>
      `Stages name commits of the Git repository ${name}, which nobody declared: nothing follows from them. Declare it with --cache-git-repository ${name}=URL.`,
  );
}

function remarkProject(context: HostContext): readonly string[] {
  const { policy, view } = context;
  const isMeant =
    policy.dangling ||
    policy.flush ||
    policy.improperRepoCache ||
    policy.improperGitCommit ||
    policy.improperCacheVersion !== undefined;
  if (!isMeant || view.images.some((image) => isOfProject(image, context))) return [];
  const labels = policy.project.map(({ label, value }) => (value === undefined ? label : `${label}=${value}`));
  return [`No image here has the project's label (${labels.join(', ')}).`];
}

function remarkLists({ view }: HostContext): readonly string[] {
  const closed = view.images.filter(({ isList, lists }) => isList && lists === undefined).length;
  if (closed === 0) return [];
  return [
    `The engine does not tell what ${closed === 1 ? 'a list' : `${closed} lists`} of images hold: no image without a name goes.`,
  ];
}

function remarkBuildCache({ evidence: { store }, policy }: HostContext): readonly string[] {
  if (policy.buildCacheOlderThan === undefined || store.engine.hasBuildCache) return [];
  return [`No build cache goes: ${store.engine.title} has none of its own.`];
}
