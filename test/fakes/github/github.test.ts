// The fake GitHub obeys GitHub's descriptions and rules: what the tests of the program stand on.

import { Octokit } from '@octokit/rest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildImage, buildMultiArch } from '../../builders/image.ts';
import { type FakeGithub, startGithub } from './github.ts';

let github: FakeGithub;

beforeEach(async () => {
  github = await startGithub();
});
afterEach(() => github.close());

async function get(path: string, token?: string): Promise<{ status: number; json: unknown; headers: Headers }> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${github.apiUrl}${path}`, { headers });
  const text = await response.text();
  return {
    status: response.status,
    json: text === '' ? undefined : (JSON.parse(text) as unknown),
    headers: response.headers,
  };
}

describe('the fake GitHub', () => {
  it('lists the versions of a nested package in pages, for Octokit too', async () => {
    const token = github.addToken();
    const app = github.addPackage('team/app/base');
    for (let index = 0; index < 130; index += 1) app.add(buildImage({ seed: `${index}` }), { tags: [`v${index}`] });
    const octokit = new Octokit({ auth: token, baseUrl: github.apiUrl });
    const all = await octokit.paginate(octokit.rest.packages.getAllPackageVersionsForPackageOwnedByOrg, {
      org: 'team',
      package_type: 'container',
      package_name: 'app/base',
      per_page: 100,
    });
    expect(all.map(({ name }) => name)).toEqual(app.digests());
    expect(all[0]?.metadata?.container?.tags).toEqual(['v129']);
    expect(github.requestLog()).toEqual([
      'GET /orgs/team/packages/container/app%2Fbase/versions?per_page=100 200',
      'GET /orgs/team/packages/container/app%2Fbase/versions?per_page=100&page=2 200',
    ]);
  });

  it('deletes, and shows what was deleted to /v2 and to the list alike', async () => {
    const token = github.addToken();
    const app = github.addPackage('team/app');
    app.add(buildMultiArch('one'), { tags: ['v1'] });
    app.add(buildImage({ seed: 'two' }), { tags: ['v2'] });
    const path = `/orgs/team/packages/container/app/versions/${app.version('v1').id}`;
    const response = await fetch(github.apiUrl + path, {
      method: 'DELETE',
      headers: { authorization: `token ${token}` },
    });
    expect(response.status).toBe(204);
    expect((await get(path, token)).status).toBe(404);
    expect([...app.tags().keys()]).toEqual(['v2']);
    expect(app.versions()).toHaveLength(3);
  });
});
