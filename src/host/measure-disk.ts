// How full the file system of an engine's store is. Measured only where it is certain that this is its file system: in a container that was
// given the engine's socket a folder of that name is another one.

import { existsSync } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { hostname } from 'node:os';
import { describeCause } from '../errors.ts';
import type { EnginePlace } from './engine-place.ts';
import type { DiskMeasure } from './port.ts';

/** What an engine says of the place of its store. */
export interface StorePlace {
  readonly place: EnginePlace;
  /** What the machine of the engine is called. */
  readonly hostname: string;
  /** Where it has its files, as it says itself; several where it does not say which, the first is shown. */
  readonly folders: readonly string[];
  /** Whether the first folder, as it is seen from here, holds what this engine has in its store. */
  readonly isItsOwn: (folder: string) => Promise<boolean>;
  /** The folder as it is seen from here, when the user names it. */
  readonly engineRoot?: string | undefined;
}

/** What Docker and Podman put into each of their containers. */
const MARKS_OF_CONTAINERS = ['/.dockerenv', '/run/.containerenv'];
const NAME_IT = 'name the folder of the store as it is seen from here with --engine-root';

/** The file system, or why it is not known. Never throws. */
export async function measureDisk(store: StorePlace): Promise<DiskMeasure> {
  if (store.engineRoot !== undefined) return await measure(store.engineRoot);
  const why = whyElsewhere(store);
  const [main = ''] = store.folders;
  if (why !== undefined && (store.place.kind === 'tcp' || !(await store.isItsOwn(main))))
    return { kind: 'unknown', why };
  const folders = store.folders.filter((folder) => existsSync(folder));
  const [first] = folders;
  if (first === undefined || first !== store.folders[0])
    return { kind: 'unknown', why: `the folder ${store.folders[0] ?? ''} of the engine is not here: ${NAME_IT}` };
  if (!(await haveOneFileSystem(folders)))
    return { kind: 'unknown', why: `its images may lie in any of ${folders.join(', ')}: ${NAME_IT}` };
  return await measure(first);
}

function whyElsewhere({ place, hostname: name }: StorePlace): string | undefined {
  if (place.kind === 'tcp') return `the engine is reached by TCP and may be on another machine: ${NAME_IT}`;
  if (MARKS_OF_CONTAINERS.some((path) => existsSync(path)))
    return `this is a container, and the store of the engine lies outside of it: ${NAME_IT}`;
  if (name !== hostname())
    return `the engine runs on ${JSON.stringify(name)}, and this is ${JSON.stringify(hostname())}: ${NAME_IT}`;
  return undefined;
}

async function haveOneFileSystem(folders: readonly string[]): Promise<boolean> {
  const devices = await Promise.all(folders.map(async (folder) => (await stat(folder).catch(() => undefined))?.dev));
  return devices.every((device) => device !== undefined && device === devices[0]);
}

async function measure(path: string): Promise<DiskMeasure> {
  try {
    const { blocks, bavail, bsize } = await statfs(path);
    const capacityBytes = blocks * bsize;
    if (!(capacityBytes > 0))
      return { kind: 'unknown', why: `the file system of ${path} says that it has no room at all` };
    // Kubelet, too, does not believe in more room than there is.
    return { kind: 'known', disk: { path, capacityBytes, availableBytes: Math.min(bavail * bsize, capacityBytes) } };
  } catch (error) {
    return { kind: 'unknown', why: `${path} cannot be measured: ${describeCause(error)}` };
  }
}
