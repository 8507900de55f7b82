// An independent client of GitLab's REST interface, and clients of registries that are not ours, get on with the fake GitLab.
// What they expect is what GitLab's documentation says: https://docs.gitlab.com/api/rest/

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Gitlab } from '@gitbeaker/rest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGitSandbox, type GitSandbox } from '../../builders/git-repository.ts';
import { addToLayout, buildImage, buildMultiArch, makeLayout } from '../../builders/image.ts';
import { requireDistribution, requireProgram } from '../../support/real-parts.ts';
import { type FakeGitlab, startGitlab } from './gitlab.ts';
import type { FakeProject } from './projects.ts';
import { ROUTES } from './rest.ts';

const DAY = '2026-01-01T00:00:00Z';
const run = promisify(execFile);
const hasParts = requireDistribution() !== undefined && requireProgram('openssl') && requireProgram('git');

describe.runIf(hasParts)('an independent client at the fake GitLab', () => {
  let sandbox: GitSandbox;
  let gitlab: FakeGitlab;
  let project: FakeProject;
  let client: InstanceType<typeof Gitlab>;
  let commits: ReadonlyMap<string, string>;
  const id = 'group/sub/app';

  beforeAll(async () => {
    sandbox = createGitSandbox();
    gitlab = await startGitlab();
    const directory = sandbox.bare('app.git');
    const branches = Object.fromEntries(
      Array.from({ length: 24 }, (_, at) => [`feature/${String(at).padStart(2, '0')}`, 'b']),
    );
    const tags = Object.fromEntries(Array.from({ length: 23 }, (_, at) => [`v${at}`, { commit: 'a', date: DAY }]));
    commits = sandbox.add(directory, {
      commits: [
        { name: 'a', date: DAY },
        { name: 'b', date: '2026-01-02T00:00:00Z', parents: ['a'] },
      ],
      branches: { main: 'a', ...branches },
      tags: { ...tags, light: 'b' },
    });
    project = gitlab.addProject(id, { directory });
    client = new Gitlab({ host: gitlab.serverUrl, token: gitlab.addToken() });
    gitlab.registry.repository(id).push(buildImage({ seed: 'one', created: DAY }), { tags: ['v1', 'v2', 'old'] });
    gitlab.registry.repository(`${id}/tool`);
  });
  afterAll(async () => {
    await gitlab?.close();
    sandbox?.remove();
  });

  it('finds the project by its path and by its number', async () => {
    const byPath = await client.Projects.show(id);
    expect(byPath).toMatchObject({ path_with_namespace: id, default_branch: 'main', visibility: 'private' });
    expect((await client.Projects.show(byPath.id)).path_with_namespace).toBe(id);
    await expect(client.Projects.show('group/other')).rejects.toThrow('404 Project Not Found');
  });

  it('knows who asks', async () => {
    expect(await client.Users.showCurrentUser()).toMatchObject({ username: 'ann' });
  });

  it('lists all branches and tags over pages by number and by name', async () => {
    const names = (items: readonly { readonly name: string }[]) => items.map(({ name }) => name).toSorted();
    const byNumber = await client.Branches.all(id);
    expect(byNumber).toHaveLength(25);
    expect(names(await client.Branches.all(id, { pagination: 'keyset', perPage: 7 }))).toEqual(names(byNumber));
    expect(byNumber.find(({ name }) => name === 'main')).toMatchObject({
      default: true,
      commit: { id: commits.get('a'), parent_ids: [], committed_date: '2026-01-01T00:00:00+00:00' },
    });
    expect(await client.Branches.show(id, 'feature/03')).toMatchObject({ name: 'feature/03' });
    const tags = await client.Tags.all(id);
    expect(tags).toHaveLength(24);
    expect(names(await client.Tags.all(id, { pagination: 'keyset', perPage: 12 }))).toEqual(names(tags));
    expect(tags.find(({ name }) => name === 'light')).toMatchObject({ target: commits.get('b'), message: null });
    const annotated = tags.find(({ name }) => name === 'v1');
    expect(annotated).toMatchObject({ commit: { id: commits.get('a') }, created_at: '2026-01-01T00:00:00+00:00' });
    expect(annotated?.target).not.toBe(commits.get('a'));
  });

  it('reads a commit and a file', async () => {
    expect(await client.Commits.show(id, 'main')).toMatchObject({ id: commits.get('a'), project_id: project.id });
    await expect(client.Commits.show(id, '0'.repeat(40))).rejects.toThrow('404 Commit Not Found');
    expect(await client.RepositoryFiles.showRaw(id, 'file', 'main')).toBe('content of a');
  });

  it('lists merge requests by state, and shows one', async () => {
    project.addMergeRequest({ iid: 1, head: commits.get('b')! });
    project.addMergeRequest({ iid: 2, head: commits.get('b')!, state: 'merged', mergeCommit: commits.get('b')! });
    project.addMergeRequest({ iid: 3, head: commits.get('b')!, fork: 'ann/app', merges: false });
    const opened = await client.MergeRequests.all({ projectId: id, state: 'opened' });
    expect(opened.map(({ iid }) => iid)).toEqual([3, 1]);
    expect(opened[0]).toMatchObject({ sha: commits.get('b'), detailed_merge_status: 'conflict', has_conflicts: true });
    expect(opened[0]?.source_project_id).not.toBe(project.id);
    expect(await client.MergeRequests.show(id, 2)).toMatchObject({
      state: 'merged',
      merge_commit_sha: commits.get('b'),
    });
    expect(sandbox.git(project.directory!, 'rev-parse', 'refs/merge-requests/1/head')).toBe(commits.get('b'));
    expect(sandbox.git(project.directory!, 'rev-parse', 'refs/merge-requests/1/merge^2')).toBe(commits.get('b'));
  });

  it('lists releases, also one whose tag is gone', async () => {
    project.addRelease({ tag: 'v1' });
    project.addRelease({ tag: 'gone' });
    const releases = await client.ProjectReleases.all(id);
    expect(releases.map(({ tag_name }) => tag_name)).toEqual(['gone', 'v1']);
    expect(releases[1]?.commit.id).toBe(commits.get('a'));
    expect(releases[0]?.commit).toBeUndefined();
  });

  it('lists environments and deployments', async () => {
    project.addDeployment({ environment: 'production', commit: commits.get('a')! });
    project.addDeployment({ environment: 'production', commit: commits.get('b')!, status: 'failed' });
    project.addEnvironment({ name: 'review/1', state: 'stopped' });
    const environments = await client.Environments.all(id, { states: 'available' });
    expect(environments.map(({ name }) => name)).toEqual(['production']);
    const shown = await client.Environments.show(id, environments[0]!.id);
    expect(shown).toMatchObject({ last_deployment: { sha: commits.get('a'), status: 'success' } });
    const good = await client.Deployments.all(id, { environment: 'production', status: 'success' });
    expect(good.map(({ sha }) => sha)).toEqual([commits.get('a')]);
    const latest = await client.Deployments.all(id, { updatedAfter: DAY, orderBy: 'updated_at', sort: 'desc' });
    expect(latest.map(({ status }) => status)).toEqual(['failed', 'success']);
  });

  it('writes a note, changes it, and finds it again', async () => {
    const made = await client.MergeRequestNotes.create(id, 1, 'first words');
    await client.MergeRequestNotes.edit(id, 1, made.id, { body: 'second words' });
    expect(await client.MergeRequestNotes.show(id, 1, made.id)).toMatchObject({ body: 'second words', system: false });
    expect((await client.MergeRequestNotes.all(id, 1)).map(({ body }) => body)).toEqual(['second words']);
    await expect(client.MergeRequestNotes.create(id, 1, ' ')).rejects.toThrow(/blank/);
  });

  it('lists repositories of images and their tags, and deletes one tag of three', async () => {
    const [own, tool] = await client.ContainerRegistry.allRepositories({ projectId: id });
    expect([own?.path, tool?.path]).toEqual([id, `${id}/tool`]);
    expect(own?.location).toBe(`${gitlab.registryHost}/${id}`);
    const names = async () => (await client.ContainerRegistry.allTags(id, own!.id)).map(({ name }) => name);
    expect(await names()).toEqual(['old', 'v1', 'v2']);
    expect(await client.ContainerRegistry.showTag(id, own!.id, 'v1')).toMatchObject({
      digest: gitlab.registry.repository(id).digestOf('v1'),
      created_at: DAY,
    });
    await client.ContainerRegistry.removeTag(id, own!.id, 'old');
    expect(await names()).toEqual(['v1', 'v2']);
    project.protectTags('^v1$', { delete: 'owner' });
    await expect(client.ContainerRegistry.removeTag(id, own!.id, 'v1')).rejects.toThrow('403 Forbidden');
    const rules = await client.requester.get(`projects/${encodeURIComponent(id)}/registry/protection/tag/rules`);
    expect(rules.body).toMatchObject([{ tag_name_pattern: '^v1$', minimum_access_level_for_delete: 'owner' }]);
  });

  it('has met every route by now, and asked for nothing that GitLab does not know', () => {
    expect(ROUTES.length).toBeGreaterThan(20);
    expect(
      ROUTES.filter((route) => !gitlab.requests.some((request) => isOf(request, route))).map(({ path }) => path),
    ).toEqual([]);
    expect(gitlab.violations).toEqual([]);
  });
});

