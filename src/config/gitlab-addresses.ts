// Where a GitLab is: its pages, its interface, its container registry. An option or the variables of a job tell it; a laptop without
// either means gitlab.com.

import { parseRegistryHost, type RegistryHost } from '../model/reference.ts';
import { addressProblem } from './address-problem.ts';
import { type Findings, placeOf } from './findings.ts';
import { readGitlabJob } from './gitlab-job.ts';
import { type Mistake, wrongValue } from './mistake.ts';

/** One GitLab. Neither address ends in a slash; it may lie below a path. */
export interface GitlabAddresses {
  /** `https://gitlab.com/api/v4`: always the other address with `/api/v4` after it. */
  readonly apiUrl: string;
  /** `https://gitlab.com`, `https://example.com:8443/gitlab`: where its pages and its Git repositories are. */
  readonly serverUrl: string;
}

/** The GitLab that this run's tokens are for. */
export interface ChosenGitlab extends GitlabAddresses {
  /** It is the one that runs this job: its CI_JOB_TOKEN may go there, and nowhere else. */
  readonly isOfJob: boolean;
  /** The user named it. */
  readonly isNamed: boolean;
}

/** GitLab's own. */
export const GITLAB_COM: GitlabAddresses = { apiUrl: 'https://gitlab.com/api/v4', serverUrl: 'https://gitlab.com' };
/** The registry of gitlab.com. */
export const GITLAB_COM_REGISTRY: RegistryHost = parseRegistryHost('registry.gitlab.com');

const API = '/api/v4';
const EXAMPLE = 'https://gitlab.example.com';

type Read<Result> = Result | { readonly mistakes: readonly Mistake[] };

/**
 * The addresses by `gitlab-url`; else in a job of GitLab CI by CI_SERVER_URL and CI_API_V4_URL, of which one follows from the other; else
 * gitlab.com. Two variables that contradict each other are a mistake: nobody knows which of them a token is for.
 */
export function readGitlab(findings: Findings): Read<ChosenGitlab> {
  const ofJob = readOfJob(findings);
  const text = findings.raw['gitlab-url']?.trim();
  if (text === undefined) {
    if (ofJob === undefined) return { ...GITLAB_COM, isOfJob: false, isNamed: false };
    return 'mistakes' in ofJob ? ofJob : { ...ofJob, isOfJob: true, isNamed: false };
  }
  const named = parseServer(placeOf('gitlab-url', findings.frontEnd), text);
  if ('mistakes' in named) return named;
  const isOfJob = ofJob !== undefined && !('mistakes' in ofJob) && ofJob.serverUrl === named.serverUrl;
  return { ...named, isOfJob, isNamed: true };
}

/** The addresses; undefined when they are wrong, which is among the mistakes then, once. */
export function needGitlab(findings: Findings): ChosenGitlab | undefined {
  const read = readGitlab(findings);
  if (!('mistakes' in read)) return read;
  const isTold = ({ place }: Mistake) => findings.mistakes.some((mistake) => mistake.place === place);
  findings.mistakes.push(...read.mistakes.filter((mistake) => !isTold(mistake)));
  return undefined;
}

/**
 * The address of the GitLab that a registry is known to belong to: the one of gitlab.com, the one of this job, and any other to the GitLab
 * that the user named. Undefined where nobody can tell.
 */
export function homeOfRegistry(findings: Findings, host: RegistryHost): string | undefined {
  const job = readGitlabJob(findings);
  if (job?.isOwnRegistry === true && host === job.registry) {
    const ofJob = readOfJob(findings);
    return ofJob === undefined || 'mistakes' in ofJob ? undefined : ofJob.serverUrl;
  }
  if (host === GITLAB_COM_REGISTRY) return GITLAB_COM.serverUrl;
  const gitlab = readGitlab(findings);
  return 'mistakes' in gitlab || !gitlab.isNamed ? undefined : gitlab.serverUrl;
}

/** Undefined outside of jobs, and in one that says nothing of its GitLab. */
function readOfJob(findings: Findings): Read<GitlabAddresses> | undefined {
  if (readGitlabJob(findings) === undefined) return undefined;
  const { CI_SERVER_URL: server = '', CI_API_V4_URL: api = '' } = findings.environment;
  const read = [
    ...(server.trim() === '' ? [] : [parseServer('CI_SERVER_URL', server.trim())]),
    ...(api.trim() === '' ? [] : [parseApi('CI_API_V4_URL', api.trim())]),
  ];
  const mistakes = read.flatMap((one) => ('mistakes' in one ? one.mistakes : []));
  if (mistakes.length > 0) return { mistakes };
  const [first, second] = read.flatMap((one) => ('mistakes' in one ? [] : [one]));
  if (first === undefined || second === undefined || first.serverUrl === second.serverUrl) return first;
  return { mistakes: [wrongValue('CI_API_V4_URL', 'another address', `CI_SERVER_URL with ${API} at its end`)] };
}

/** Not shown in a mistake: an address with a password is one of the problems. */
function parseServer(place: string, text: string): Read<GitlabAddresses> {
  const problem = addressProblem(text, EXAMPLE);
  if (problem !== undefined) return { mistakes: [wrongValue(place, 'an address', problem)] };
  const { origin, pathname } = new URL(text);
  const serverUrl = `${origin}${pathname}`.replace(/\/+$/, '');
  if (!serverUrl.endsWith(API)) return { apiUrl: serverUrl + API, serverUrl };
  return { mistakes: [wrongValue(place, "the address of GitLab's interface", `one without ${API} at its end`)] };
}

function parseApi(place: string, text: string): Read<GitlabAddresses> {
  const server = text.replace(/\/+$/, '');
  if (server.endsWith(API)) return parseServer(place, server.slice(0, -API.length));
  return { mistakes: [wrongValue(place, 'an address', `one that ends in ${API}`)] };
}
