// The component `record`, run: gitlab-ci-local hands the report of the build job over, and the fake GitLab's real registry takes the record.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isRecordTag } from '../../src/model/build-record.ts';
import { TOOL } from '../../src/version.ts';
import { buildImage } from '../builders/image.ts';
import { type FakeGitlab, startGitlab } from '../fakes/gitlab/gitlab.ts';
import { openPipelineProject, type PipelineProject, SOURCES } from '../support/gitlab-ci-local.ts';
import { requireDistribution, requireProgram } from '../support/real-parts.ts';

const hasAll = [
  requireDistribution() !== undefined,
  ...(['openssl', 'rsync', 'git'] as const).map(requireProgram),
].every(Boolean);
const JOB = 'registry-cleanup-record';
const image = buildImage({ seed: 'app', created: '2024-03-01T10:00:00Z' });

let project: PipelineProject;

beforeAll(() => {
  project = openPipelineProject();
});
afterAll(() => project.close());

function configure(reported: string, inputs: object = {}): void {
  const component = '$CI_SERVER_FQDN/$CI_PROJECT_PATH/record@$CI_COMMIT_SHA';
  const build = {
    stage: 'build',
    script: [`echo "REGISTRY_CLEANUP_RECORD_IMAGE=${reported}" > record.env`],
    artifacts: { reports: { dotenv: 'record.env' } },
  };
  project.configure(JSON.stringify({ include: [{ component, inputs: { job: 'build', ...inputs } }], build }));
}

describe('the component record', () => {
  it('runs the image of this version, after the job that pushes, in its pipelines and no others', () => {
    configure('x');
    expect(project.expand()[JOB]).toMatchObject({
      image: { name: `ghcr.io/registry-cleanup/registry-cleanup:${TOOL.split(' ')[1]}` },
      needs: [{ job: 'build', artifacts: true }],
    });
    const jobsOf = (kind: 'push' | 'tag' | 'merge_request') =>
      project
        // gitlab-ci-local takes the branch that is checked out for the pipeline's, whatever the pipeline is for.
        .listJobs({ CI_COMMIT_BRANCH: '', ...SOURCES[kind] })
        .map(({ name }) => name);
    expect(jobsOf('push')).toContain(JOB);
    expect(jobsOf('tag')).toContain(JOB);
    expect(jobsOf('merge_request')).not.toContain(JOB);
    configure('x', { rules: [{ if: '$CI_PIPELINE_SOURCE == "merge_request_event"' }] });
    expect(jobsOf('merge_request')).toContain(JOB);
    expect(jobsOf('push')).not.toContain(JOB);
  });
});

describe.runIf(hasAll)('the component record, run', () => {
  let gitlab: FakeGitlab;
  let jobToken: string;

  beforeEach(async () => {
    gitlab = await startGitlab({ tagOnly: true });
    gitlab.addProject('group/app', {});
    jobToken = gitlab.addToken({ kind: 'job', project: 'group/app' });
    gitlab.registry.repository('group/app').push(image, { tags: ['v1'] });
    return () => gitlab.close();
  }, 60_000);

  const variables = () => ({
    ...SOURCES.push,
    GITLAB_CI: 'true',
    CI_SERVER_URL: gitlab.serverUrl,
    CI_REGISTRY: gitlab.registryHost,
    CI_REGISTRY_IMAGE: `${gitlab.registryHost}/group/app`,
    CI_PROJECT_PATH: 'group/app',
    CI_JOB_TOKEN: jobToken,
    CI_REGISTRY_USER: 'gitlab-ci-token',
    CI_REGISTRY_PASSWORD: jobToken,
  });

  it('says in the registry which commit the image of the report was published for', async () => {
    configure(`${gitlab.registryHost}/group/app@${image.digest}`);
    expect((await project.runJob('build', variables())).exitCode).toBe(0);
    const { exitCode, output } = await project.runJob(JOB, variables());
    expect([exitCode, output]).toEqual([0, expect.stringContaining('1 record written.') as string]);
    const tags = gitlab.registry.repository('group/app').tags();
    expect(tags.filter(isRecordTag)).toHaveLength(1);
    expect(tags).toContain('v1');
    expect(output).not.toContain(jobToken);
  }, 120_000);

  it('is red when the report names a tag, or nothing', async () => {
    for (const reported of [`${gitlab.registryHost}/group/app:v1`, '']) {
      configure(reported);
      await project.runJob('build', variables());
      const { exitCode, output } = await project.runJob(JOB, variables());
      expect([exitCode, output]).toEqual([1, expect.stringContaining('--image: got') as string]);
      expect(output).toContain('(exit 2)');
    }
  }, 120_000);
});