/** Whether a request went to a route. */
function isOf(request: { readonly method: string; readonly path: string }, route: (typeof ROUTES)[number]): boolean {
  const [path = ''] = request.path.split('?');
  return (
    request.method === route.method && new RegExp(`^/api/v4${route.path.replaceAll(/:\w+/g, '[^/]+')}$`).test(path)
  );
}

describe.runIf(hasParts && requireProgram('skopeo'))('skopeo at the registry of the fake GitLab', () => {
  let gitlab: FakeGitlab;
  let folder: string;

  beforeAll(async () => {
    gitlab = await startGitlab();
    gitlab.addProject('group/app');
    folder = await mkdtemp(join(tmpdir(), 'skopeo-'));
  });
  afterAll(async () => {
    await gitlab?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('pushes an index, lists its tag, pulls it back and deletes it, with the token of a job', async () => {
    const layout = join(folder, 'layout');
    await makeLayout(layout);
    const image = buildMultiArch('pushed');
    await addToLayout(layout, image, ['v1']);
    const creds = `gitlab-ci-token:${gitlab.addToken({ kind: 'job', project: 'group/app' })}`;
    const there = `docker://${gitlab.registryHost}/group/app/base`;
    const skopeo = async (...words: readonly string[]) => (await run('skopeo', words, { cwd: folder })).stdout;
    await skopeo(
      'copy',
      '--all',
      '--preserve-digests',
      '--dest-tls-verify=false',
      '--dest-creds',
      creds,
      `oci:${layout}:v1`,
      `${there}:v1`,
    );
    const images = gitlab.registry.repository('group/app/base');
    expect(images.digestOf('v1')).toBe(image.digest);
    expect(images.digests()).toHaveLength(3);
    expect(JSON.parse(await skopeo('list-tags', '--tls-verify=false', '--creds', creds, there))).toMatchObject({
      Tags: ['v1'],
    });
    await skopeo(
      'copy',
      '--all',
      '--src-tls-verify=false',
      '--src-creds',
      creds,
      `${there}:v1`,
      `oci:${join(folder, 'back')}:v1`,
    );
    await skopeo('delete', '--tls-verify=false', '--creds', creds, `${there}:v1`);
    expect(images.tags()).toEqual([]);
    expect(gitlab.requestLog({ channels: ['registry'] }).at(-1)).toBe(
      `DELETE /v2/group/app/base/manifests/${image.digest} 202`,
    );
  });

  it('is refused without credentials and with wrong ones', async () => {
    const there = `docker://${gitlab.registryHost}/group/app/base`;
    const list = (...words: readonly string[]) => run('skopeo', ['list-tags', '--tls-verify=false', ...words, there]);
    await expect(list('--creds', 'ann:glpat-wrong')).rejects.toThrow(/unauthorized|Access denied/i);
    await expect(list()).rejects.toThrow(/requested access|unauthorized|denied/i);
  });
});
