// Cached stages whose commit is not in Git any more (dapp 0.31 had this; later versions took the word and did nothing).

import { isCommitId } from '../../../model/history.ts';
import type { HostDropReason } from '../../../model/host-plan.ts';
import type { LocalImage } from '../../../model/local-store.ts';
import { compareText } from '../../../util/compare-text.ts';
import { type HostContext, isOfProject } from '../host-context.ts';
import type { KnownCommits } from '../host-evidence.ts';
import { isStage } from '../recognise-stages.ts';

/** `dapp-git-NAME-commit`: NAME is a hash of what is taken from where, so it does not tell the repository by itself. */
const GIT_LABEL = /^(dapp|werf)-git-(.+)-commit$/;
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
  return Object.entries(labels)
    .flatMap(([label, commit]): NamedCommit[] => {
      if (label === OWN_LABEL) return [{ label, commit, name: undefined }];
      const [, tool, name] = GIT_LABEL.exec(label) ?? [];
      // A merge that werf made for itself is in no repository, and was never to be.
      if (name === undefined || labels[`${tool}-git-${name}-virtual-merge`] === 'true') return [];
      return [{ label, commit, name }];
    })
    .sort((a, b) => compareText(a.label, b.label));
}

function isGone({ commit, name }: NamedCommit, { evidence: { git } }: HostContext): boolean {
  const repository = name === undefined ? git.own : git.byName.get(name);
  if (repository === undefined || !isCommitId(commit)) return false;
  const all: readonly (KnownCommits | undefined)[] = [git.own, ...git.byName.values()];
  return all.every((known) => known?.indexOf(commit) === undefined);
}
