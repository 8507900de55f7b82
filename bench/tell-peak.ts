// Preloaded into a measured process: at its end it adds a line with its peak memory in KiB to BENCH_PEAK_FILE.

import { appendFileSync } from 'node:fs';

const file = process.env['BENCH_PEAK_FILE'];
if (file !== undefined) {
  process.on('exit', () => appendFileSync(file, `${process.resourceUsage().maxRSS}\n`));
}
