// What a stream can show: colours, a spinner, so many columns.

/** What is asked of a stream. */
export interface TerminalStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Wider lines are hard to read, and a log has no width. */
const WIDEST = 120;
const LOG_WIDTH = 100;

/** Whether to colour: FORCE_COLOR decides, then NO_COLOR (https://no-color.org), then whether it is a terminal. */
export function hasColor(stream: TerminalStream, environment: NodeJS.ProcessEnv): boolean {
  const forced = environment['FORCE_COLOR'];
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false';
  if ((environment['NO_COLOR'] ?? '') !== '') return false;
  return stream.isTTY === true && environment['TERM'] !== 'dumb';
}

/** Whether a person watches, so that progress may redraw a line. Never in CI, whatever its terminal claims. */
export function isInteractive(stream: TerminalStream, environment: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && environment['TERM'] !== 'dumb' && !('CI' in environment);
}

/** Columns to lay a text out on. */
export function textWidth(stream: TerminalStream): number {
  return stream.isTTY === true ? Math.min(stream.columns ?? LOG_WIDTH, WIDEST) : LOG_WIDTH;
}
