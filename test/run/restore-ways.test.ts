// How each repository of a journal comes back, by what the journal says and whose login there is.

import { describe, expect, it } from 'vitest';
import type { RegistrySettings, RestoreSettings } from '../../src/config/settings.ts';
import { parseRegistryHost } from '../../src/model/reference.ts';
import type { RepositoryLosses } from '../../src/plan/list-losses.ts';
import { chooseWays } from '../../src/run/restore-ways.ts';

const NAME = 'registry.gitlab.com/team/app';

function wayOf(undo: RepositoryLosses['undo'], name: string, registry: Partial<RegistrySettings>): string | undefined {
  const losses: RepositoryLosses = { name, undo, images: [], tags: [], restoredBefore: 0 };
  const settings: RestoreSettings = {
    journal: 'journal.jsonl',
    repositories: [],
    githubHosts: [],
    registry: { plainHttp: false, ...registry },
    format: 'text',
    logLevel: 'info',
  };
  return chooseWays([losses], settings)[0]?.[1];
}

describe('an image whose manifest is put again', () => {
  const host = parseRegistryHost('registry.gitlab.com');
  const gitlab = { host, login: { username: 'u', password: 'p', from: 'GITLAB_TOKEN' } };

  it.each<readonly [string, RepositoryLosses['undo'], string, Partial<RegistrySettings>, string]>([
    ['goes to GitLab’s registry with its login', 'put-manifest', NAME, { gitlab }, 'gitlab'],
    ['goes there likewise when the journal does not say how', undefined, NAME, { gitlab }, 'gitlab'],
    ['goes there by the protocol alone without a login', 'put-manifest', NAME, {}, 'oci'],
    ['goes to no other registry with that login', 'put-manifest', 'quay.io/team/app', { gitlab }, 'oci'],
  ])('%s', (_, undo, name, registry, expected) => {
    expect(wayOf(undo, name, registry)).toBe(expected);
  });
});
