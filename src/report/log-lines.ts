// Lines of a log, the same on a terminal and in CI.

import { defuseWorkflowCommand, escapeTerminal } from './escape-terminal.ts';
import { formatCount } from './format-count.ts';

/** Every line harmless on a terminal and in a CI log: escaped, and no command to a runner. Line breaks stay. */
export function cleanLines(text: string): string {
  return text
    .split('\n')
    .map((line) => defuseWorkflowCommand(escapeTerminal(line)))
    .join('\n');
}

/** `reading manifests: 1,200 of 5,000`; without a known total `reading manifests: 1,200`. */
export function describeProgress(step: string, done: number, total: number): string {
  if (total > 0) return `${step}: ${formatCount(done)} of ${formatCount(total)}`;
  return done === 0 ? step : `${step}: ${formatCount(done)}`;
}
