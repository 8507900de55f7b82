import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';

const LISTENER = join(import.meta.dirname, '../../src/util/listen-for-signals.ts');

/** Listens, says so, and keeps the process busy for ten seconds, or until 0.4 seconds after the abort when `stops`. */
function program(graceful: boolean, stops: boolean): string {
  return `import { listenForSignals } from ${JSON.stringify(LISTENER)};
const listener = listenForSignals({ graceful: ${graceful}, say: (line) => console.log(line) });
const timer = setTimeout(() => undefined, 10_000);
listener.signal.addEventListener('abort', () => {
  if (!${stops}) return;
  setTimeout(() => {
    console.log('finished');
    clearTimeout(timer);
    listener.stop();
    process.exitCode = listener.exitCode();
  }, 400);
});
console.log('ready');`;
}

async function run(source: string, signals: readonly (readonly [NodeJS.Signals, number])[]) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const said = text(child.stdout);
  await once(child.stdout, 'data');
  for (const [signal, afterMs] of signals) {
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    child.kill(signal);
  }
  const [code] = (await ended) as [number | null];
  return { code, said: await said };
}

describe('a signal', () => {
  it('ends at once what deletes nothing', async () => {
    expect((await run(program(false, false), [['SIGINT', 0]])).code).toBe(130);
  });

  it('lets an apply finish its step', async () => {
    const { code, said } = await run(program(true, true), [['SIGTERM', 0]]);
    expect(code).toBe(143);
    expect(said).toContain('finishing the step under way');
  });

  it('that comes twice at once, from the terminal and from the launcher, is one', async () => {
    const { code, said } = await run(program(true, true), [
      ['SIGINT', 0],
      ['SIGINT', 50],
    ]);
    expect(code).toBe(130);
    expect(said).toContain('finished');
  });

  it('that comes once more later ends the process at once', async () => {
    const started = performance.now();
    const { code } = await run(program(true, false), [
      ['SIGINT', 0],
      ['SIGINT', 1200],
    ]);
    expect(code).toBe(130);
    expect(performance.now() - started).toBeLessThan(8_000);
  });
});
