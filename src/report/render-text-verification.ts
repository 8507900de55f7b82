// The look after an apply, for a terminal.

import { describeReadings, describeVerification } from './describe-verification.ts';
import type { Report } from './report.ts';
import type { TextPage } from './text-page.ts';

/** The JSON report has all of them. */
const MAX_REMARKS = 50;

/** A section about what was looked for after the last step; none where nothing was. */
export function renderVerification(report: Report, page: TextPage): readonly string[] {
  const { verification } = report;
  if (verification === undefined) return [];
  const readings = describeReadings(report);
  const { text, remarks } = describeVerification(verification);
  return [
    ...page.title('Looked for after the last step'),
    ...page.prose(text),
    ...remarks.slice(0, MAX_REMARKS).flatMap((line) => page.prose(`- ${line}`, 2).map(page.paint.attention)),
    ...page.more(remarks.length - MAX_REMARKS),
    ...(readings === undefined ? [] : page.prose(readings)),
  ];
}
