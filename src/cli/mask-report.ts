// A report for places that more people read than a log: a server may quote what it was sent in its errors.

import type { Report } from '../report/report.ts';
import { createSecretMask } from '../util/mask-secrets.ts';

/** The same report with every secret in its texts as `***`. */
export function maskReport(report: Report, secrets: readonly string[]): Report {
  const mask = createSecretMask();
  for (const secret of secrets) mask.add(secret);
  const hide = (_: string, value: unknown): unknown => (typeof value === 'string' ? mask.mask(value) : value);
  return JSON.parse(JSON.stringify(report, hide)) as Report;
}
