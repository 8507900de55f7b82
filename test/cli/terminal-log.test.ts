import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { hasColor, isInteractive } from '../../src/cli/terminal-kind.ts';
import { createTerminalLog } from '../../src/cli/terminal-log.ts';
import type { LogLevel } from '../../src/log.ts';
import { createRequestQueue } from '../../src/registry/request-queue.ts';

async function openLog(looks: { level?: LogLevel; color?: boolean; interactive?: boolean } = {}) {
  const stream = new PassThrough();
  const time = { ms: 0 };
  const { level = 'info', color = false, interactive = false } = looks;
  const log = await createTerminalLog({ stream, level, color, interactive, clock: () => time.ms });
  return { log, time, written: () => String(stream.read() ?? '') };
}

describe('the log', () => {
  it('shows its level and what is above', async () => {
    const { log, written } = await openLog({ level: 'warn' });
    log.debug('a');
    log.info('b');
    log.progress('c', 1, 2);
    log.warn('d');
    log.error('e');
    expect(written()).toBe('warning: d\nerror: e\n');
  });

  it('replaces secrets, also one line of a longer one, and the longest first', async () => {
    const { log, written } = await openLog();
    log.secret('');
    log.secret('abcd');
    log.secret('abcdef');
    log.secret('token: s3cr3t-line\nx');
    log.info('abcdef abcd s3cr3t token: s3cr3t-line x');
    log.progress('reading abcd', 1, 1);
    expect(written()).toBe('*** *** s3cr3t *** x\nreading ***: 1 of 1\n');
  });

  it('leaves words whole when a secret is too short to be told from them', async () => {
    const { log, written } = await openLog();
    log.secret('t');
    log.secret('con');
    log.secret('text');
    log.info('the context');
    expect(written()).toBe('the con***\n');
  });

  it('lets no text move the cursor or command a runner', async () => {
    const { log, written } = await openLog();
    log.warn('\u001b[2Jtag\n::error::x\n##[group]y');
    expect(written()).toBe('warning: \\u{1b}[2Jtag\n: :error::x\n# #[group]y\n');
  });

  it('tells progress in a log at the beginning, every ten seconds, and at the end once', async () => {
    const { log, time, written } = await openLog();
    for (let done = 0; done <= 1000; done += 1) {
      time.ms = done * 25;
      log.progress('reading', done, 1000);
    }
    log.progress('reading', 1000, 1000);
    log.progress('listing', 7, 0);
    expect(written()).toBe(
      'reading: 0 of 1,000\nreading: 400 of 1,000\nreading: 800 of 1,000\nreading: 1,000 of 1,000\nlisting: 7\n',
    );
  });

  it('shows a reading that finds more and more as one step with one end', async () => {
    const { log, written } = await openLog({ interactive: true });
    const queue = createRequestQueue(1, (done, total) => log.progress('reading', done, total));
    for (const tasks of [2, 1]) {
      for (let at = 0; at < tasks; at += 1) queue.add(() => Promise.resolve());
      await queue.finish();
    }
    queue.end();
    log.stop();
    expect(written().match(/✔|√/g)).toHaveLength(1);
  });

  it('ends a spinner with a line that stays', async () => {
    const { log, time, written } = await openLog({ interactive: true });
    log.progress('reading', 1, 2);
    time.ms = 1000;
    log.progress('reading', 2, 2);
    log.stop();
    expect(written()).toContain('reading: 2 of 2');
  });
});

describe('colours', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
    [true, { TERM: 'dumb' }, false],
  ])('on a terminal %s with %j: %s', (isTTY, environment, expected) => {
    expect(hasColor({ isTTY }, environment)).toBe(expected);
  });

  it('and spinners are two things: CI has no one who watches', () => {
    expect(isInteractive({ isTTY: true }, { CI: 'true', FORCE_COLOR: '1' })).toBe(false);
    expect(isInteractive({ isTTY: true }, {})).toBe(true);
  });
});
