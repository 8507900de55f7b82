// `npm run bench`, or `npm run bench -- start git`: measures against other programs on this machine, in the same run.
// Only ratios mean something; seconds differ from machine to machine and from hour to hour.

import { benchGit } from './git.ts';
import { benchGithub } from './github.ts';
import { benchGitlab } from './gitlab.ts';
import { benchKubernetes } from './kubernetes.ts';
import { benchRegistry } from './registry.ts';
import { benchStart } from './start.ts';
import { benchWerf } from './werf.ts';

const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  start: benchStart,
  git: benchGit,
  registry: benchRegistry,
  github: benchGithub,
  gitlab: benchGitlab,
  kubernetes: benchKubernetes,
  werf: benchWerf,
};

const asked = process.argv.slice(2);
for (const name of asked.length > 0 ? asked : Object.keys(PARTS)) {
  const part = PARTS[name];
  if (part === undefined) throw new Error(`There is no benchmark ${name}; there are ${Object.keys(PARTS).join(', ')}.`);
  await part();
}
