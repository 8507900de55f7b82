// The one way to say something while working. Only `cli/` and `action/` implement it; nothing below them prints.

/** Levels from the loudest filter to the quietest. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where progress and remarks go. Implementations must not throw and must mask registered secrets. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
  /** Reports how far a long step is: `done` of `total` (total 0: not known yet). May be called very often. */
  progress(step: string, done: number, total: number): void;
  /** Registers a text that must never be shown; every later line has it replaced by `***`. */
  secret(value: string): void;
}

/** A log that says nothing: the default in tests and in library use. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  progress: () => undefined,
  secret: () => undefined,
};
