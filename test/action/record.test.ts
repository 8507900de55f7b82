// `command: record` as a step of a workflow, after the one that pushed.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildImage, pushImage } from '../builders/image.ts';
import { startGithub } from '../fakes/github/github.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry-server.ts';
import { runActionProcess } from './run-action-process.ts';

const image = buildImage({ seed: 'app' });
const [MERGE, HEAD] = ['1'.repeat(40), '2'.repeat(40)] as const;

let folder: string;
let fake: FakeRegistry;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'record-action-'));
  fake = await startFakeRegistry();
  await pushImage(fake.origin, 'team/app', { manifest: image });
});
afterEach(async () => {
  await fake.stop();
  await rm(folder, { recursive: true });
});

const record = (inputs: Readonly<Record<string, string>>, more: NodeJS.ProcessEnv = {}) =>
  runActionProcess(folder, { command: 'record', ...inputs }, more);

describe('the step', () => {
  it('records a pull request by the merge that was built and by its newest commit', async () => {
    const event = join(folder, 'event.json');
    await writeFile(event, JSON.stringify({ pull_request: { number: 7, head: { sha: HEAD } } }));
    const { code, outputs, summary, stdout } = await record(
      { image: `${fake.host}/team/app@${image.digest}`, 'log-level': 'warn' },
      {
        GITHUB_SHA: MERGE,
        GITHUB_REF: 'refs/pull/7/merge',
        GITHUB_EVENT_NAME: 'pull_request',
        GITHUB_EVENT_PATH: event,
      },
    );
    expect(code).toBe(0);
    expect(outputs).toMatchObject({ 'recorded-count': '2', 'deleted-count': '0', 'plan-file': '', 'report-file': '' });
    for (const text of [MERGE, HEAD, 'refs/pull/7/merge', 'refs/pull/7/head']) expect(summary).toContain(text);
    expect(stdout).toContain('2 records written.');
  });

  it('fails with one annotation where a tag is given, and where the image is not there', async () => {
    const tagged = await record({ image: `${fake.host}/team/app:v1`, commit: HEAD });
    expect([tagged.code, tagged.stdout.match(/^::error::.*$/gm)?.length]).toEqual([2, 1]);
    expect(tagged.stdout).toContain('::error::input image: got');
    expect(tagged.outputs['recorded-count']).toBe('0');
    const absent = await record({ image: `${fake.host}/team/app@sha256:${'0'.repeat(64)}`, commit: HEAD });
    expect([absent.code, absent.stdout.match(/^::error::.*$/gm)?.length]).toEqual([4, 1]);
  });

  it("pushes to GitHub's registry with the workflow's own token, and asks its interface nothing", async () => {
    const github = await startGithub();
    try {
      const token = github.addToken();
      const app = github.addPackage('team/app');
      app.add(image, { tags: ['v1'] });
      const more = {
        GITHUB_API_URL: github.apiUrl,
        GITHUB_SERVER_URL: github.serverUrl,
        GITHUB_SHA: HEAD,
        GITHUB_EVENT_NAME: 'push',
      };
      const inputs = {
        image: `${github.registryHost}/team/app@${image.digest}`,
        provider: 'github',
        'github-token': token,
      };
      const first = await record(inputs, more);
      expect(first.stdout).toContain('1 record written.');
      const again = await record(inputs, more);
      expect([again.code, again.outputs['recorded-count']]).toEqual([0, '1']);
      expect(again.stdout).toContain('Nothing was written');
      expect(app.digests()).toHaveLength(2);
      expect(github.requestLog().filter((line) => line.includes('/versions'))).toEqual([]);
      expect(first.stdout.replaceAll(/^::add-mask::.*$/gm, '')).not.toContain(token);
    } finally {
      await github.close();
    }
  });
});
