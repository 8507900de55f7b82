// What every run that was stopped by a mistake has in common, and its transcript for a golden file.

import { expect } from 'vitest';
import type { ErrorCode } from '../../src/errors.ts';
import type { BadInputRun } from './bad-input.ts';

/** How the run must end. */
export interface ExpectedStop {
  readonly exit: number;
  readonly code: ErrorCode;
  /** The golden file with the error and the requests: `bad-input/NAME.txt`. Or, where chance has a say in the error, its pattern. */
  readonly golden: string | RegExp;
  /** Mistakes in the words themselves come before it is known that a report is wanted. */
  readonly withoutReport?: true;
  /** What else was asked when the first answer came is chance: the golden file does not have it. */
  readonly racing?: true;
}

/**
 * Holds a run to it: exit code and error code in every place that tells them, nothing deleted and nothing put, no file of the user's
 * touched, nothing but the report left behind; message, hint and requests as in the golden file.
 */
export async function expectStopped(run: BadInputRun, expected: ExpectedStop): Promise<void> {
  const { exit, code, golden, withoutReport } = expected;
  expect({ exit: run.code, stdout: run.stdout }).toEqual({ exit, stdout: '' });
  expect(run.stderr).toContain(`  code: ${code} (exit ${exit})\n`);
  expect(run.stderr.match(/^error: /gm)).toHaveLength(1);
  expect(run.requests.filter((line) => !/^(?:GET|HEAD) /.test(line))).toEqual([]);
  expect(run.changedInputs).toEqual([]);
  expect(run.left).toEqual(withoutReport === true ? [] : ['report.json']);
  if (withoutReport !== true) {
    expect(run.report).toMatchObject({
      command: 'apply',
      result: { kind: 'stopped', error: { code, exitCode: exit } },
    });
    expect(run.report).toMatchObject({ totals: { deleted: 0, untagged: 0, failed: 0 } });
  }
  if (typeof golden !== 'string') expect(run.stderr).toMatch(golden);
  else await expect(transcript(run, expected.racing === true)).toMatchFileSnapshot(`../golden/bad-input/${golden}.txt`);
}

function transcript({ stderr, requests }: BadInputRun, racing: boolean): string {
  if (racing) return `${stderr}\nrequests:\n  reads, as many as came before the error\n`;
  const counts = new Map<string, number>();
  for (const line of requests) counts.set(line, (counts.get(line) ?? 0) + 1);
  const asked = [...counts].map(([line, count]) => (count === 1 ? line : `${line}  (${count} times)`));
  return `${stderr}\nrequests:\n${(asked.length > 0 ? asked : ['none']).map((line) => `  ${line}`).join('\n')}\n`;
}
