// What a job of GitLab CI tells by its variables. GITLAB_CI is the switch: without it no other of these variables means anything.
// https://docs.gitlab.com/ci/variables/predefined_variables/

import { UsageError } from '../errors.ts';
import { parseRegistryHost, type RegistryHost } from '../model/reference.ts';
import type { SettingsSource } from './findings.ts';

/** A job. What is absent was not set, or set to nothing. */
export interface GitlabJob {
  /** CI_PROJECT_PATH: `group/subgroup/name`, as people write it. */
  readonly project: string | undefined;
  /** CI_JOB_TOKEN. */
  readonly token: string | undefined;
  /** CI_REGISTRY, where that is a host at all. */
  readonly registry: RegistryHost | undefined;
  /**
   * Whether {@link registry} is the one of the job's own GitLab. A variable of a project or group may say `docker.io` in its place: no
   * token goes there. CI_REGISTRY_IMAGE tells, which GitLab makes of its registry's host and the project's path in lower case.
   */
  readonly isOwnRegistry: boolean;
  /** CI_REGISTRY_IMAGE; absent where the project's registry is switched off. */
  readonly image: string | undefined;
  /** CI_REGISTRY_USER and CI_REGISTRY_PASSWORD, where both are set. */
  readonly login: { readonly username: string; readonly password: string } | undefined;
}

/** The job that this run is part of; undefined for every other run, and for the action, which runs on GitHub. */
export function readGitlabJob({
  environment,
  frontEnd,
}: Pick<SettingsSource, 'environment' | 'frontEnd'>): GitlabJob | undefined {
  if (frontEnd !== 'cli' || environment['GITLAB_CI'] !== 'true') return undefined;
  const read = (name: string) => environment[name]?.trim() || undefined;
  const project = read('CI_PROJECT_PATH');
  const host = read('CI_REGISTRY');
  const image = read('CI_REGISTRY_IMAGE');
  const registry = host === undefined ? undefined : parseHost(host);
  const isOwnRegistry = registry !== undefined && project !== undefined && image === `${host}/${project.toLowerCase()}`;
  const [username, password] = [read('CI_REGISTRY_USER'), read('CI_REGISTRY_PASSWORD')];
  const login = username === undefined || password === undefined ? undefined : { username, password };
  return { project, token: read('CI_JOB_TOKEN'), registry, isOwnRegistry, image, login };
}

/**
 * Why protected variables are not to be had in this run; undefined where they are. They are given to pipelines of protected branches and
 * tags alone, and those of a project never to a fork's.
 * https://docs.gitlab.com/ci/pipelines/merge_request_pipelines/#control-access-to-protected-variables-and-runners
 */
export function whyWithoutVariables(environment: NodeJS.ProcessEnv): string | undefined {
  const { CI_MERGE_REQUEST_SOURCE_PROJECT_PATH: source = '', CI_MERGE_REQUEST_PROJECT_PATH: target = '' } = environment;
  if (environment['GITLAB_CI'] !== 'true' || environment['CI_PIPELINE_SOURCE'] !== 'merge_request_event')
    return undefined;
  if (source !== '' && target !== '' && source !== target)
    return 'protected variables are not given to pipelines of forks';
  return environment['CI_COMMIT_REF_PROTECTED'] === 'true'
    ? undefined
    : 'protected variables are not given to pipelines of unprotected branches';
}

function parseHost(text: string): RegistryHost | undefined {
  try {
    return parseRegistryHost(text);
  } catch (cause) {
    if (cause instanceof UsageError) return undefined;
    throw cause;
  }
}
