// Files for people that cannot be written: told, counted, and the other one is written all the same.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeShown } from '../../src/cli/write-reports.ts';
import { gitlabWorlds } from '../builders/gitlab-worlds.ts';
import { createRememberingLog } from '../support/try-transport.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'write-reports-'));
  await writeFile(join(folder, 'file'), '');
});
afterAll(() => rm(folder, { recursive: true }));

async function write(markdown: string, codeQuality: string): Promise<{ code: number; errors: readonly string[] }> {
  const errors: string[] = [];
  const log = { ...createRememberingLog(), error: (text: string) => void errors.push(text) };
  const files = { markdown: join(folder, markdown), codeQuality: join(folder, codeQuality) };
  const code = await writeShown(gitlabWorlds['plan']!(), files, { command: 'plan', raw: {}, environment: {}, log });
  return { code, errors };
}

describe('the files for people', () => {
  it('are both written, in folders that are made', async () => {
    expect(await write('new/plan.md', 'new/quality.json')).toEqual({ code: 0, errors: [] });
    expect(await readFile(join(folder, 'new/plan.md'), 'utf8')).toMatch(/^## /);
  });

  it('that cannot be written end the run in 2, and each stands for itself', async () => {
    const first = await write('file/plan.md', 'one/quality.json');
    expect(first).toMatchObject({ code: 2, errors: [expect.stringContaining('file/plan.md cannot be written')] });
    expect(await readFile(join(folder, 'one/quality.json'), 'utf8')).toMatch(/^\[/);
    const second = await write('two/plan.md', 'file/quality.json');
    expect(second.code).toBe(2);
    expect(await readFile(join(folder, 'two/plan.md'), 'utf8')).toMatch(/^## /);
  });
});
