// The log of the action: plain lines, and annotations for the first warnings. Secrets are masked by the runner and by us.

import type { Log, LogLevel } from '../log.ts';
import { cleanLines, describeProgress } from '../report/log-lines.ts';
import { createSecretMask } from '../util/mask-secrets.ts';
import { createPace } from '../util/pace.ts';

/** The part of `@actions/core` that a log needs. */
export interface RunnerCommands {
  info(message: string): void;
  warning(message: string): void;
  setSecret(secret: string): void;
}

/** A log that can clean the texts which do not go through it. */
export interface ActionLog extends Log {
  /** Masked, and harmless for the runner. */
  clean(text: string): string;
}

const ORDER: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
/** GitHub shows ten warnings of a step: https://docs.github.com/actions/reference/limits. One is left for the runner's own. */
const MAX_ANNOTATIONS = 9;
const PROGRESS_MS = 10_000;

/** A log that writes by way of the runner. `clock`: milliseconds. */
export function createActionLog(core: RunnerCommands, level: LogLevel, clock: () => number): ActionLog {
  const secrets = createSecretMask();
  const pace = createPace(clock, PROGRESS_MS);
  let annotations = 0;
  const clean = (text: string) => cleanLines(secrets.mask(text));
  const isShown = (one: LogLevel) => ORDER.indexOf(one) >= ORDER.indexOf(level);
  const say = (one: LogLevel, text: string): void => {
    if (isShown(one)) core.info(clean(text));
  };
  return {
    debug: (message) => say('debug', `debug: ${message}`),
    info: (message) => say('info', message),
    warn(message) {
      annotations += 1;
      if (!isShown('warn') || annotations > MAX_ANNOTATIONS) say('warn', `warning: ${message}`);
      else core.warning(clean(message));
    },
    error: (message) => say('error', `error: ${message}`),
    progress(step, done, total) {
      if (isShown('info') && pace(step, total > 0 && done >= total)) say('info', describeProgress(step, done, total));
    },
    secret(value) {
      for (const part of secrets.add(value)) core.setSecret(part);
    },
    clean,
  };
}
