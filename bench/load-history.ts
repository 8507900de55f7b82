// Measured by `git.ts` as a process of its own: reads the history of the clone in its argument and says how large it is.

import { readHistory } from '../src/git/read-history.ts';
import { silentLog } from '../src/log.ts';

const history = await readHistory({
  directory: process.argv[2] ?? '.',
  allowUnshallow: true,
  allowFetch: true,
  environment: process.env,
  log: silentLog,
});
process.stdout.write(`${history.graph.size} commits, ${history.references.length} references\n`);
