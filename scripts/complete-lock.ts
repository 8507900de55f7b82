// Completes package-lock.json after `npm install`; run it by hand: `node scripts/complete-lock.ts`.
//
// npm writes a lock entry for an optional platform package (`@oxlint/binding-darwin-arm64` …) only when the registry it
// asked has that package. A registry mirror that holds the packages of one platform thus leaves a lock with which
// `npm ci` fails or lacks the program on every other platform. This adds the missing entries: name and version stand in
// the parent's `optionalDependencies`, the platform stands in the name. They carry no integrity hash, since nobody could
// see the package; the next `npm install` against a full registry adds it. It also drops `resolved` addresses, so that
// everybody's own registry is asked.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const PROCESSORS = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64', 'wasm32'];

// Entries stay as they are, key for key: a schema of their fields would put its own keys first.
const Lock = z.looseObject({
  name: z.string(),
  version: z.string(),
  lockfileVersion: z.literal(3),
  requires: z.boolean(),
  packages: z.record(z.string(), z.record(z.string(), z.unknown())),
});
const Dependencies = z.record(z.string(), z.string()).default({});

const file = join(import.meta.dirname, '..', 'package-lock.json');
const lock = Lock.parse(JSON.parse(readFileSync(file, 'utf8')));
const packages = new Map(Object.entries(lock.packages));
let addresses = 0;
let added = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  // Of a package in this repository it is the folder.
  if (entry['resolved'] !== undefined && entry['link'] !== true) {
    addresses += 1;
    delete entry['resolved'];
  }
  const devFlag = entry['dev'] === true ? { dev: true } : {};
  for (const [name, version] of Object.entries(Dependencies.parse(entry['optionalDependencies']))) {
    const platform = platformOf(name);
    if (platform === undefined || hasEntry(path, name)) continue;
    packages.set(`node_modules/${name}`, {
      version,
      cpu: platform.cpu,
      ...devFlag,
      optional: true,
      os: platform.os,
      ...platform.libc,
    });
    added += 1;
  }
}
const sorted = [...packages].sort(([left], [right]) => (left < right ? -1 : 1));
writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
process.stdout.write(`package-lock.json: ${added} platform packages added, ${addresses} addresses dropped\n`);

/** Whether npm would find the package from that place: beside it or at the top. */
function hasEntry(path: string, name: string): boolean {
  return packages.has(`node_modules/${name}`) || packages.has(`${path}/node_modules/${name}`);
}

interface Platform {
  readonly cpu: readonly string[];
  readonly os: readonly string[];
  readonly libc: { readonly libc?: readonly string[] };
}

/** The `os`, `cpu` and `libc` fields that the package's name tells; undefined when it names no platform. */
function platformOf(name: string): Platform | undefined {
  const words = name.split(/[-/]/);
  const os = SYSTEMS.find((system) => words.includes(system));
  const cpu = PROCESSORS.find((processor) => words.includes(processor));
  if (os === undefined || cpu === undefined) return undefined;
  const libc = os === 'linux' ? libcOf(words.at(-1) ?? '') : undefined;
  return { cpu: [cpu], os: [os], libc: libc === undefined ? {} : { libc: [libc] } };
}

function libcOf(lastWord: string): string | undefined {
  if (lastWord.startsWith('musl')) return 'musl';
  return lastWord.startsWith('gnu') ? 'glibc' : undefined;
}
