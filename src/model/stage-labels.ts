// What dapp and werf 1 write on their stages and images, wherever these lie: in a registry or on a build machine.

import { compareText } from '../util/compare-text.ts';
import type { Annotations } from './snapshot.ts';

/** Labels with the version of the cache that a stage is of. */
export const VERSION_LABELS: readonly string[] = ['dapp-cache-version', 'werf-cache-version'];

/** `dapp-artifact-NAME` and `werf-import-NAME`: what files were taken from. */
const SOURCE = /^(?:dapp-artifact|werf-import)-/;
/** `dapp-git-NAME-commit`: NAME is a hash of what is taken from where, so it does not tell the repository by itself. */
const COMMIT = /^(dapp|werf)-git-(.+)-commit$/;

/** A label that tells what files were taken from. */
export interface StageSource {
  readonly label: string;
  /** An image's id, in dapp's Ruby versions and in werf, or a stage's signature, in dapp's last ones. Untrusted text, never empty. */
  readonly source: string;
}

/** What files were taken from, as the labels have it. */
export function listSources(labels: Annotations): readonly StageSource[] {
  return Object.entries(labels).flatMap(([label, source]) =>
    SOURCE.test(label) && source !== '' ? [{ label, source }] : [],
  );
}

/** Whether a tag in a registry has the form of a stage's. */
export function isStageTag(tag: string): boolean {
  return /^(?:dimgstage|image-stage)-./.test(tag);
}

/** The signatures that a stage's tag may stand for: without what stands before it, and without the time that werf 1.1 puts behind it. */
export function signaturesOf(tag: string): readonly string[] {
  const signature = tag.replace(/^(?:dimgstage|image-stage)-/, '');
  return [...new Set([signature, signature.replace(/-\d+$/, '')])];
}

/** A commit that a stage was made of. */
export interface StageCommit {
  readonly label: string;
  /** As written: untrusted text. */
  readonly commit: string;
  /** What the label calls the repository. */
  readonly name: string;
}

/** Commits of every repository that a stage was made of, by label. Without merges that werf made for itself: they were never to be in one. */
export function listStageCommits(labels: Annotations): readonly StageCommit[] {
  return Object.entries(labels)
    .flatMap(([label, commit]): StageCommit[] => {
      const [, tool, name] = COMMIT.exec(label) ?? [];
      if (name === undefined || labels[`${tool}-git-${name}-virtual-merge`] === 'true') return [];
      return [{ label, commit: commit.trim().toLowerCase(), name }];
    })
    .sort((a, b) => compareText(a.label, b.label));
}
