// What it takes to talk to one registry: the caller's choices. Values only, nothing is opened here.

import type { GithubAccess, GitlabRegistryAccess } from '../config/settings.ts';
import type { ConnectionLimits } from '../http/connection-limits.ts';
import type { Log } from '../log.ts';
import type { RegistryHost, RepositoryName } from '../model/reference.ts';
import type { Instant } from '../model/time.ts';

/** How to reach registries, as the settings of a run have it. */
export interface ConnectionSettings {
  /** With `password`: outranks every credentials file. */
  readonly username?: string;
  readonly password?: string;
  /** Where they were given, for messages; `--username` unless told. Never the credentials themselves. */
  readonly credentialsFrom?: string;
  /** PEM file with further certificate authorities. */
  readonly caFile?: string;
  /** Allow plain HTTP also to hosts other than loopback. */
  readonly plainHttp: boolean;
  /** Check no certificate. */
  readonly skipTlsVerify?: true;
  /** The folder of docker's `config.json`, before every other place. */
  readonly dockerConfig?: string;
}

/** Everything {@link import('./open-transport.ts').openTransport} needs. */
export interface TransportOptions {
  readonly host: RegistryHost;
  /** The only repository that tokens are asked for. */
  readonly repository: RepositoryName;
  readonly settings: ConnectionSettings;
  /** Where credentials files and proxies are looked up: `process.env` in a run. */
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Log;
  /** Overrides of `DEFAULT_LIMITS`. */
  readonly limits?: Partial<ConnectionLimits>;
}

/** How {@link import('./open-registry.ts').openRegistry} gets to a repository. */
export interface OpenOptions {
  /** `github` must be there for a target with that provider; `gitlab` need not. */
  readonly settings: ConnectionSettings & { readonly github?: GithubAccess; readonly gitlab?: GitlabRegistryAccess };
  /** Where credentials files and proxies are looked up: `process.env` in a run. */
  readonly environment: NodeJS.ProcessEnv;
  readonly now: Instant;
  readonly log: Log;
  /** Folder for what later runs need not read again; undefined: everything is read. */
  readonly cacheDirectory?: string;
  /** Whether attestations are asked for the commit of images that no label tells of: one more request each. Default false. */
  readonly wantsProvenance?: boolean;
  /** Whether BuildKit's registry caches are asked for their age: one more request each, unless an earlier run read it. Default false. */
  readonly wantsCacheTimes?: boolean;
}
