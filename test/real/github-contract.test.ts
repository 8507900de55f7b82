// Stoplight's Prism stands between a client and the fake GitHub and holds every request and every answer to GitHub's description.
// The fake was not written with Prism's eyes: two readers of one description agree on it.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DESCRIPTION_FILE } from '../fakes/github/description.ts';
import { type FakeGithub, startGithub } from '../fakes/github/github.ts';
import { prepareWalk, takeStep, type Walk } from '../fakes/github/walk.ts';
import { requirePrism } from '../support/real-parts.ts';

const prism = requirePrism();
const START_MS = 60_000;

describe.runIf(prism !== undefined)(
  'the fake GitHub behind a proxy that knows the description',
  { timeout: 120_000 },
  () => {
    let github: FakeGithub;
    let walk: Walk;
    let proxy: { readonly origin: string; readonly process: ChildProcess };

    beforeEach(async () => {
      github = await startGithub();
      walk = prepareWalk(github);
      proxy = await startPrism(github.apiUrl);
    });
    afterEach(async () => {
      proxy.process.kill();
      await once(proxy.process, 'exit');
      await github.close();
      walk.remove();
    });

    it('neither gets a request nor gives an answer that is not described, on a walk over every operation', async () => {
      const violations: string[] = [];
      for (const step of walk.steps) {
        const { status, text, headers } = await takeStep(proxy.origin, step);
        const found = headers.get('sl-violations');
        if (status !== step.expected || found !== null)
          violations.push(`${step.method} ${step.path}: ${status} ${found ?? text.slice(0, 500)}`);
      }
      expect(violations).toEqual([]);
      // The proxy handed every request on, as it was.
      expect(github.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(
        walk.steps.map(({ method, path }) => `${method} ${path}`),
      );
    });

    it('is caught when it gives an answer that is not described', async () => {
      github.onRequest = () => ({ status: 200, json: { id: 'no number' } });
      const { status, text } = await takeStep(
        proxy.origin,
        walk.steps.find(({ operation }) => operation === 'repos/get')!,
      );
      expect(status).toBe(500);
      expect(text).toContain('VIOLATIONS');
    });
  },
);

async function startPrism(upstream: string): Promise<{ origin: string; process: ChildProcess }> {
  const port = await findFreePort();
  const words = [
    prism ?? '',
    'proxy',
    '--errors',
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    DESCRIPTION_FILE,
    upstream,
  ];
  const child = spawn(process.execPath, words, {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      SCARF_ANALYTICS: 'false',
      DO_NOT_TRACK: '1',
      NO_COLOR: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const isUp = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`Prism did not start: ${said}`)), START_MS);
    const listen = (chunk: Buffer): void => {
      said += chunk.toString('utf8');
      if (!said.includes('Prism is listening')) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('exit', () => reject(new Error(`Prism ended: ${said}`)));
  });
  await isUp;
  return { origin: `http://127.0.0.1:${port}`, process: child };
}

/** Prism takes a port, and no port 0. */
async function findFreePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
