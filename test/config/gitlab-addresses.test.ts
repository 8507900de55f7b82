import { describe, expect, it } from 'vitest';
import { createFindings } from '../../src/config/findings.ts';
import { homeOfRegistry, needGitlab, readGitlab } from '../../src/config/gitlab-addresses.ts';
import { parseRegistryHost } from '../../src/model/reference.ts';
import { ACTION, JOB_VARIABLES, jobWith, LAPTOP } from './try-settings.ts';

const read = (environment: NodeJS.ProcessEnv, url?: string) =>
  readGitlab(createFindings(url === undefined ? {} : { 'gitlab-url': url }, { ...LAPTOP, environment }));

describe('the address of GitLab', () => {
  it.each<readonly [string, NodeJS.ProcessEnv, string | undefined, string, boolean]>([
    ['gitlab.com on a laptop', {}, undefined, 'https://gitlab.com', false],
    ['the job’s own in its jobs', JOB_VARIABLES, undefined, 'https://gitlab.example.com', true],
    [
      'the one that follows from the interface',
      { ...JOB_VARIABLES, CI_SERVER_URL: '' },
      undefined,
      'https://gitlab.example.com',
      true,
    ],
    [
      'the one that follows from the server',
      { ...JOB_VARIABLES, CI_API_V4_URL: '' },
      undefined,
      'https://gitlab.example.com',
      true,
    ],
    [
      'below a path and behind a port',
      {
        ...JOB_VARIABLES,
        CI_SERVER_URL: 'https://example.com:8443/gitlab',
        CI_API_V4_URL: 'https://example.com:8443/gitlab/api/v4',
      },
      undefined,
      'https://example.com:8443/gitlab',
      true,
    ],
    [
      'on this machine, without TLS',
      { ...JOB_VARIABLES, CI_SERVER_URL: 'http://127.0.0.1:80', CI_API_V4_URL: 'http://127.0.0.1/api/v4/' },
      undefined,
      'http://127.0.0.1',
      true,
    ],
    ['the named one', {}, ' https://GitLab.example.com:443// ', 'https://gitlab.example.com', false],
    [
      'the named one, which runs the job',
      JOB_VARIABLES,
      'https://gitlab.example.com/',
      'https://gitlab.example.com',
      true,
    ],
    ['the named one, though another runs the job', JOB_VARIABLES, 'https://gitlab.com', 'https://gitlab.com', false],
    [
      'gitlab.com where variables of a job lie about and GITLAB_CI does not say so',
      { ...JOB_VARIABLES, GITLAB_CI: 'false' },
      undefined,
      'https://gitlab.com',
      false,
    ],
    [
      'gitlab.com, and not the job’s, in a job that says nothing',
      { GITLAB_CI: 'true' },
      undefined,
      'https://gitlab.com',
      false,
    ],
  ])('is %s', (_, environment, url, serverUrl, isOfJob) => {
    const isNamed = url !== undefined;
    expect(read(environment, url)).toEqual({ apiUrl: `${serverUrl}/api/v4`, serverUrl, isOfJob, isNamed });
  });

  it('is gitlab.com for the action, whatever variables are there: it runs on GitHub', () => {
    const findings = createFindings({}, { ...ACTION, environment: JOB_VARIABLES });
    expect(readGitlab(findings)).toMatchObject({ serverUrl: 'https://gitlab.com', isOfJob: false });
  });

  it.each<readonly [string, NodeJS.ProcessEnv, string | undefined, readonly string[]]>([
    ['no address', {}, 'gitlab.com', ['--gitlab-url: got an address, expected one such as https://gitlab.example.com']],
    ['nothing', {}, ' ', ['--gitlab-url: got an address, expected one such as https://gitlab.example.com']],
    [
      'a password',
      {},
      'https://me:x@gitlab.com',
      ['--gitlab-url: got an address, expected one without user name and password'],
    ],
    [
      'plain HTTP to another machine',
      {},
      'http://gitlab.example.com',
      ['--gitlab-url: got an address, expected one that begins with https://: the token goes there'],
    ],
    [
      'the interface in place of the server',
      {},
      'https://gitlab.com/api/v4/',
      ["--gitlab-url: got the address of GitLab's interface, expected one without /api/v4 at its end"],
    ],
    [
      'variables that are both wrong, both at once',
      {
        ...JOB_VARIABLES,
        CI_SERVER_URL: 'http://gitlab.example.com',
        CI_API_V4_URL: 'https://gitlab.example.com/api/v3',
      },
      undefined,
      [
        'CI_SERVER_URL: got an address, expected one that begins with https://: the token goes there',
        'CI_API_V4_URL: got an address, expected one that ends in /api/v4',
      ],
    ],
    [
      'variables that contradict each other',
      { ...JOB_VARIABLES, CI_API_V4_URL: 'https://elsewhere.example.com/api/v4' },
      undefined,
      ['CI_API_V4_URL: got another address, expected CI_SERVER_URL with /api/v4 at its end'],
    ],
  ])('is refused with %s, told once', (_, environment, url, expected) => {
    const raw = url === undefined ? {} : { 'gitlab-url': url };
    const findings = createFindings(raw, { ...LAPTOP, environment });
    expect(needGitlab(findings)).toBeUndefined();
    expect(needGitlab(findings)).toBeUndefined();
    expect(findings.mistakes.map(({ place, text }) => `${place}: ${text}`)).toEqual(expected);
    expect(JSON.stringify(findings.mistakes)).not.toContain('me:x');
  });
});

describe('the GitLab that a registry belongs to', () => {
  const IMAGE = { CI_REGISTRY: 'docker.io', CI_REGISTRY_IMAGE: 'docker.io/me/app' };

  it.each<readonly [string, string, NodeJS.ProcessEnv, string | undefined, string | undefined]>([
    ['the job’s, for CI_REGISTRY', 'registry.example.com:5050', {}, undefined, 'https://gitlab.example.com'],
    ['gitlab.com, for its registry', 'registry.gitlab.com', {}, undefined, 'https://gitlab.com'],
    [
      'the named one, for any other',
      'images.example.org',
      {},
      'https://gitlab.example.org',
      'https://gitlab.example.org',
    ],
    [
      'the job’s, though another is named',
      'registry.example.com:5050',
      {},
      'https://gitlab.com',
      'https://gitlab.example.com',
    ],
    ['unknown, for any other', 'images.example.org', {}, undefined, undefined],
    ['unknown, for another port', 'registry.example.com', {}, undefined, undefined],
    ['unknown, where a variable puts another registry in its place', 'docker.io', IMAGE, undefined, undefined],
    ['unknown, where only its host was replaced', 'docker.io', { CI_REGISTRY: 'docker.io' }, undefined, undefined],
    [
      'unknown, where the project has no registry',
      'registry.example.com:5050',
      { CI_REGISTRY_IMAGE: '' },
      undefined,
      undefined,
    ],
    ['unknown outside of jobs', 'registry.example.com:5050', { GITLAB_CI: '' }, undefined, undefined],
  ])('is %s', (_, host, variables, url, expected) => {
    const findings = createFindings(url === undefined ? {} : { 'gitlab-url': url }, jobWith(variables));
    expect(homeOfRegistry(findings, parseRegistryHost(host))).toBe(expected);
  });
});
