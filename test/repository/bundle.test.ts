// What `dist/` is made of: a small entry, and everything that a run may not need in chunks of its own.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { listFiles, root } from '../support/source-files.ts';

const dist = join(root, 'dist');
const files = listFiles(dist);
const chunks = files.filter((name) => name.endsWith('.js') && name !== 'index.js');
const entry = readFileSync(join(dist, 'index.js'), 'utf8');

/** Texts that only these packages contain; they survive minifying. */
const MARKS = {
  undici: 'UND_ERR_',
  '@actions/cache': 'ACTIONS_CACHE_SERVICE_V2',
  '@octokit/rest': 'octokit-rest.js/',
  '@actions/core': 'ACTIONS_ID_TOKEN_REQUEST_URL',
  'json-p3': 'JSONPathSyntaxError',
};

const Manifest = z.object({ dependencies: z.record(z.string(), z.string()) });

describe('the bundle', () => {
  it('starts from an entry of at most 0.3 MB', () => {
    expect(Buffer.byteLength(entry)).toBeLessThanOrEqual(300_000);
    expect(Buffer.byteLength(entry)).toBeGreaterThan(1_000);
  });

  it.each(Object.entries(MARKS))('keeps %s in a lazy chunk', (_name, mark) => {
    expect(entry).not.toContain(mark);
    expect(chunks.filter((name) => readFileSync(join(dist, name), 'utf8').includes(mark))).not.toEqual([]);
  });

  it('is small as a whole: 5 MB, no source maps', () => {
    const sizes = files.map((name) => readFileSync(join(dist, name)).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(5_000_000);
    expect(files.filter((name) => name.endsWith('.map'))).toEqual([]);
  });

  it('is marked as an ES module', () => {
    expect(JSON.parse(readFileSync(join(dist, 'package.json'), 'utf8'))).toEqual({ type: 'module' });
  });

  it('names the licence of every package that it contains', () => {
    const { dependencies } = Manifest.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
    const licenses = readFileSync(join(dist, 'licenses.txt'), 'utf8').split('\n');
    expect(Object.keys(dependencies).filter((name) => !licenses.includes(name))).toEqual([]);
  });
});
