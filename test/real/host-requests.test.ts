// What `host` asks of real engines: a dry run only looks, and with --confirm nothing is done that the plan does not say.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runProcess } from '../cli/run-process.ts';
import { type LocalEngine, listLocalEngines, startLocalEngine } from '../support/local-engines.ts';
import { startWatchedSocket, type WatchedSocket } from '../support/watched-socket.ts';

const START = fileURLToPath(new URL('../cli/start-cli.ts', import.meta.url));

describe.each(listLocalEngines())('the requests of host to %s', (kind) => {
  let engine: LocalEngine;
  let door: WatchedSocket;
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'host-requests-'));
    engine = await startLocalEngine(kind);
    door = await startWatchedSocket(engine.socket);
  }, 120_000);

  afterAll(async () => {
    await door.stop();
    await engine.stop();
    await rm(directory, { recursive: true });
  }, 60_000);

  beforeEach(async () => {
    await engine.empty();
    await engine.add('127.0.0.1:1/team/app:v1', 1, ['LABEL com.example.team=shop']);
    await engine.add('127.0.0.1:1/team/used:v1', 1, ['LABEL com.example.team=shop']);
    await engine.client('create', '--name', 'holder', '127.0.0.1:1/team/used:v1');
    await engine.add('127.0.0.1:1/team/other:v1', 1);
  }, 120_000);

  const EVERYTHING = [
    '--flush',
    '--dangling',
    '--project-label',
    'com.example.team=shop',
    '--cache-grace',
    '0',
    '--maximum-dead-containers',
    '9',
    '--image-gc-high-threshold',
    '100%',
    '--build-cache-older-than',
    '1h',
  ];

  const ask = async (...words: readonly string[]) => {
    const before = door.log.length;
    const engineWords = ['--engine', `unix://${door.socket}`, '--format', 'json'];
    const result = await runProcess({
      file: START,
      words: ['host', ...engineWords, ...EVERYTHING, ...words],
      directory,
    });
    return { ...result, asked: door.log.slice(before) };
  };

  it('are in a dry run nothing but GET and HEAD, whatever would go', async () => {
    const { code, stdout, stderr, asked } = await ask();
    expect([code, stderr]).toEqual([0, expect.any(String) as string]);
    expect((JSON.parse(stdout) as { steps: unknown[] }).steps.length).toBeGreaterThan(0);
    expect(asked.length).toBeGreaterThan(3);
    expect(asked.filter((line) => !/^(?:GET|HEAD) /.test(line))).toEqual([]);
  });

  it('delete with --confirm what the plan says, without force', async () => {
    const { code, asked, stdout } = await ask('--confirm');
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      expect.objectContaining({ result: { kind: 'applied' } }) as unknown,
    ]);
    const deeds = asked.filter((line) => !/^(?:GET|HEAD) /.test(line));
    expect(deeds.length).toBeGreaterThan(0);
    expect(deeds.filter((line) => !/^(?:DELETE|POST \/\S*build\/prune)/.test(line))).toEqual([]);
    expect(deeds.filter((line) => /force=(?:1|true)|[?&]v=(?:1|true)|volumes=(?:1|true)/i.test(line))).toEqual([]);
    const names = await engine.names();
    expect(names).toContain('127.0.0.1:1/team/other:v1');
    expect(names).not.toContain('127.0.0.1:1/team/app:v1');
  });
});
