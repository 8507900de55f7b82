// The environment that git runs in: quiet, in English, asking nobody, and pointed at no other repository than ours says.

import type { ConfigEntry } from './secrets.ts';

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Variables that would point git at another repository (`git rev-parse --local-env-vars`), as inside a hook. Those that
 * carry configuration (`GIT_CONFIG_*`) stay: a job may hand its credentials over in them.
 */
const REDIRECTING: ReadonlySet<string> = new Set([
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_CEILING_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_DIR',
  'GIT_GRAFT_FILE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_NAMESPACE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_PREFIX',
  'GIT_QUARANTINE_PATH',
  'GIT_REPLACE_REF_BASE',
  'GIT_SHALLOW_FILE',
  'GIT_WORK_TREE',
]);

/** Settings of a repository of our own: it runs no hook, tidies nothing up, and takes no more than it asks for. */
const OWN_SETTINGS: readonly ConfigEntry[] = [
  { key: 'core.hooksPath', value: '/dev/null' },
  { key: 'gc.auto', value: '0' },
  { key: 'maintenance.auto', value: 'false' },
  { key: 'fetch.writeCommitGraph', value: 'false' },
  { key: 'remote.origin.tagOpt', value: '--no-tags' },
];

/** Configuration that says how to reach origin. Everything else belongs to the clone alone. */
const REACHING =
  /^(?:http\.|https\.|credential\.|url\.|ssh\.|protocol\.|safe\.directory$|core\.(?:sshcommand|askpass|gitproxy)$|remote\.origin\.(?:url|proxy|proxyauthmethod|uploadpack|vcs|serveroption)$)/;
/** Keys whose values add up, and which an empty value empties (git-config(1)). */
const ADDING_UP = /\.(?:extraheader|helper|curloptresolve|serveroption)$/;

/** The environment for reading the user's clone and asking its origin. */
export function gitEnvironment(environment: Environment): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    // Traces can hold credentials, and would be taken for complaints.
    if (value !== undefined && !REDIRECTING.has(name) && !name.startsWith('GIT_TRACE')) result[name] = value;
  }
  return {
    // A server that sends nothing at all for five minutes will not send any more; a busy one sends keep-alives.
    GIT_HTTP_LOW_SPEED_LIMIT: '1',
    GIT_HTTP_LOW_SPEED_TIME: '300',
    ...result,
    GIT_FLUSH: '0',
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_PAGER: 'cat',
    GIT_ADVICE: '0',
  };
}

/**
 * The environment for a repository of our own at `gitDirectory`, which reaches origin as the clone does: `config` is the
 * clone's whole configuration (`git config --list` there), wherever its includes and conditions put it.
 * It travels in the environment, never on a command line. Lists are emptied first, as the user's own files add to them too:
 * GitHub refuses a request with the same header twice.
 */
export function ownEnvironment(
  environment: Environment,
  gitDirectory: string,
  config: readonly ConfigEntry[],
): Record<string, string> {
  const reaching = config.filter(({ key }) => REACHING.test(key));
  const emptied = [...new Set(reaching.map(({ key }) => key))].filter((key) => ADDING_UP.test(key));
  const entries = [...emptied.map((key) => ({ key, value: '' })), ...reaching, ...OWN_SETTINGS];
  const result = gitEnvironment(environment);
  for (const name of Object.keys(result)) {
    if (/^GIT_CONFIG_(?:PARAMETERS$|COUNT$|KEY_|VALUE_)/.test(name)) delete result[name];
  }
  for (const [index, { key, value }] of entries.entries()) {
    result[`GIT_CONFIG_KEY_${index}`] = key;
    result[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return { ...result, GIT_CONFIG_COUNT: String(entries.length), GIT_DIR: gitDirectory, GIT_NO_LAZY_FETCH: '1' };
}
