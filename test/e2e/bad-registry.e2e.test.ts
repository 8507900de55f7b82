// Registries that refuse, break or talk nonsense: one error, nothing deleted, and the golden file has what was asked until then.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { FakeRegistry, ScriptedAnswer } from '../fakes/registry-server.ts';
import { IMAGES, runBadInput, type Stage, type Words } from '../support/bad-input.ts';
import { type ExpectedStop, expectStopped } from '../support/expect-stopped.ts';
import { requireProgram } from '../support/real-parts.ts';
import { makeServerCertificate } from '../support/registry-server.ts';

interface Row {
  readonly title: string;
  readonly expected: ExpectedStop;
  readonly arrange: (stage: Stage) => Promise<Words> | Words;
  readonly environment?: NodeJS.ProcessEnv;
  /** Retries are waited for. */
  readonly hurry?: true;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const TAGS = '/v2/team/app/tags/list';

function refusal(status: number, code: string, headers: Readonly<Record<string, string>> = {}): ScriptedAnswer {
  const body = JSON.stringify({ errors: [{ code, message: 'as the test says' }] });
  return { status, headers: { ...JSON_TYPE, ...headers }, body };
}

function page(tags: readonly string[], next?: string): ScriptedAnswer {
  const link = next === undefined ? {} : { link: `<${next}>; rel="next"` };
  return { status: 200, headers: { ...JSON_TYPE, ...link }, body: JSON.stringify({ name: 'team/app', tags }) };
}

/** The registry answers so to every path that begins like this. */
function answering(begin: string, answer: ScriptedAnswer): Row['arrange'] {
  return ({ registry }) => {
    registry.script = ({ path }) => (path.startsWith(begin) ? answer : undefined);
    return {};
  };
}

function scripted(script: FakeRegistry['script']): Row['arrange'] {
  return ({ registry }) => {
    registry.script = script;
    return {};
  };
}

async function run({
  arrange,
  environment = {},
  hurry = false,
  expected,
}: Omit<Row, 'title' | 'hurry'> & { hurry?: boolean }) {
  await expectStopped(await runBadInput(arrange, { environment, hurry }), expected);
}

describe('a registry that does not let us in', () => {
  const basic = { 'www-authenticate': 'Basic realm="here"' };
  const rows: readonly Row[] = [
    {
      title: 'wants credentials, and there are none',
      expected: { exit: 3, code: 'AUTH_REQUIRED', golden: 'no-credentials' },
      arrange: answering('/v2/', refusal(401, 'UNAUTHORIZED', basic)),
    },
    {
      title: 'does not accept the password',
      expected: { exit: 3, code: 'AUTH', golden: 'wrong-password' },
      arrange: async (stage) => {
        await answering('/v2/', refusal(401, 'UNAUTHORIZED', basic))(stage);
        return { username: 'me' };
      },
      environment: { REGISTRY_CLEANUP_PASSWORD: 'hunter2hunter2' },
    },
    {
      title: 'forbids to list',
      expected: { exit: 3, code: 'FORBIDDEN', golden: 'forbidden' },
      arrange: answering(TAGS, refusal(403, 'DENIED')),
    },
    {
      title: 'lists, and forbids to read',
      expected: { exit: 3, code: 'FORBIDDEN', golden: 'forbidden-manifests', racing: true },
      arrange: answering('/v2/team/app/manifests/old', refusal(403, 'DENIED')),
    },
    {
      title: 'does not know the repository',
      expected: { exit: 3, code: 'REPOSITORY_UNKNOWN', golden: 'unknown-repository' },
      arrange: ({ registry }) => ({ repository: `${registry.host}/team/none` }),
    },
  ];
  it.each(rows)('$title', run);
});

describe('a list of tags that cannot be trusted', () => {
  const rows: readonly Row[] = [
    {
      title: 'is a web page',
      expected: { exit: 4, code: 'PROTOCOL', golden: 'html' },
      arrange: answering(TAGS, {
        status: 200,
        headers: { 'content-type': 'text/html' },
        body: '<!DOCTYPE html><html><body>Please log in</body></html>',
      }),
    },
    {
      title: 'is half a page',
      expected: { exit: 4, code: 'PROTOCOL', golden: 'half-page' },
      arrange: answering(TAGS, { status: 200, headers: JSON_TYPE, body: '{"name":"team/app","tags":["keep","ol' }),
    },
    {
      title: 'is cut off, each time',
      expected: { exit: 4, code: 'NETWORK', golden: 'cut-off-page' },
      arrange: answering(TAGS, { ...page(Object.keys(IMAGES)), truncate: true }),
      hurry: true,
    },
    {
      title: 'begins well, and its second page fails',
      expected: { exit: 4, code: 'NETWORK', golden: 'second-page-fails' },
      arrange: scripted(({ path }) => {
        if (path === `${TAGS}?n=1000`) return page(['keep', 'old'], `${TAGS}?n=1000&last=old`);
        return path.startsWith(TAGS) ? refusal(503, 'UNAVAILABLE') : undefined;
      }),
      hurry: true,
    },
    {
      title: 'goes in circles',
      expected: { exit: 4, code: 'PROTOCOL', golden: 'tags-loop' },
      arrange: scripted(({ path }) => {
        if (path === `${TAGS}?n=1000`) return page(['keep'], `${TAGS}?n=1000&last=keep`);
        if (path === `${TAGS}?n=1000&last=keep`) return page(['old'], `${TAGS}?n=1000&last=old`);
        return path.startsWith(TAGS) ? page(['keep'], `${TAGS}?n=1000&last=keep`) : undefined;
      }),
    },
    {
      title: 'goes on at another host',
      expected: { exit: 4, code: 'PROTOCOL', golden: 'tags-elsewhere' },
      arrange: answering(TAGS, page(['keep'], `https://elsewhere.example.com${TAGS}`)),
    },
    {
      title: 'holds what is no tag',
      expected: { exit: 4, code: 'PROTOCOL', golden: 'no-tag' },
      arrange: answering(TAGS, page(['keep', '../../etc'])),
    },
  ];
  it.each(rows)('$title', run);
});

describe('a registry that breaks', () => {
  const rows: readonly Row[] = [
    {
      title: 'resets every connection',
      expected: { exit: 4, code: 'NETWORK', golden: 'resets' },
      arrange: async (stage) => {
        await stage.startScript(() => ({ fault: 'reset' }));
        // Without it, what resets a TLS greeting could be plain HTTP, which is fine on loopback.
        return { 'plain-http': true };
      },
      hurry: true,
    },
    {
      title: 'is down',
      expected: { exit: 4, code: 'NETWORK', golden: 'down' },
      arrange: (stage) => {
        stage.useNobody();
        return {};
      },
      hurry: true,
    },
    {
      title: 'says 500 to everything',
      expected: { exit: 4, code: 'NETWORK', golden: 'always-500' },
      arrange: answering('/v2/', refusal(500, 'UNKNOWN')),
      hurry: true,
    },
    {
      title: 'wants us to come back in an hour',
      expected: { exit: 4, code: 'RATE_LIMITED', golden: 'rate-limited' },
      arrange: answering(TAGS, refusal(429, 'TOOMANYREQUESTS', { 'retry-after': '3600' })),
    },
    {
      title: 'gives a manifest other bytes than its digest says',
      expected: { exit: 4, code: 'DIGEST_MISMATCH', golden: 'digest-mismatch', racing: true },
      arrange: scripted(({ path }) => {
        if (path !== '/v2/team/app/manifests/old') return undefined;
        const { digest = '', mediaType = '', bytes = new Uint8Array() } = IMAGES['old'] ?? {};
        const headers = { 'content-type': mediaType, 'docker-content-digest': digest };
        return { status: 200, headers, body: Buffer.concat([bytes, Buffer.from('\n')]) };
      }),
    },
    {
      title: 'loses its mind in the middle of the manifests',
      expected: { exit: 4, code: 'NETWORK', golden: 'manifest-500', racing: true },
      arrange: answering('/v2/team/app/manifests/old', refusal(500, 'UNKNOWN')),
      hurry: true,
    },
  ];
  it.each(rows)('$title', run);
});

describe.runIf(requireProgram('openssl'))('a registry with a certificate', () => {
  it('of an authority that is not the given one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'certificates-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const [right, wrong] = await Promise.all(['right', 'wrong'].map((name) => makeCertificate(folder, name)));
    expect(right).not.toEqual(wrong);
    const result = await runBadInput(async (stage) => {
      await stage.startScript(() => ({ status: 200, body: '{}' }), right);
      return { 'ca-file': await stage.write('ca.crt', await readFile(wrong?.caFile ?? '')) };
    });
    await expectStopped(result, { exit: 4, code: 'TLS', golden: 'wrong-ca' });
  });
});

async function makeCertificate(folder: string, name: string) {
  const place = await mkdtemp(join(folder, name));
  const caFile = await makeServerCertificate(place);
  const [cert, key] = await Promise.all(['srv.crt', 'srv.key'].map((file) => readFile(join(place, file), 'utf8')));
  return { cert: cert ?? '', key: key ?? '', caFile };
}
