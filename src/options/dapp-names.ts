// dapp's variables, and those of werf 1 that are no flag's: what becomes of each. The command line takes them, and docs/dapp.md has the table.

/** How the text of a variable is read. */
export type DappUnit = 'count' | 'seconds' | 'flag' | 'text';

/** What becomes of a variable here. */
export type DappMeaning =
  /** An option of ours. `value`: what it is set to, whatever the variable says. */
  | { readonly kind: 'option'; readonly option: string; readonly how?: string; readonly value?: string }
  /** Understood, and no option of ours says it. */
  | { readonly kind: 'here'; readonly how: string }
  /** Told to have no effect. */
  | { readonly kind: 'idle'; readonly why: string };

/** Variables that mean the same: the first that is not empty counts. */
export interface DappName {
  /** dapp's own before later names of the same. */
  readonly variables: readonly [string, ...string[]];
  readonly unit: DappUnit;
  readonly meaning: DappMeaning;
}

/** The variable with the password for cleaning, which GitLab's projects keep for deleting alone. */
export const DAPP_PASSWORD = 'DAPP_DIMG_CLEANUP_REGISTRY_PASSWORD';
/** The user that dapp sends with it. */
export const DAPP_USER = 'dapp-cleanup-repo';
/** The variable with docker's folder. */
export const DAPP_DOCKER_CONFIG = 'DAPP_DOCKER_CONFIG';

const SECONDS = 'in seconds; negative: no limit';

/** All of them. */
export const DAPP_NAMES: readonly DappName[] = [
  {
    variables: [
      'EXPIRY_DATE_PERIOD_POLICY',
      'DAPP_GIT_TAGS_EXPIRY_DATE_PERIOD_POLICY',
      'WERF_GIT_TAGS_EXPIRY_DATE_PERIOD_POLICY',
    ],
    unit: 'seconds',
    meaning: { kind: 'option', option: 'git-tag-strategy-expiry-days', how: SECONDS },
  },
  {
    variables: ['GIT_TAGS_LIMIT_POLICY', 'DAPP_GIT_TAGS_LIMIT_POLICY', 'WERF_GIT_TAGS_LIMIT_POLICY'],
    unit: 'count',
    meaning: { kind: 'option', option: 'git-tag-strategy-limit' },
  },
  {
    variables: [
      'GIT_COMMITS_EXPIRY_DATE_PERIOD_POLICY',
      'DAPP_GIT_COMMITS_EXPIRY_DATE_PERIOD_POLICY',
      'WERF_GIT_COMMITS_EXPIRY_DATE_PERIOD_POLICY',
    ],
    unit: 'seconds',
    meaning: { kind: 'option', option: 'git-commit-strategy-expiry-days', how: SECONDS },
  },
  {
    variables: ['GIT_COMMITS_LIMIT_POLICY', 'DAPP_GIT_COMMITS_LIMIT_POLICY', 'WERF_GIT_COMMITS_LIMIT_POLICY'],
    unit: 'count',
    meaning: { kind: 'option', option: 'git-commit-strategy-limit' },
  },
  {
    variables: [
      'DAPP_STAGES_CLEANUP_LOCAL_DISABLED_DATE_POLICY',
      'DAPP_DISABLE_SYNC_LOCAL_STAGES_DATE_PERIOD_POLICY',
      'WERF_DISABLE_STAGES_CLEANUP_DATE_PERIOD_POLICY',
      'WERF_DISABLE_SYNC_LOCAL_STAGES_DATE_PERIOD_POLICY',
    ],
    unit: 'flag',
    meaning: { kind: 'option', option: 'cache-grace', how: '0: what a running build has just made may go', value: '0' },
  },
  {
    variables: ['DAPP_INSECURE_REGISTRY'],
    unit: 'flag',
    meaning: { kind: 'option', option: 'plain-http', value: 'true' },
  },
  {
    variables: [DAPP_DOCKER_CONFIG],
    unit: 'text',
    meaning: { kind: 'here', how: 'Folder of the `config.json` with logins, before every other place' },
  },
  {
    variables: [DAPP_PASSWORD],
    unit: 'text',
    meaning: {
      kind: 'here',
      how: `In a job of GitLab CI: the token that deletes, where there is no \`delete-token\`. Elsewhere: the password for the registry, of the user \`${DAPP_USER}\` unless \`username\` names another`,
    },
  },
  {
    variables: ['DAPP_SLUG_V2', 'DAPP_SLUG_V3'],
    unit: 'text',
    meaning: { kind: 'idle', why: "names are compared in all of dapp's spellings" },
  },
  {
    variables: ['DAPP_IGNORE_CI_DOCKER_AUTOLOGIN'],
    unit: 'text',
    meaning: { kind: 'idle', why: 'a login that is given, and one of docker or podman, are taken anyway' },
  },
  {
    variables: ['DAPP_HOME'],
    unit: 'text',
    meaning: { kind: 'idle', why: 'nothing is kept in the home of dapp' },
  },
  { variables: ['DAPP_TMP'], unit: 'text', meaning: { kind: 'idle', why: 'no temporary files of dapp are written' } },
];
