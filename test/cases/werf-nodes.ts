// Stages and records of werf's in the words of the stories.

import * as z from 'zod';
import type { NodeSpec } from '../builders/snapshot.ts';
import {
  customTagMetadata,
  imageMetadata,
  managedImage,
  rejectedMarker,
  serviceRecord,
  stage,
  stageIdOf,
} from '../builders/werf-snapshot.ts';

/** Of a node: that it is one of werf's. Stages are called by the short names of their nodes. */
export const werfNode = z.union([
  /** A stage; `on`: the one that it was built on. */
  z.strictObject({ stage: z.strictObject({ on: z.string().optional(), created: z.string().optional() }) }),
  /** A record that the image was published for the commit as the stage. */
  z.strictObject({ published: z.strictObject({ image: z.string(), commit: z.string(), stage: z.string() }) }),
  z.strictObject({ managed: z.string() }),
  z.strictObject({ rejected: z.string() }),
  z.strictObject({ customTag: z.strictObject({ tag: z.string(), stage: z.string() }) }),
  z.strictObject({ service: z.string() }),
]);
type WerfNode = z.infer<typeof werfNode>;

/** The node of this short name; `created` is that of a record. */
export function werfNodeOf(
  told: WerfNode,
  {
    name,
    tags,
    created,
  }: { readonly name: string; readonly tags: readonly string[]; readonly created?: string | null },
): NodeSpec {
  const more = created === undefined ? {} : { created };
  if ('stage' in told) {
    const { on, created: built } = told.stage;
    const labels = on === undefined ? {} : { 'werf.io/parent-stage-id': stageIdOf(on) };
    return stage({ name, tags, labels, ...(built === undefined ? {} : { created: built }) });
  }
  if ('published' in told) {
    const { image, commit, stage: of } = told.published;
    return { ...imageMetadata({ image, commit, stage: stageIdOf(of), ...more }), name };
  }
  if ('managed' in told) return { ...managedImage(told.managed, more), name };
  if ('rejected' in told) return { ...rejectedMarker(stageIdOf(told.rejected), more), name };
  if ('customTag' in told) {
    const { tag, stage: of } = told.customTag;
    return { ...customTagMetadata({ tag, stage: stageIdOf(of), ...more }), name };
  }
  return { ...serviceRecord(told.service, { lastcleanuptimestamp: '1' }), name };
}
