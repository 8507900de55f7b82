import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runActionProcess } from '../action/run-action-process.ts';
import { createGitSandbox, type GitSandbox } from '../builders/git-repository.ts';
import { buildImage } from '../builders/image.ts';
import { type FakeGithub, startGithub } from '../fakes/github/github.ts';
import { requireProgram } from '../support/real-parts.ts';
import { runProcess } from './run-process.ts';

const START = fileURLToPath(new URL('./start-cli.ts', import.meta.url));
const OLD = '2026-01-01T00:00:00Z';

describe.runIf(requireProgram('git'))('with GitHub', () => {
  let folder: string;
  let sandbox: GitSandbox;
  let github: FakeGithub;
  let token: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cli-github-'));
    sandbox = createGitSandbox();
    github = await startGithub();
    token = github.addToken();
    const bare = sandbox.bare('app.git');
    const commits = sandbox.add(bare, {
      commits: [
        { name: 'main', date: '2026-01-01T12:00:00Z' },
        { name: 'feature', date: '2026-01-02T12:00:00Z', parents: ['main'] },
      ],
      branches: { main: 'main' },
    });
    const repository = github.addRepository('team/app', { directory: bare });
    const app = github.addPackage('team/app');
    const revision = (name: string) => ({ 'org.opencontainers.image.revision': commits.get(name) ?? '' });
    for (const name of ['main', 'feature'])
      app.add(buildImage({ seed: name, created: OLD, labels: revision(name) }), { tags: [`image-of-${name}`] });
    repository.addPullRequest({ number: 7, head: commits.get('feature') ?? '' });
  });

  afterAll(async () => {
    await github.close();
    sandbox.remove();
    await rm(folder, { recursive: true });
  });

  const variables = () => ({ GITHUB_API_URL: github.apiUrl, GITHUB_SERVER_URL: github.serverUrl });
  const name = () => `${github.registryHost}/team/app`;

  it('explain says that an open pull request keeps an image', async () => {
    const words = ['explain', 'image-of-feature', '--repository', name(), '--provider', 'github', '--without-kube'];
    const environment = { ...variables(), GH_TOKEN: token };
    const result = await runProcess({
      file: START,
      words: [...words, '--github-repository', 'team/app', '--log-level', 'debug'],
      directory: folder,
      environment,
    });
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout).toContain('open pull request 7');
    expect(result.stdout + result.stderr).not.toContain(token);
  });

  it('the action asks the repository that it runs in, without a checkout, and keeps no secret in its log', async () => {
    const inputs = {
      'without-forge': 'false',
      'without-kube': 'true',
      repository: name(),
      provider: 'github',
      'github-token': token,
      'log-level': 'debug',
    };
    const environment = { ...variables(), GITHUB_REPOSITORY: 'team/app', GITHUB_EVENT_NAME: 'schedule' };
    const { code, stdout, outputs, summary } = await runActionProcess(folder, inputs, environment);
    expect(code).toBe(0);
    expect(outputs).toMatchObject({ 'kept-count': '2', 'deleted-count': '0' });
    expect(summary).toContain('team/app');
    const encoded = Buffer.from(`x-access-token:${token}`).toString('base64');
    const shown = stdout.replaceAll(/^::add-mask::.*$/gm, '') + summary;
    for (const form of [token, encoded]) expect(shown).not.toContain(form);
    expect(stdout).toContain(`::add-mask::${encoded}`);
  });

  it('tells all mistakes about it at once, before any request', async () => {
    github.clearRequests();
    const words = ['--repository', name(), '--provider', 'github', '--github-repository', 'team', '--without-kube'];
    const { code, stderr } = await runProcess({ file: START, words, directory: folder, environment: variables() });
    expect(code).toBe(2);
    expect(stderr).toContain('error: 3 mistakes in the settings:');
    expect(stderr).toContain('needs a token');
    expect(github.requests).toEqual([]);
  });
});
