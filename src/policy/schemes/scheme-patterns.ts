// The tag patterns that the user wrote for each scheme.

import type { SchemeKind } from '../../model/decision.ts';
import type { Policy, TagScheme, TagSchemes } from '../../model/policy.ts';
import { compileTagPattern, type TagPattern } from '../tag-pattern.ts';

const KINDS: readonly SchemeKind[] = ['branch', 'commit', 'tag'];

/** A scheme that is on. */
export interface ActiveScheme {
  readonly kind: SchemeKind;
  readonly limits: Pick<TagScheme, 'last' | 'in'>;
  readonly patterns: readonly TagPattern[];
}

/** The schemes that are on, always in the same order. @throws UsageError USAGE for what is no tag pattern. */
export function listActiveSchemes(schemes: TagSchemes): readonly ActiveScheme[] {
  return KINDS.flatMap((kind) => {
    const scheme = schemes[kind];
    if (scheme === undefined) return [];
    const limits = { last: scheme.last, ...(scheme.in === undefined ? {} : { in: scheme.in }) };
    return [{ kind, limits, patterns: scheme.tags.map((source) => compileTagPattern(source, true)) }];
  });
}

/** What is known of images with the schemes' patterns besides the others: for a forge that is asked what the commits in tags are. */
export function imagesWithSchemes({ images, schemes }: Pick<Policy, 'images' | 'schemes'>): Policy['images'] {
  if (schemes === 'off') return images;
  const sources = KINDS.flatMap((kind) => schemes[kind]?.tags ?? []);
  return { ...images, tagPatterns: [...new Set([...images.tagPatterns, ...sources])] };
}
