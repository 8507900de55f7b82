// Credential plugins as real programs, for tests that ask how often one was started.

import { writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A plugin that notes its starts. */
export interface NotingPlugin {
  /** The `exec` entry of a user. */
  readonly exec: {
    readonly apiVersion: string;
    readonly command: string;
    readonly args: string[];
  };
  /** Starts so far. */
  readonly runs: () => Promise<number>;
  /** What it gives from now on. */
  readonly answer: (status: object) => void;
}

const V1 = 'client.authentication.k8s.io/v1';

/** Makes a plugin that gives this `status`, of files in `folder` that begin with `name`. `delayMs`: how long it thinks. */
export async function makeNotingPlugin(
  { folder, name, delayMs = 0 }: { readonly folder: string; readonly name: string; readonly delayMs?: number },
  status: object,
): Promise<NotingPlugin> {
  const runs = join(folder, `${name}.runs`);
  const answer = join(folder, `${name}.json`);
  await writeFile(runs, '');
  await writeFile(answer, JSON.stringify(status));
  const code = `
    const fs = require('node:fs');
    fs.appendFileSync(${JSON.stringify(runs)}, 'x');
    setTimeout(() => {
      const status = JSON.parse(fs.readFileSync(${JSON.stringify(answer)}, 'utf8'));
      process.stdout.write(JSON.stringify({apiVersion: '${V1}', kind: 'ExecCredential', status}));
    }, ${delayMs});`;
  return {
    exec: { apiVersion: V1, command: process.execPath, args: ['-e', code] },
    runs: async () => (await readFile(runs, 'utf8')).length,
    answer: (next) => writeFileSync(answer, JSON.stringify(next)),
  };
}
