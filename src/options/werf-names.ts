// werf's own words: each flag of `werf cleanup` and `werf purge` with its variables, and what becomes of it here. The command line takes
// them, and docs/werf.md has the table. Flags of werf 1.2, 2 and 3: https://werf.io/docs/v2/reference/cli/werf_cleanup.html

/** What becomes of a flag here. */
export type WerfMeaning =
  /** An option of the same name; only the variables need a word. */
  | { readonly kind: 'same' }
  /** Another option of ours. */
  | { readonly kind: 'option'; readonly option: string; readonly how?: string }
  /** Understood, and no option of ours says it. */
  | { readonly kind: 'here'; readonly how: string }
  /** Taken, and told to have no effect. */
  | { readonly kind: 'idle'; readonly why: string }
  /** Not taken: what to do instead. */
  | { readonly kind: 'refused'; readonly instead: string };

/** One flag. */
export interface WerfName {
  /** Without hyphens. */
  readonly name: string;
  /** `p` of `-p`. */
  readonly short?: string;
  readonly kind: 'text' | 'list' | 'flag';
  /** The first that is not empty counts. One that ends in `_*` stands for all that begin so. */
  readonly variables: readonly string[];
  readonly secret?: true;
  readonly meaning: WerfMeaning;
  /** What becomes of it with `host`, as `werf host cleanup` has it. Absent: the same. */
  readonly onHost?: WerfMeaning;
}

const BY_HOST = "a repository's registry is told by its host, or by provider for all of them";
const WHOLE_REPOSITORIES = 'werf uses it only to delete whole repositories, which is not done here';
const BUILDS = 'it is about building';
const RENDERING = 'no template is rendered here';
const IN_PLACE = 'werf.yaml is read as it lies in the working directory';
const HOST = 'it is about the machine, which only `host` looks at';
const BY_CONTENT = 'images tagged by their content are of no scheme: they stay';
const LOOKS = 'how the log looks follows the terminal';

const text = (name: string, meaning: WerfMeaning, variables = [variableOf(name)]): WerfName => ({
  name,
  kind: 'text',
  variables,
  meaning,
});
const flag = (name: string, meaning: WerfMeaning, variables = [variableOf(name)]): WerfName => ({
  ...text(name, meaning, variables),
  kind: 'flag',
});
const list = (name: string, meaning: WerfMeaning, variables = [`${variableOf(name)}_*`]): WerfName => ({
  ...text(name, meaning, variables),
  kind: 'list',
});
const secret = (name: string, meaning: WerfMeaning): WerfName => ({ ...text(name, meaning), secret: true });
const idle = (why: string): WerfMeaning => ({ kind: 'idle', why });
const same: WerfMeaning = { kind: 'same' };

/** What only werf 1 has: https://werf.io/documentation/v1.1/cli/main/cleanup.html */
const WERF_1_NAMES: readonly WerfName[] = [
  {
    ...text('images-repo', {
      kind: 'option',
      option: 'repository',
      how: 'of `--images-repo-mode multirepo` name `REPO/IMAGE` for each image',
    }),
    short: 'i',
  },
  text('images-repo-mode', idle('each repository is named')),
  text('images-repo-implementation', idle(BY_HOST)),
  {
    ...text('stages-storage', {
      kind: 'here',
      how: 'As `build-cache-repo`, where it is not the repository that is cleaned; `:local` is for `host`',
    }),
    short: 's',
  },
  text('stages-storage-repo-implementation', idle(BY_HOST)),
  text('git-tag-strategy-limit', same),
  text('git-tag-strategy-expiry-days', same),
  text('git-commit-strategy-limit', same),
  text('git-commit-strategy-expiry-days', same),
  text('stages-signature-strategy-limit', idle(BY_CONTENT)),
  text('stages-signature-strategy-expiry-days', idle(BY_CONTENT)),
  flag('git-history-based-cleanup', idle('keep policies decide, unless tag schemes are on')),
  flag('git-history-based-cleanup-v1.2', idle('keep policies decide, unless tag schemes are on'), [
    'WERF_GIT_HISTORY_BASED_CLEANUP_v1_2',
  ]),
  flag('git-history-synchronization', idle('branches and tags are asked for anyway')),
  flag('allow-git-shallow-clone', idle('a shallow clone is completed elsewhere')),
];

