// What a user said in werf's words and no option of ours says.

/** Only a command line has it; each key is absent where nothing was said. */
export interface WerfGiven {
  /** `WERF_CONFIG`: the werf.yaml, in its directory. */
  readonly config?: string;
  /** `--dir`: where werf.yaml and the policy file are. */
  readonly directory?: string;
  /** `--git-work-tree`: the clone, where `--git-dir` does not name one. */
  readonly workTree?: string;
  /** `--docker-config`: the folder of docker's `config.json`, before every other place. */
  readonly dockerConfig?: string;
  /** `--skip-tls-verify-registry`: no certificate of a registry is checked. */
  readonly skipTlsVerify?: true;
  /** `--keep-stages-built-within-last-n-hours`, in place of what the policy file says: 0 or more. */
  readonly keepBuiltWithinHours?: number;
  /** `--scan-context-namespace-only`: of each context only the namespace that it names. */
  readonly ownNamespacesOnly?: true;
  /** `--repo-github-token`: for GitHub's packages, before the token for GitHub. */
  readonly packagesToken?: string;
  /** Everything among werf's words that no log may show. */
  readonly secrets?: readonly string[];
}
