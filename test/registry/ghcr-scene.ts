// A package on the fake GitHub with the adapter for it: what the tests of the GHCR adapter begin with.

import { onTestFinished } from 'vitest';
import { openGithub } from '../../src/github/open-github.ts';
import type { Log } from '../../src/log.ts';
import { parseRepository } from '../../src/model/reference.ts';
import { openBlobCache } from '../../src/registry/blob-cache.ts';
import { createGhcrRegistry } from '../../src/registry/ghcr.ts';
import { openTransport } from '../../src/registry/open-transport.ts';
import type { Registry } from '../../src/registry/port.ts';
import { NOW } from '../contract/registry-places.ts';
import type { FakeToken } from '../fakes/github/access.ts';
import { type FakeGithub, startGithub } from '../fakes/github/github.ts';
import type { FakePackage, PackageSeed } from '../fakes/github/packages.ts';

/** What is particular to a scene. */
export interface SceneOptions extends PackageSeed {
  /** Owner and name of the package; default `team/app`. */
  readonly name?: string;
  readonly ownerKind?: 'User' | 'Organization';
  /** Default a workflow's with all rights. */
  readonly token?: FakeToken;
}

/** One opening of the adapter. */
export interface OpeningOptions {
  /** Default false. */
  readonly wantsProvenance?: boolean;
  readonly token?: FakeToken;
  /** Where the cache is; default none. */
  readonly cachePath?: string;
  /** Waits for GitHub's lagging list; default three short ones. */
  readonly pausesMs?: readonly number[];
  readonly budgetShare?: number;
}

export interface Scene {
  readonly github: FakeGithub;
  readonly app: FakePackage;
  /** Everything that was logged by every opening. */
  readonly logged: readonly string[];
  /** Opens the adapter, which is closed with the test. */
  open(options?: OpeningOptions): Promise<Registry>;
  /** The requests so far but those for tokens, `GET /v2/team/app/manifests/… 200`; those of `channel` only. */
  log(channel?: 'rest' | 'registry'): readonly string[];
}

/** Starts it; everything ends with the test. */
export async function startScene(options: SceneOptions = {}): Promise<Scene> {
  const { name = 'team/app', ownerKind = 'Organization', token } = options;
  const github = await startGithub();
  onTestFinished(() => github.close());
  github.addOwner(name.slice(0, name.indexOf('/')), ownerKind);
  const app = github.addPackage(name, options);
  const repository = parseRepository(`${github.registryHost}/${name}`);
  const logged: string[] = [];
  const say = (message: string): void => void logged.push(message);
  const log: Log = { debug: say, info: say, warn: say, error: say, progress: () => undefined, secret: () => undefined };
  return {
    github,
    app,
    logged,
    open: async (opening = {}) => {
      const text = github.addToken(opening.token ?? token);
      const limits = { retries: 1, retryDelayMs: 5, maxRetryAfterMs: 0 };
      const registry = createGhcrRegistry({
        repository,
        token: text,
        github: await openGithub(
          { apiUrl: github.apiUrl, token: text },
          { environment: {}, log, limits, budgetShare: opening.budgetShare ?? 1, pointsPerMinute: 100_000 },
        ),
        transport: await openTransport({
          host: repository.host,
          repository: repository.name,
          settings: { plainHttp: false, username: 'x-access-token', password: text },
          environment: {},
          log,
          limits,
        }),
        cache: await openBlobCache({ path: opening.cachePath, log }),
        now: NOW,
        log,
        wantsProvenance: opening.wantsProvenance ?? false,
        pausesMs: opening.pausesMs ?? [1, 1, 1],
      });
      onTestFinished(() => registry.close());
      return registry;
    },
    log: (channel) => {
      const channels = channel === undefined ? {} : { channels: [channel] };
      return github.requestLog(channels).filter((line) => !/^GET \/(?:token|v2\/ )/.test(line));
    },
  };
}

/** Lines that begin with this. */
export function count(lines: readonly string[], match: RegExp): number {
  return lines.filter((line) => match.test(line)).length;
}
