// How full a file system is, in kubelet's arithmetic.
// https://github.com/kubernetes/kubernetes/blob/v1.34.0/pkg/kubelet/images/image_gc_manager.go

import type { DiskThreshold } from './host-policy.ts';
import type { DiskSpace } from './local-store.ts';

/** Percent in use, 0 to 100, rounded up: 84.1 percent are 85. Of a file system without any room 100. */
export function usedPercentOf({ capacityBytes, availableBytes }: DiskSpace): number {
  return capacityBytes <= 0 ? 100 : 100 - Math.floor((availableBytes * 100) / capacityBytes);
}

/** Whether so much is in use, or more. */
export function isAtOrAbove(disk: DiskSpace, threshold: DiskThreshold): boolean {
  return threshold.kind === 'percent'
    ? usedPercentOf(disk) >= threshold.percent
    : disk.capacityBytes - disk.availableBytes >= threshold.bytes;
}

/** Bytes that must come free so that no more than the threshold is in use; 0 when no more is. */
export function bytesAbove({ capacityBytes, availableBytes }: DiskSpace, threshold: DiskThreshold): number {
  const wanted =
    threshold.kind === 'percent'
      ? Math.floor((capacityBytes * (100 - threshold.percent)) / 100) - availableBytes
      : capacityBytes - availableBytes - threshold.bytes;
  return Math.max(0, wanted);
}
