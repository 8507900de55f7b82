// What is to go from the local store of this machine: the options of `host` to the rules that decide.

import type { HostPolicy, LabelMatch } from '../model/host-policy.ts';
import { VERSION_LABELS } from '../model/stage-labels.ts';
import { parseDuration } from '../model/time.ts';
import { findOption, type OptionName } from '../options.ts';
import { addWrong, type Findings, readChoice, readFlag, readList, readText } from './findings.ts';
import { quote } from './mistake.ts';
import { readDiskThresholds } from './read-disk-thresholds.ts';
import { readDuration, readWholeNumber } from './read-duration.ts';
import { withoutUndefined } from './without-undefined.ts';

const DEVELOPMENT: LabelMatch = { label: 'dapp-dev-mode', value: 'true' };
/** The policy. `hasRepositories`: images are compared with what a registry has. With mistakes among the findings it is not to be used. */
export function chooseHostPolicy(findings: Findings, hasRepositories: boolean): HostPolicy {
  const flag = (name: OptionName): boolean => readFlag(findings, name) ?? false;
  const mrproper = readChoice(findings, 'mrproper', [
    'off',
    'all',
    'improper-dev-mode-cache',
    'improper-cache-version-stages',
  ]);
  return {
    project: readLabels(findings, 'project-label'),
    grace: durationOf(findings, 'cache-grace'),
    absentFromRegistry: hasRepositories,
    dangling: flag('dangling'),
    improperRepoCache: flag('improper-repo-cache'),
    improperGitCommit: flag('improper-git-commit'),
    flush: flag('flush'),
    isDev: flag('dev'),
    devLabels: [DEVELOPMENT],
    minAge: durationOf(findings, 'minimum-image-age'),
    containers: {
      minAge: durationOf(findings, 'minimum-container-age'),
      maxPerPodContainer: readWholeNumber(findings, 'maximum-dead-containers-per-container') ?? -1,
      maxContainers: readWholeNumber(findings, 'maximum-dead-containers') ?? -1,
    },
    keep: { labels: readLabels(findings, 'keep-label'), names: readNames(findings) },
    ...withoutUndefined({
      mrproper: mrproper === 'off' ? undefined : mrproper,
      improperCacheVersion: readVersion(findings),
      disk: readDiskThresholds(findings),
      maxAge: readDuration(findings, 'maximum-image-age'),
      buildCacheOlderThan: readDuration(findings, 'build-cache-older-than'),
    }),
  };
}

function durationOf(findings: Findings, name: OptionName): HostPolicy['minAge'] {
  return readDuration(findings, name) ?? parseDuration(findOption(name).default ?? '');
}

/** `LABEL` or `LABEL=VALUE`; what stands behind the first sign of equality is the value. */
function readLabels(findings: Findings, name: 'project-label' | 'keep-label'): readonly LabelMatch[] {
  return (readList(findings, name) ?? []).flatMap((text) => {
    const [, label = '', value] = /^([^=\s]+)(?:=([\s\S]*))?$/.exec(text) ?? [];
    if (label !== '') return [value === undefined ? { label } : { label, value }];
    addWrong(findings, { name, got: quote(text), expected: 'LABEL or LABEL=VALUE' });
    return [];
  });
}

/** Globs on names of images. */
function readNames(findings: Findings): readonly string[] {
  const names = readList(findings, 'keep-image') ?? [];
  for (const name of names.filter((one) => /[\s\p{Cc}]/u.test(one)))
    addWrong(findings, { name: 'keep-image', got: quote(name), expected: 'the name of an image, with * and ? in it' });
  return names;
}

function readVersion(findings: Findings): HostPolicy['improperCacheVersion'] {
  const text = readText(findings, 'improper-cache-version');
  if (text === undefined) return undefined;
  const [label = '', ...rest] = text.split('=');
  if (rest.length === 0) return { labels: VERSION_LABELS, current: text };
  const current = rest.join('=');
  if (/^\S+$/.test(label) && current !== '') return { labels: [label], current };
  addWrong(findings, { name: 'improper-cache-version', got: quote(text), expected: 'VERSION or LABEL=VERSION' });
  return undefined;
}
