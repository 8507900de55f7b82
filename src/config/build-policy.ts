// The policy file and the options that outrank it, brought together to the plain values that `policy/` obeys.

import type {
  CachePolicy,
  GroupBy,
  KeepPolicy,
  LimitOperator,
  NamePattern,
  Policy,
  WerfPolicy,
} from '../model/policy.ts';
import { type Duration, hours, parseDuration } from '../model/time.ts';
import { NO_CACHE_RULE } from './choose-build-cache.ts';
import { DEFAULT_KEEP_POLICIES } from './default-keep-policies.ts';
import { translateTagPattern } from './gitlab-tag-words.ts';
import type { PolicyFile } from './policy-schema.ts';
import { regexSource } from './policy-words.ts';
import type { WerfFacts } from './read-werf-facts.ts';

/** What the options say; absent: the file decides. */
export interface PolicyChoices {
  readonly kubernetesEnabled: boolean;
  readonly gitEnabled: boolean;
  /** Whether a forge is asked for pull requests, releases and deployments. */
  readonly forgeEnabled: boolean;
  readonly keepList: Policy['pins']['list'];
  /** Images younger than this are kept, also where the policy for recent ones is shorter or off. */
  readonly keepYoungerThan?: Duration;
  readonly maxDeleteShare?: number;
  readonly allowDeleteAll?: boolean;
  readonly untag?: boolean;
  /** In place of what the file says of images built within the last hours; 0: none of them are kept for that. */
  readonly keepBuiltWithinHours?: number;
  /** What werf.yaml says besides its policies. */
  readonly werf?: WerfFacts;
  /** Absent: off. */
  readonly schemes?: Policy['schemes'];
  /** Absent: no rule is on. */
  readonly cache?: CachePolicy;
}

const DEFAULT_RECENT_HOURS = 2;
const DEFAULT_MAX_DELETE_SHARE = 0.8;
/** The one under review, and the one before it, which may still be tested. */
const DEFAULT_PULL_REQUEST_COMMITS = 2;
const DEFAULT_RELEASES = 5;
/** What runs, and what one would go back to. */
const DEFAULT_DEPLOYMENTS = 2;
/** A force-push that is taken back, a branch that is made again at an older commit: a week is enough to notice. */
const DEFAULT_RECORD_GRACE: Duration = parseDuration('7d');
const DEFAULT_UNRECORDED_GRACE: Duration = parseDuration('7d');
/** Longer than anything can have existed, and near enough for dates to stay dates. */
const EVERYTHING: Duration = parseDuration('100000w');

/**
 * The policy of a file without mistakes (an empty object where there is no file) and of the options. With
 * `cleanup.disable: true` everything counts as young, so that nothing is deleted, whatever the rest says.
 */
export function buildPolicy(file: PolicyFile, choices: PolicyChoices): Policy {
  const isDisabled = file.cleanup?.disable === true;
  const groupBy = buildGroupBy(file.images?.groupBy);
  return {
    kubernetes: {
      enabled: choices.kubernetesEnabled,
      mirrors: new Map(Object.entries(file.kubernetes?.mirrors ?? {})),
    },
    git: { enabled: choices.gitEnabled, keepPolicies: buildKeepPolicies(file.cleanup?.keepPolicies, choices) },
    recent: { within: isDisabled ? EVERYTHING : recentWindow(file.cleanup, choices) },
    pins: { tags: file.pins?.tags ?? [], expressions: file.pins?.expressions ?? [], list: choices.keepList },
    images: {
      source: file.images?.source ?? [],
      tagPatterns: [...new Set((file.images?.tagPatterns ?? []).flatMap(patternsOf))],
      ...(groupBy === undefined ? {} : { groupBy }),
      unlinked: file.images?.unlinked ?? 'keep',
    },
    forge: buildForgeRules(file, choices.forgeEnabled),
    guards: {
      maxDeleteShare: choices.maxDeleteShare ?? file.guards?.maxDeleteShare ?? DEFAULT_MAX_DELETE_SHARE,
      allowDeleteAll: choices.allowDeleteAll ?? file.guards?.allowDeleteAll ?? false,
    },
    untag: !isDisabled && (choices.untag ?? file.untag ?? false),
    records: { grace: readGrace(file.records?.grace, DEFAULT_RECORD_GRACE) },
    werf: buildWerfPolicy(file, choices.werf),
    schemes: choices.schemes ?? 'off',
    cache: isDisabled ? NO_CACHE_RULE : (choices.cache ?? NO_CACHE_RULE),
    purge: false,
  };
}

/**
 * What a user should know about the keys that only a forge gives a meaning: `pullRequests needs a forge: …`. Empty when one is asked, or
 * when the file has none of them.
 */
