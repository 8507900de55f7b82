// Images of the project that no name leads to: what a newer build of the same name has left behind.

import type { HostDropReason } from '../../../model/host-plan.ts';
import type { LocalImage } from '../../../model/local-store.ts';
import { type HostContext, isOfProject } from '../host-context.ts';

/** Why an image without a name goes, or undefined. Those of other projects stay: dapp took everybody's. */
export function dropDangling(image: LocalImage, context: HostContext): HostDropReason | undefined {
  if (!context.policy.dangling || image.names.length > 0 || !isOfProject(image, context)) return undefined;
  return { rule: 'dangling' };
}
