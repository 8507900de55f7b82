// The connection against a real server: what goes over the wire, and what becomes of every kind of answer.

import { afterEach, describe, expect, it } from 'vitest';
import type { Github } from '../../src/github/github.ts';
import { type Script, type ScriptedServer, startScriptedServer } from '../support/scripted-server.ts';
import { askGithub, json, listBranches, openTestGithub, TOKEN } from './try-github.ts';

const opened: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0)) await one.stop();
});

async function connect(
  script: Script,
  options: Parameters<typeof openTestGithub>[1] & { readonly path?: string } = {},
): Promise<{ readonly server: ScriptedServer; readonly github: Github }> {
  const server = await startScriptedServer(script);
  opened.push(server);
  const github = await openTestGithub(`${server.origin}${options.path ?? ''}`, options);
  opened.push({ stop: () => github.close() });
  return { server, github };
}

describe('a request', () => {
  it('carries the token and fills the path, escaped', async () => {
    const { server, github } = await connect(() => json({ ok: true }));
    const answer = await askGithub(github, {
      route: '/orgs/{org}/packages/container/{name}/versions',
      parameters: { org: 'team', name: 'app/web', state: 'active' },
    });
    expect(answer.data).toEqual({ ok: true });
    expect(server.requests[0]).toMatchObject({
      url: '/orgs/team/packages/container/app%2Fweb/versions?state=active',
      headers: { authorization: `token ${TOKEN}`, 'x-github-api-version': '2022-11-28' },
    });
  });
  it('asks GraphQL at the other address of an Enterprise Server', async () => {
    const { server, github } = await connect(() => json({ data: { viewer: { login: 'a' } } }), { path: '/api/v3' });
    const query = {
      query: 'query { viewer { login } }',
      variables: { first: 1 },
      purpose: 'ask who I am',
      permission: 'none',
    };
    expect(await github.graphql(query)).toEqual({ viewer: { login: 'a' } });
    expect(server.requests[0]).toMatchObject({ method: 'POST', url: '/api/graphql' });
    expect(JSON.parse(server.requests[0]!.body)).toEqual({ query: query.query, variables: { first: 1 } });
  });
  it('reads a list', async () => {
    const { github } = await connect(() => json([{ name: 'main' }]));
    expect(await listBranches(github)).toEqual([{ name: 'main' }]);
  });
});
