// The words that ask for everything: of the project, or of everybody.

import type { HostDropReason } from '../../../model/host-plan.ts';
import type { HostPolicy } from '../../../model/host-policy.ts';
import type { LocalImage } from '../../../model/local-store.ts';
import { type HostContext, isOfProject, matchesLabel } from '../host-context.ts';
import { findOtherVersion } from './improper-cache-version.ts';

/** `flush`: all of the project. */
export function dropFlushed(image: LocalImage, context: HostContext): HostDropReason | undefined {
  return context.policy.flush && isOfProject(image, context) ? { rule: 'flush' } : undefined;
}

/** `mrproper`: everybody's, as far as its word goes. */
export function dropByMrproper(image: LocalImage, context: HostContext): HostDropReason | undefined {
  const { mrproper } = context.policy;
  if (mrproper === undefined || !isMeant(image, mrproper, context)) return undefined;
  return { rule: 'mrproper', what: mrproper };
}

function isMeant(image: LocalImage, word: NonNullable<HostPolicy['mrproper']>, context: HostContext): boolean {
  switch (word) {
    case 'all':
      return true;
    case 'improper-dev-mode-cache':
      return matchesLabel(image.labels, context.policy.devLabels);
    case 'improper-cache-version-stages':
      return findOtherVersion(image, context) !== undefined;
  }
}