export function describeIdleForgeKeys(file: PolicyFile, forgeEnabled: boolean): readonly string[] {
  if (forgeEnabled) return [];
  const idle = (['pullRequests', 'mergeRequests', 'releases', 'deployments'] as const).filter(
    (key) => typeof file[key] === 'object',
  );
  if (idle.length === 0) return [];
  const verb = idle.length === 1 ? 'needs' : 'need';
  return [
    `${idle.join(', ')} ${verb} a forge: name the repository on GitHub with github-repository or the project on GitLab with gitlab-project, else nothing is kept by it`,
  ];
}

/** Without a werf.yaml only the names that the registry itself has are known; they are all that werf ever built. */
function buildWerfPolicy({ cleanup, werf = {} }: PolicyFile, facts: WerfFacts | undefined): WerfPolicy {
  const project = werf.project ?? facts?.project;
  const disabled = werf.disabledRecords === 'delete' ? 'delete-records' : 'keep-records';
  return {
    unrecordedGrace: readGrace(werf.unrecordedGrace, DEFAULT_UNRECORDED_GRACE),
    foreign: werf.foreign ?? 'keep',
    ...(project === undefined ? {} : { project }),
    imageNames: facts?.imageNames ?? [],
    areNamesComplete: facts?.areNamesComplete ?? true,
    disabled: cleanup?.disable === true ? disabled : 'no',
  };
}

function readGrace(text: string | undefined, fallback: Duration): Duration {
  return text === undefined ? fallback : parseDuration(text);
}

/** One pattern, or those that GitLab's words in it stand for. */
function patternsOf(text: string): readonly string[] {
  const translated = translateTagPattern(text);
  return 'patterns' in translated ? translated.patterns : [text];
}

function buildForgeRules(file: PolicyFile, isAsked: boolean): Policy['forge'] {
  if (!isAsked) return { pullRequests: 'off', releases: 'off', deployments: 'off' };
  const { pullRequests = file.mergeRequests, releases, deployments } = file;
  return {
    pullRequests: pullRequests === false ? 'off' : { last: pullRequests?.last ?? DEFAULT_PULL_REQUEST_COMMITS },
    releases: releases === false ? 'off' : { last: releases?.last ?? DEFAULT_RELEASES },
    deployments:
      deployments === false
        ? 'off'
        : { environments: deployments?.environments ?? [], last: deployments?.last ?? DEFAULT_DEPLOYMENTS },
  };
}

type FilePolicy = NonNullable<NonNullable<PolicyFile['cleanup']>['keepPolicies']>[number];

interface FileLimit {
  readonly last?: number | undefined;
  readonly in?: string | undefined;
  readonly operator?: LimitOperator | undefined;
}

function recentWindow(
  cleanup: PolicyFile['cleanup'],
  { keepYoungerThan = hours(0), keepBuiltWithinHours }: Pick<PolicyChoices, 'keepYoungerThan' | 'keepBuiltWithinHours'>,
): Duration {
  const isOff = cleanup?.disableBuiltWithinLastNHoursPolicy === true;
  const within = isOff
    ? hours(0)
    : hours(keepBuiltWithinHours ?? cleanup?.keepImagesBuiltWithinLastNHours ?? DEFAULT_RECENT_HOURS);
  return within > keepYoungerThan ? within : keepYoungerThan;
}

/** Tag schemes stand in the place of the default set, and beside what the user wrote. */
function buildKeepPolicies(
  policies: readonly FilePolicy[] | undefined,
  { schemes = 'off' }: Pick<PolicyChoices, 'schemes'>,
): readonly KeepPolicy[] {
  if (policies === undefined || policies.length === 0) return schemes === 'off' ? DEFAULT_KEEP_POLICIES : [];
  return policies.map(({ references, imagesPerReference }, at) => {
    const { branch, tag, limit } = references;
    return {
      name: `keepPolicies[${at}]`,
      references: {
        kind: branch === undefined ? 'tag' : 'branch',
        pattern: buildPattern(branch ?? tag ?? ''),
        ...(limit === undefined ? {} : { limit: buildLimit(limit) }),
      },
      // werf: without `last` it is one, also when only `in` is given.
      imagesPerReference: { last: 1, ...buildLimit(imagesPerReference ?? {}) },
    };
  });
}

function buildPattern(text: string): NamePattern {
  const source = regexSource(text);
  return source === undefined ? { kind: 'literal', text } : { kind: 'regex', source };
}

function buildLimit(limit: FileLimit) {
  return {
    ...(limit.last === undefined ? {} : { last: limit.last }),
    ...(limit.in === undefined ? {} : { in: parseDuration(limit.in) }),
    operator: limit.operator ?? 'And',
  } as const;
}

function buildGroupBy(
  groupBy: { readonly label?: string | undefined; readonly tag?: string | undefined } | undefined,
): GroupBy | undefined {
  if (groupBy?.label !== undefined) return { kind: 'label', label: groupBy.label };
  return groupBy?.tag === undefined ? undefined : { kind: 'tag', expression: groupBy.tag };
}
