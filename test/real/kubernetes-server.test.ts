// The real API server itself, as the other tests have it: what it is, and that it leaves nothing behind.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { addAccount } from '../support/kube-accounts.ts';
import { startKubeApiserver } from '../support/kube-apiserver.ts';
import { findKubernetesParts, requireKubeApiserver, requireProgram } from '../support/real-parts.ts';

const MODULE = new URL('../support/kube-apiserver.ts', import.meta.url).href;
const GONE_TIMEOUT_MS = 15_000;
const versionsSchema = z.object({
  clientVersion: z.object({ gitVersion: z.string() }),
  serverVersion: z.object({ gitVersion: z.string() }),
});

/** 0 when nobody answers. */
async function askStatus(url: string, token: string): Promise<number> {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  try {
    const headers = { authorization: `Bearer ${token}` };
    const { statusCode, body } = await request(`${url}/api/v1/pods`, { dispatcher, headers });
    await body.dump();
    return statusCode;
  } catch {
    return 0;
  } finally {
    await dispatcher.destroy();
  }
}

describe.runIf(requireKubeApiserver() && requireProgram('openssl'))('the real API server', () => {
  it('has the release of its folder, knows its accounts, and is gone when stopped', async () => {
    const server = await startKubeApiserver();
    try {
      const { clientVersion, serverVersion } = versionsSchema.parse(
        JSON.parse(await server.kubectl('version', '--output=json')),
      );
      const release = dirname(findKubernetesParts().apiserver).replace(/^.*kubernetes-/, 'v');
      expect([clientVersion.gitVersion, serverVersion.gitVersion]).toEqual([release, release]);
      const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }];
      const account = await addAccount(server, { name: 'reader', rules });
      expect(await askStatus(server.url, account.token)).toBe(200);
      expect(await askStatus(server.url, account.expiredToken)).toBe(401);
      await account.setRules([]);
      expect(await askStatus(server.url, account.token)).toBe(403);
    } finally {
      await server.stop();
    }
    expect(await askStatus(server.url, server.adminToken)).toBe(0);
    expect(existsSync(dirname(server.caFile))).toBe(false);
  });

  it('ends with the process that started it, however that ends', async () => {
    const script = `import { startKubeApiserver } from ${JSON.stringify(MODULE)};
      const { url, caFile } = await startKubeApiserver();
      console.log(JSON.stringify({ url, caFile }));
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = z.tuple([z.string()]).parse(await once(createInterface(child.stdout), 'line'));
    const { url, caFile } = z.object({ url: z.string(), caFile: z.string() }).parse(JSON.parse(line));
    expect(await askStatus(url, 'wrong')).toBe(401);
    child.kill('SIGKILL');
    const deadline = Date.now() + GONE_TIMEOUT_MS;
    while (existsSync(dirname(caFile)) && Date.now() < deadline) await setTimeout(100);
    expect(existsSync(dirname(caFile))).toBe(false);
    expect(await askStatus(url, 'wrong')).toBe(0);
  });
});
