// A text that was found where images are named.

import { fixedParts } from '../../model/open-text.ts';
import type { UnparsableUse, Workload } from '../../model/usage.ts';
import { interpretImage } from './interpret-image.ts';

/** A text in an image field, and who wrote it there. */
export interface FoundImage {
  readonly text: string;
  readonly workload: Workload;
  /** It stands where many things stand, so that it need not be an image: it stops a run only when it may name a repository of ours. */
  readonly isWeak?: true;
  /** What may fill its open parts. */
  readonly fillings?: NonNullable<UnparsableUse['fillings']>;
}

/** The image that a text names, or may name; nothing for a text that is wholly open, or blank. */
export function weakImage(text: string, workload: Workload): readonly FoundImage[] {
  switch (interpretImage(text).kind) {
    case 'reference':
    case 'digest':
      return [{ text, workload }];
    case 'unparsable':
      return fixedParts(text).some((part) => /[a-z0-9]/.test(part)) ? [{ text, workload, isWeak: true }] : [];
    case 'blank':
      return [];
  }
}
