// Cached stages whose commit is not in Git any more (dapp 0.31 had this; later versions took the word and did nothing).

import { isCommitId } from '../../../model/history.ts';
import type { HostDropReason } from '../../../model/host-plan.ts';
import type { LocalImage } from '../../../model/local-store.ts';
import { listStageCommits } from '../../../model/stage-labels.ts';
import { compareText } from '../../../util/compare-text.ts';
import { type HostContext, isOfProject } from '../host-context.ts';
import type { KnownCommits } from '../host-evidence.ts';
import { isStage } from '../recognise-stages.ts';

/** Of the project's own repository, by werf 1.1. */
const OWN_LABEL = 'werf-project-repo-commit';

/** A commit that an image names, and where. */
interface NamedCommit {
  readonly label: string;
  readonly commit: string;
  /** Undefined: the project's own repository. */
  readonly name: string | undefined;
}

/** Why a stage goes, or undefined: at least one of its commits is in none of the repositories, and the one it is of was read whole. */
export function dropGoneCommit(image: LocalImage, context: HostContext): HostDropReason | undefined {
  if (!context.policy.improperGitCommit || !isStage(image) || !isOfProject(image, context)) return undefined;
  const gone = listCommits(image).find((named) => isGone(named, context));
  if (gone === undefined) return undefined;
  return {
    rule: 'improper-git-commit',
    what: `commit ${gone.commit.slice(0, 10)}`,
    found: { kind: 'label', name: gone.label },
  };
}

/** What dapp calls repositories that nobody declared, by code unit: nothing follows from their commits. */
export function listUndeclaredRepositories({ view, policy, evidence, ...rest }: HostContext): readonly string[] {
  if (!policy.improperGitCommit) return [];
  const context = { view, policy, evidence, ...rest };
  const names = view.images
    .filter((image) => isStage(image) && isOfProject(image, context))
    .flatMap((image) => listCommits(image).flatMap(({ name }) => (name === undefined ? [] : [name])));
  return [...new Set(names)].filter((name) => !evidence.git.byName.has(name)).sort(compareText);
}

function listCommits({ labels }: LocalImage): readonly NamedCommit[] {
  const own = labels[OWN_LABEL];
  const named = own === undefined ? [] : [{ label: OWN_LABEL, commit: own, name: undefined }];
  return [...listStageCommits(labels), ...named];
}

function isGone({ commit, name }: NamedCommit, { evidence: { git } }: HostContext): boolean {
  const repository = name === undefined ? git.own : git.byName.get(name);
  if (repository === undefined || !isCommitId(commit)) return false;
  const all: readonly (KnownCommits | undefined)[] = [git.own, ...git.byName.values()];
  return all.every((known) => known?.indexOf(commit) === undefined);
}