/** All of them, in werf's order; what only werf 1 has stands last. */
export const WERF_NAMES: readonly WerfName[] = [
  text('repo', { kind: 'option', option: 'repository' }),
  text('repo-container-registry', {
    kind: 'option',
    option: 'provider',
    how: '`default`, `harbor` and `quay` are `oci`; `github` and `gitlab` are the same; `ecr`, `acr`, `gcr` and `dockerhub` are not spoken',
  }),
  secret('repo-github-token', {
    kind: 'here',
    how: "GitHub's packages are deleted with it; where there is no GITHUB_TOKEN it is the token for GitHub, too",
  }),
  ...listRepoSecrets('repo'),
  text('final-repo', same),
  text('final-repo-container-registry', idle(BY_HOST)),
  secret('final-repo-github-token', idle('one token is for all packages: --repo-github-token')),
  ...listRepoSecrets('final-repo'),
  text('meta-repo', same),
  list('cache-repo', same),
  list('secondary-repo', idle('werf only reads from it, and nothing is deleted there')),
  text('docker-config', { kind: 'here', how: 'Folder of the `config.json` with logins, before every other place' }),
  flag('insecure-registry', { kind: 'option', option: 'plain-http' }),
  flag('skip-tls-verify-registry', {
    kind: 'here',
    how: "No certificate of a registry is checked, and a warning says so; those of GitHub's, GitLab's and clusters' interfaces are",
  }),
  list('container-registry-mirror', idle('it is about pulling base images')),
  { ...text('synchronization', idle('nothing here needs a lock of werf')), short: 'S' },
  flag('dry-run', { kind: 'here', how: 'With `apply`: `plan`. With `purge` and `host`: without `confirm`' }),
  text('keep-stages-built-within-last-n-hours', {
    kind: 'here',
    how: 'In place of `keepImagesBuiltWithinLastNHours` of the policy file; 0 switches the rule off',
  }),
  text('keep-list', same),
  flag('without-kube', same),
  text('scan-context-only', { kind: 'option', option: 'kube-context' }),
  // On purpose not its variable: werf cleanup does not look at WERF_KUBE_CONTEXT either.
  text('kube-context', same, []),
  flag('scan-context-namespace-only', {
    kind: 'here',
    how: 'Of each context only the namespace that the kubeconfig names for it; all of them where it names none',
  }),
  list('kube-scan-namespaces', { kind: 'option', option: 'namespace' }, []),
  text('kube-config', same, ['WERF_KUBE_CONFIG', 'WERF_KUBECONFIG']),
  {
    ...text('kube-config-base64', same, ['WERF_KUBE_CONFIG_BASE64', 'WERF_KUBECONFIG_BASE64', 'KUBECONFIG_BASE64']),
    secret: true,
  },
  secret('kube-token', {
    kind: 'here',
    how: 'With `--kube-api-server`, where no kubeconfig is given: the one cluster that is asked, as the context `token`',
  }),
  text('kube-token-path', { kind: 'here', how: 'The same with a file that has the token' }),
  text('kube-api-server', { kind: 'here', how: 'Only with `--kube-token` or `--kube-token-path`' }),
  text('kube-ca-data', { kind: 'here', how: 'Only with them: PEM, or PEM in base64' }),
  flag('skip-tls-verify-kube', { kind: 'here', how: 'Only with them: the certificate of the cluster is not checked' }),
  { ...flag('parallel', idle('requests run side by side as the registry bears')), short: 'p' },
  text('parallel-tasks-limit', idle('requests run side by side as the registry bears')),
  flag('save-cleanup-report', {
    kind: 'option',
    option: 'report-file',
    how: 'The report is ours, at `.werf-cleanup-report.json` or at the path of the next flag',
  }),
  text('cleanup-report-path', { kind: 'option', option: 'report-file', how: 'Only with `--save-cleanup-report`' }),
  text('dir', { kind: 'here', how: 'Where werf.yaml, the policy file and the clone are' }),
  text('git-work-tree', { kind: 'here', how: 'The clone, as `git-dir`' }, ['WERF_WORK_TREE']),
  text('config', { kind: 'here', how: 'The same option; the variable names a werf.yaml' }),
  text('config-templates-dir', idle(RENDERING)),
  text('config-render-path', idle(RENDERING)),
  text('giterminism-config', idle(IN_PLACE)),
  flag('loose-giterminism', idle(IN_PLACE)),
  text('env', idle(RENDERING)),
  // The flag is an option of ours, with another meaning; who has it in a script of werf's is told so.
  flag('dev', idle(`${IN_PLACE}; \`--dev\` itself is about dapp's build cache here`)),
  text('dev-branch', idle(BUILDS)),
  list('dev-ignore', idle(BUILDS)),
  flag('debug-templates', idle(RENDERING)),
  flag('allow-includes-update', idle(RENDERING)),
  list('platform', idle(BUILDS), ['WERF_PLATFORM']),
  text('home-dir', idle('nothing is kept in the home of werf'), ['WERF_HOME']),
  text('tmp-dir', idle('no temporary files are written')),
  flag('disable-auto-host-cleanup', idle(HOST)),
  ...listHostNames(),
  flag('log-debug', { kind: 'option', option: 'log-level', how: '`debug`' }),
  flag('log-verbose', { kind: 'option', option: 'log-level', how: '`info`, which it is anyway' }),
  flag('log-quiet', { kind: 'option', option: 'log-level', how: '`warn`' }),
  text('log-color-mode', idle(LOOKS)),
  flag('log-pretty', idle(LOOKS)),
  flag('log-time', idle(LOOKS)),
  text('log-time-format', idle(LOOKS)),
  text('log-terminal-width', idle(LOOKS)),
  flag('log-project-dir', idle(LOOKS)),
  ...WERF_1_NAMES,
];

