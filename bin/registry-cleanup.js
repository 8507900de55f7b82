#!/usr/bin/env node
// Starts the command line. Must run on any Node from 14 on, so that an old one gets a sentence and not a syntax error:
// nothing newer than ES2020 here, and nothing of `dist` before the version is known.
/* oxlint-disable typescript/no-unsafe-assignment, typescript/no-unsafe-call, typescript/no-unsafe-member-access, typescript/no-unsafe-argument, typescript/no-unsafe-return -- plain JavaScript: the compiler does not see it */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED_NODE = 24;
const here = dirname(fileURLToPath(import.meta.url));

if (Number(process.versions.node.split('.')[0]) >= NEEDED_NODE) {
  const { runCli } = await startBundle();
  await runCli();
} else {
  useOwnNode();
}

async function startBundle() {
  const bundle = join(here, '..', 'dist', 'index.js');
  if (!existsSync(bundle)) stop(`${bundle} is missing. In a checkout: npm ci && npm run build`);
  return import(new URL('../dist/index.js', import.meta.url).href);
}

/** A checkout has a Node of its own among its development dependencies. */
function useOwnNode() {
  const ownNode = join(here, '..', 'node_modules', 'node', 'bin', 'node');
  if (!existsSync(ownNode)) {
    stop(
      `registry-cleanup needs Node ${NEEDED_NODE} or newer, and this is ${process.version}. ` +
        `Install it from https://nodejs.org, or run: npx -p node@${NEEDED_NODE} registry-cleanup …`,
    );
  }
  const child = spawn(ownNode, [fileURLToPath(import.meta.url)].concat(process.argv.slice(2)), { stdio: 'inherit' });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const passOn = signals.map((name) => ({ name, listener: () => child.kill(name) }));
  for (const { name, listener } of passOn) process.on(name, listener);
  child.on('error', (error) => stop(`${ownNode} does not start: ${error.message}`));
  child.on('exit', (code, signal) => {
    for (const { name, listener } of passOn) process.off(name, listener);
    // What ended the child ends us the same way, so that a shell sees no difference.
    if (signal !== null) process.kill(process.pid, signal);
    else process.exitCode = code ?? 1;
  });
}

function stop(message) {
  process.stderr.write(`error: ${message}\n`);
  process.exit(2);
}
