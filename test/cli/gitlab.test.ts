// The command line as a job of GitLab CI: nothing is asked that is not there, and no token is shown.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JOB_VARIABLES } from '../config/try-settings.ts';
import { type ScriptedServer, startScriptedServer } from '../support/scripted-server.ts';
import { runProcess } from './run-process.ts';

const START = fileURLToPath(new URL('./start-cli.ts', import.meta.url));
const TOKEN = JOB_VARIABLES.CI_JOB_TOKEN;
/** A token that a plan never reads. */
const UNUSED = 'glpat-that-deletes-images';

let folder: string;
let server: ScriptedServer;

/** A server that asks for a token, gives none, and says in its error what it was sent. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-gitlab-'));
  server = await startScriptedServer(({ url, headers }) => {
    if (url.startsWith('/v2/')) {
      const challenge = `Bearer realm="http://${headers.host}/jwt/auth",service="container_registry"`;
      return { status: 401, headers: { 'www-authenticate': challenge } };
    }
    const sent = headers.authorization ?? '';
    const plain = Buffer.from(sent.replace('Basic ', ''), 'base64').toString();
    return {
      status: 403,
      body: JSON.stringify({ errors: [{ code: 'DENIED', message: `${sent} ${plain} ${TOKEN} ${UNUSED}` }] }),
    };
  });
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

const job = (): NodeJS.ProcessEnv => ({
  ...JOB_VARIABLES,
  CI_SERVER_URL: server.origin,
  CI_API_V4_URL: `${server.origin}/api/v4`,
  CI_REGISTRY: server.host,
  CI_REGISTRY_IMAGE: `${server.host}/team/sub/app`,
  WERF_IMAGES_CLEANUP_PASSWORD: UNUSED,
});
const run = (words: readonly string[], environment: NodeJS.ProcessEnv) =>
  runProcess({ file: START, words, directory: folder, environment });

describe('a job of GitLab CI', () => {
  it('goes by its variables alone, with its own login, and shows no token in any form', async () => {
    const words = ['plan', '--without-kube', '--without-git', '--log-level', 'debug'];
    const { code, stdout, stderr } = await run(words, job());
    expect(code).toBe(3);
    expect(stderr).toContain(`no repository is named: it is ${server.host}/team/sub/app (CI_REGISTRY_IMAGE)`);
    const basic = Buffer.from(`gitlab-ci-token:${TOKEN}`).toString('base64');
    expect(server.requests.map(({ headers }) => headers.authorization)).toContain(`Basic ${basic}`);
    expect(stderr).toContain('***');
    for (const secret of [TOKEN, basic, UNUSED]) expect(stdout + stderr).not.toContain(secret);
  });

  it('goes on without clusters where protected variables are not given, and an apply does not', async () => {
    const environment = { ...job(), CI_PIPELINE_SOURCE: 'merge_request_event', CI_COMMIT_REF_PROTECTED: 'false' };
    const words = ['--without-git', '--kube-config', ''];
    expect(await run(['plan', ...words], environment)).toMatchObject({ code: 3 });
    const apply = await run(['apply', ...words], environment);
    expect(apply).toMatchObject({ code: 2 });
    expect(apply.stderr).toContain('--kube-config: got an empty value');
    const push = await run(['plan', ...words], { ...environment, CI_PIPELINE_SOURCE: 'push' });
    expect(push).toMatchObject({ code: 2 });
  });
});