/** The commands that take them. */
export const WERF_COMMANDS: readonly string[] = ['plan', 'apply', 'explain', 'purge', 'managed-images', 'host'];

/** The flags of `werf host cleanup`: https://werf.io/docs/v2/reference/cli/werf_host_cleanup.html */
function listHostNames(): readonly WerfName[] {
  const onHost = (entry: WerfName, meaning: WerfMeaning): WerfName => ({ ...entry, onHost: meaning });
  const usage = (name: string, how: string): WerfName => {
    const variables = ['BACKEND', 'DOCKER'].map((what) => variableOf(name).replace('BACKEND', what));
    return onHost(text(name, idle(HOST), variables), { kind: 'here', how });
  };
  const byAge = idle('what this program keeps goes by its age: `own-cache-older-than`');
  const named = { ...text('project-name', idle('werf.yaml has it')), short: 'N' };
  const path = text('backend-storage-path', idle(HOST), [
    'WERF_BACKEND_STORAGE_PATH',
    'WERF_DOCKER_SERVER_STORAGE_PATH',
  ]);
  return [
    usage('allowed-backend-storage-volume-usage', '`image-gc-high-threshold`, in percent'),
    usage(
      'allowed-backend-storage-volume-usage-margin',
      '`image-gc-low-threshold` is so much less than the other; 5 without it',
    ),
    onHost(text('allowed-local-cache-volume-usage', idle(HOST)), byAge),
    onHost(text('allowed-local-cache-volume-usage-margin', idle(HOST)), byAge),
    onHost(path, { kind: 'option', option: 'engine-root' }),
    onHost(named, { kind: 'option', option: 'project-label', how: 'as `werf=NAME`' }),
    flag('force', { kind: 'refused', instead: 'what a container uses is never deleted' }),
  ];
}

function variableOf(name: string): string {
  return `WERF_${name.toUpperCase().replaceAll('-', '_')}`;
}

function listRepoSecrets(repo: string): readonly WerfName[] {
  const hub: WerfMeaning = {
    kind: 'refused',
    instead: "Docker Hub's own interface is not spoken: docker login gives the registry its user",
  };
  return [
    secret(`${repo}-docker-hub-token`, hub),
    text(`${repo}-docker-hub-username`, hub),
    secret(`${repo}-docker-hub-password`, hub),
    text(`${repo}-harbor-username`, idle(WHOLE_REPOSITORIES)),
    secret(`${repo}-harbor-password`, idle(WHOLE_REPOSITORIES)),
    secret(`${repo}-quay-token`, idle(WHOLE_REPOSITORIES)),
  ];
}
