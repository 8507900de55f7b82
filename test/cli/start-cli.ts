// The command line as a process without a bundle.

import { runCli } from '../../src/main.ts';

await runCli();
