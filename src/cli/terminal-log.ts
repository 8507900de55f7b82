// The log of the command line, on standard error: a spinner on a terminal, plain lines in a log. Secrets become `***`,
// and no untrusted text can move the cursor or command a CI runner.

import { styleText } from 'node:util';
import type { Log, LogLevel } from '../log.ts';
import { cleanLines, describeProgress } from '../report/log-lines.ts';
import { createSecretMask } from '../util/mask-secrets.ts';
import { createPace } from '../util/pace.ts';

/** Where the log goes and what it shows. */
export interface TerminalLogOptions {
  readonly stream: NodeJS.WritableStream;
  readonly level: LogLevel;
  readonly color: boolean;
  /** A person watches: progress may redraw a line. */
  readonly interactive: boolean;
  /** Milliseconds, for the pace of progress. */
  readonly clock: () => number;
}

/** A log that can be ended. */
export interface TerminalLog extends Log {
  /** Takes a spinner off the terminal. */
  stop(): void;
}

interface Progress {
  show(text: string): void;
  done(text: string): void;
  stop(): void;
}

const ORDER: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
/** Faster is not seen; a log wants a line now and then only. */
const REDRAW_MS = 100;
const LINE_MS = 10_000;

/** A log on the stream. */
export async function createTerminalLog(options: TerminalLogOptions): Promise<TerminalLog> {
  const secrets = createSecretMask();
  const isShown = (level: LogLevel) => ORDER.indexOf(level) >= ORDER.indexOf(options.level);
  const paint = (style: 'yellow' | 'red' | 'dim', text: string) =>
    options.color ? styleText(style, text, { validateStream: false }) : text;
  const say = (level: LogLevel, prefix: string, message: string): void => {
    if (isShown(level)) options.stream.write(`${prefix}${cleanLines(secrets.mask(message))}\n`);
  };
  const progress = options.interactive ? await createSpinner(options) : createLines((text) => say('info', '', text));
  const pace = createPace(options.clock, options.interactive ? REDRAW_MS : LINE_MS);
  return {
    debug: (message) => say('debug', paint('dim', 'debug: '), message),
    info: (message) => say('info', '', message),
    warn: (message) => say('warn', paint('yellow', 'warning: '), message),
    error: (message) => say('error', paint('red', 'error: '), message),
    progress(step, done, total) {
      if (!isShown('info')) return;
      const isEnd = total > 0 && done >= total;
      if (!pace(step, isEnd)) return;
      const text = cleanLines(secrets.mask(describeProgress(step, done, total)));
      if (isEnd) progress.done(text);
      else progress.show(text);
    },
    secret: (value) => void secrets.add(value),
    stop: () => progress.stop(),
  };
}

function createLines(print: (text: string) => void): Progress {
  return { show: print, done: print, stop: () => undefined };
}

async function createSpinner(options: TerminalLogOptions): Promise<Progress> {
  const { default: yoctoSpinner } = await import('yocto-spinner');
  // Signals are ours: an apply finishes its step first.
  const spinner = yoctoSpinner({ stream: options.stream as NodeJS.WriteStream, handleSignals: false });
  return {
    show(text) {
      if (spinner.isSpinning) spinner.text = text;
      else spinner.start(text);
    },
    done(text) {
      if (!spinner.isSpinning) spinner.start(text);
      spinner.success(text);
    },
    stop: () => void spinner.stop(),
  };
}
