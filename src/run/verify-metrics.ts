// The file of metrics, for a collector that may read it at any moment.

import { type MetricsInput, renderMetrics } from '../report/render-metrics.ts';
import { writeTextFile } from './run-files.ts';

/** Writes the metrics, whole or not at all. @throws UsageError when it cannot. */
export async function writeMetrics(path: string, input: MetricsInput): Promise<void> {
  await writeTextFile(path, renderMetrics(input));
}
