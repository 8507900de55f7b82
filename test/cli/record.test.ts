// `record` as a process: its words, what it prints, its exit codes, and what it asks of others.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildImage, pushImage } from '../builders/image.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry-server.ts';
import { runProcess } from './run-process.ts';

const START = fileURLToPath(new URL('./start-cli.ts', import.meta.url));
const image = buildImage({ seed: 'app' });
const COMMIT = 'c'.repeat(40);

let folder: string;
let fake: FakeRegistry;
let name: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'record-cli-'));
  fake = await startFakeRegistry({ noReferrersApi: true });
  await pushImage(fake.origin, 'team/app', { manifest: image, tags: ['v1'] });
  name = `${fake.host}/team/app@${image.digest}`;
});
afterEach(async () => {
  await fake.stop();
  await rm(folder, { recursive: true });
});

const record = (words: readonly string[], environment: NodeJS.ProcessEnv = {}) =>
  runProcess({ file: START, words: ['record', ...words], directory: folder, environment });

describe('record', () => {
  it('says what it wrote and where, and then that there was nothing to write', async () => {
    const words = ['--image', name, '--commit', COMMIT, '--ref', 'refs/heads/main', '--image-name', 'web'];
    const first = await record(words);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    const told = first.stdout.replaceAll(/\s+/g, ' ');
    expect(told).toContain('1 record written.');
    expect(told).toContain(`${name} is the image of web at commit ${COMMIT} (refs/heads/main)`);
    expect(told).toMatch(/written: tag record-[0-9a-f]{40} /);
    const again = await record(words);
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout).toContain('Nothing was written');
  });

  it('tells it as JSON and Markdown', async () => {
    const words = ['--image', name, '--commit', COMMIT];
    const json = await record([...words, '--format', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      version: 1,
      command: 'record',
      records: [{ repository: `${fake.host}/team/app`, image: image.digest, commit: COMMIT, outcome: 'written' }],
    });
    const markdown = await record([...words, '--format', 'markdown']);
    expect(markdown.stdout).toContain('| Image | Published for | Record | |');
    expect(markdown.stdout).toContain('there already');
  });

  it('takes its commits from the job, for the merge that was built and what it merges', async () => {
    const environment = {
      GITLAB_CI: 'true',
      CI_COMMIT_SHA: COMMIT,
      CI_MERGE_REQUEST_REF_PATH: 'refs/merge-requests/7/merge',
      CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: 'd'.repeat(40),
      REGISTRY_CLEANUP_INPUT_IMAGE: name,
    };
    const { code, stdout } = await record(['--format', 'json'], environment);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      records: [
        { commit: COMMIT, reference: 'refs/merge-requests/7/merge' },
        { commit: 'd'.repeat(40), reference: 'refs/merge-requests/7/head' },
      ],
    });
  });

  it('refuses a tag before it asks anybody, and tells how to get the digest', async () => {
    const before = fake.log.length;
    const { code, stdout, stderr } = await record(['--image', `${fake.host}/team/app:v1`, '--commit', COMMIT]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('imagetools inspect');
    expect(fake.log).toHaveLength(before);
  });

  it('without a commit and without a clone asks for it', async () => {
    const { code, stderr } = await record(['--image', name]);
    expect(code).toBe(2);
    expect(stderr).toContain('Which commit was the image published for?');
  });

  it('of an image that is not there ends in 4, and in 3 where it may not push', async () => {
    const absent = name.replace(/[0-9a-f]{4}$/, '0000');
    const { code, stderr } = await record(['--image', absent, '--commit', COMMIT]);
    expect(code).toBe(4);
    expect(stderr).toContain('is not in the registry');
    fake.script = ({ method }) => (method === 'POST' || method === 'PUT' ? { status: 403 } : undefined);
    const refused = await record(['--image', name, '--commit', COMMIT]);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toMatch(/push/);
  });

  it('has a help of its own, without the options of a cleanup', async () => {
    const { code, stdout } = await record(['--help']);
    expect(code).toBe(0);
    for (const option of ['--image', '--commit', '--ref', '--image-name', '--provider', '--ca-file'])
      expect(stdout).toContain(`${option} `);
    for (const option of ['--repository', '--config', '--untag', '--kube-config', '--cache-dir'])
      expect(stdout).not.toContain(`${option} `);
  });
});
