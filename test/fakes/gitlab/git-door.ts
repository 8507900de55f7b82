// Git over HTTP at the fake GitLab: who may clone and who may push. https://docs.gitlab.com/user/project/repository/

import type { Answer, FakeRequest } from '../github/exchange.ts';
import { parseGitPath, runGitBackend } from '../github/git-backend.ts';
import { basicUserOf, type FakeToken, isGoodLogin, LEVELS, levelIn, scopesOf } from './access.ts';
import type { FakeProject } from './projects.ts';

/** What the door knows of the rest. */
interface GitWorld {
  token(text: string): FakeToken | undefined;
  findProject(id: string): FakeProject | undefined;
  jobProject(token: FakeToken): FakeProject | undefined;
}

const UNAUTHORIZED: Answer = {
  status: 401,
  headers: { 'www-authenticate': 'Basic realm="GitLab"' },
  body: 'HTTP Basic: Access denied.',
};
const NOT_FOUND: Answer = {
  status: 404,
  body: "The project you were looking for could not be found or you don't have permission to view it.",
};

/** Answers a request of Git. */
export async function answerGit(request: FakeRequest, world: GitWorld): Promise<Answer> {
  const asked = parseGitPath(request.path);
  const project = asked === undefined ? undefined : world.findProject(asked.fullName);
  if (asked === undefined) return { status: 404, body: 'Not Found' };
  const isOpen = project?.visibility === 'public' && !asked.isWrite;
  const known = request.token === undefined ? undefined : world.token(request.token);
  const isGood = known !== undefined && isGoodLogin(known, basicUserOf(request)) && hasGitScope(known, asked.isWrite);
  if (request.token === undefined ? !isOpen : !isGood) return UNAUTHORIZED;
  if (project?.directory === undefined) return NOT_FOUND;
  const isForeignJob =
    known?.kind === 'job' &&
    world.jobProject(known) !== project &&
    !project.jobTokenAllowlist.includes(world.jobProject(known)?.fullName ?? '');
  const least = asked.isWrite ? LEVELS.developer : LEVELS.reporter;
  if (!isOpen && (isForeignJob || levelIn(project, known) < least)) return NOT_FOUND;
  return await runGitBackend(request, project.directory);
}

function hasGitScope(token: FakeToken, isWrite: boolean): boolean {
  if (token.kind === 'job') return !isWrite;
  // `api` and, for reading, `read_api` open Git too: https://gitlab.com/gitlab-org/gitlab/-/blob/master/lib/gitlab/auth.rb
  const wanted = isWrite ? ['api', 'write_repository'] : ['api', 'read_api', 'read_repository', 'write_repository'];
  return wanted.some((scope) => scopesOf(token).includes(scope));
}
