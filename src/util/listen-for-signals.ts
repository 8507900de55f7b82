// SIGINT and SIGTERM: what deletes finishes its step first, everything else ends at once.

import { constants } from 'node:os';

/** A listener; `stop` takes it away. */
export interface SignalListener {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** What the process ends with when a signal came: 130 or 143. Undefined when none did. */
  exitCode(): number | undefined;
  stop(): void;
}

/** A terminal sends its signal to the launcher and to us, and the launcher passes it on: that is one signal, not two. */
const SAME_SIGNAL_MS = 1_000;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Listens until `stop`. With `graceful` the first signal only aborts, and a later one ends the process (any number of
 * steps is safe); without it the first one ends the process.
 */
export function listenForSignals(options: {
  readonly graceful: boolean;
  readonly say: (text: string) => void;
}): SignalListener {
  const controller = new AbortController();
  let first: { readonly code: number; readonly at: number } | undefined;
  const onSignal = (name: (typeof SIGNALS)[number]): void => {
    const code = 128 + constants.signals[name];
    if (!options.graceful) process.exit(code);
    if (first !== undefined && performance.now() - first.at > SAME_SIGNAL_MS) process.exit(code);
    if (first !== undefined) return;
    first = { code, at: performance.now() };
    options.say(`${name}: finishing the step under way; the rest is left as it is. Once more to stop at once.`);
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    exitCode: () => first?.code,
    stop: () => {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}
