// Prints `N passed, N failed` for a vitest JSON report: `node scripts/summarize-tests.ts REPORT EXIT-CODE`.
// Exit code 1 when anything failed, did not run, or nothing ran; why goes to standard error.

import { readFileSync } from 'node:fs';
import * as z from 'zod';

const Report = z.object({
  success: z.boolean(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

const [file = '', exitCode = ''] = process.argv.slice(2);
const { passed, failures } = summarize(file, exitCode);
for (const failure of failures) process.stderr.write(`not passed: ${failure}\n`);
process.stdout.write(`${passed} passed, ${failures.length} failed\n`);
process.exitCode = failures.length === 0 ? 0 : 1;

/** Every test that did not pass is a failure, also one that was left out; a run that went wrong otherwise is one, too. */
function summarize(path: string, code: string): { readonly passed: number; readonly failures: readonly string[] } {
  const report = readReport(path);
  if (report === undefined) return { passed: 0, failures: ['the test run left no report'] };
  const tests = report.testResults.flatMap((result) => result.assertionResults);
  const passed = tests.filter((test) => test.status === 'passed').length;
  const failures = tests.filter((test) => test.status !== 'passed').map((test) => `${test.fullName} (${test.status})`);
  // A file that cannot be loaded has no tests that could fail.
  for (const result of report.testResults) {
    if (result.assertionResults.length === 0) failures.push(`${result.name}: no test ran: ${result.message ?? ''}`);
  }
  if (passed === 0) failures.push('not one test passed');
  if (failures.length === 0 && !(report.success && code === '0')) failures.push(`the test run ended with code ${code}`);
  return { passed, failures };
}

function readReport(path: string): z.infer<typeof Report> | undefined {
  try {
    return Report.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    process.stderr.write(`${String(cause)}\n`);
    return undefined;
  }
}
