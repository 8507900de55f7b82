// A small file system of its own, in memory, which really fills up.

import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** A mounted file system. */
export interface SmallDisk {
  readonly path: string;
  /** Percent in use, rounded up as `df` does it. */
  usedPercent(): Promise<number>;
  /** Unmounts and removes it. Whoever has a file open in it has a little time to close it. */
  remove(): Promise<void>;
}

/** Mounts a file system of so many megabytes (of 1024 × 1024 bytes). */
export async function mountSmallDisk(megabytes: number): Promise<SmallDisk> {
  const path = await mkdtemp(join(tmpdir(), 'small-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path]);
  return {
    path,
    usedPercent: async () => {
      const { blocks, bavail } = await statfs(path);
      return 100 - Math.floor((bavail * 100) / blocks);
    },
    remove: async () => {
      for (let left = 20; !unmount(path); left -= 1) {
        if (left === 0) throw new Error(`${path} cannot be unmounted`);
        await setTimeout(250);
      }
      await rm(path, { recursive: true });
    },
  };
}

function unmount(path: string): boolean {
  try {
    // An engine mounts layers below its folder, and is killed by tests.
    execFileSync('umount', ['--recursive', path], { stdio: 'ignore' });
    return true;
  } catch {
    // Busy: the caller tries again, and tells in the end.
    return false;
  }
}
