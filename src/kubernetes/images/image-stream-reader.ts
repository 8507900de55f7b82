// Reads OpenShift's image streams: what their tags name now, and how far back the history of each tag counts.
// https://github.com/openshift/api/blob/release-4.20/image/v1/types.go

import * as z from 'zod';
import { type Instant, parseRfc3339 } from '../../model/time.ts';
import type { ObjectReader } from '../lists/object-reader.ts';
import { describeIssues, workloadOf, wrongShape } from './object-source.ts';
import { parseItem } from './parse-item.ts';
import type { ReadSource } from './read-source.ts';
import { createUsageCollector, type UsageCollector } from './usage-collector.ts';
import { INTERNAL_REGISTRY } from './weak-forms.ts';

const fromSchema = z.object({ kind: z.string(), name: z.string(), namespace: z.string().nullish() });
const itemSchema = z.object({
  created: z.unknown().optional(),
  image: z.string().nullish(),
  dockerImageReference: z.string().nullish(),
});
const streamSchema = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string().nullish(), creationTimestamp: z.unknown().optional() }),
  spec: z
    .object({
      dockerImageRepository: z.string().nullish(),
      tags: z.array(z.object({ name: z.string(), from: fromSchema.nullish() })).nullish(),
    })
    .nullish(),
  status: z
    .object({
      dockerImageRepository: z.string().nullish(),
      publicDockerImageRepository: z.string().nullish(),
      tags: z.array(z.object({ tag: z.string(), items: z.array(itemSchema).nullish() })).nullish(),
    })
    .nullish(),
});

type Stream = z.infer<typeof streamSchema>;
type Item = z.infer<typeof itemSchema>;
type From = z.infer<typeof fromSchema>;

/**
 * Reads image streams. Of each tag these count: its name in the integrated registry, what it is set to (`spec.tags[].from`), the newest
 * `keepTagRevisions` items of its history, every item younger than `keepYoungerThan`, and every item without a time. All items of a
 * stream count that is itself that young, or tells no time. An item counts by its digest in any repository, and by its reference.
 * @throws EvidenceError EVIDENCE_KUBERNETES for a stream of another form, and for an item that names no image.
 */
export function createImageStreamReader(source: ReadSource): ObjectReader<UsageCollector> {
  const collector = createUsageCollector();
  return {
    read(item) {
      const object = parseItem(item, source);
      const about = { ...source, from: 'cluster' } as const;
      const workload = workloadOf(object, about);
      const parsed = streamSchema.safeParse(object);
      if (!parsed.success) throw wrongShape(about, workload, describeIssues([], parsed.error));
      for (const text of textsOf(parsed.data, source)) {
        if (text === undefined) throw wrongShape(about, workload, 'an item of a tag names no image');
        collector.add({ text, workload });
      }
    },
    finish: () => collector,
  };
}

/** Undefined stands for an item that names no image. */
function textsOf(stream: Stream, source: ReadSource): readonly (string | undefined)[] {
  const { metadata, spec, status } = stream;
  const own = `${metadata.namespace ?? ''}/${metadata.name}`;
  const repositories = [
    `${INTERNAL_REGISTRY}/${own}`,
    status?.dockerImageRepository,
    status?.publicDockerImageRepository,
  ].filter((text) => typeof text === 'string' && text !== '');
  const specTags = spec?.tags ?? [];
  const statusTags = status?.tags ?? [];
  const tags = new Set([...specTags.map(({ name }) => name), ...statusTags.map(({ tag }) => tag)]);
  const isYoung = isYoungerThanKept(metadata.creationTimestamp, source);
  const items = statusTags.flatMap((tag) => (isYoung ? (tag.items ?? []) : selectItems(tag.items ?? [], source)));
  return [
    ...[...tags].flatMap((tag) => repositories.map((repository) => `${repository}:${tag}`)),
    ...specTags.flatMap(({ from }) => (from ? [textOfFrom(from, metadata)] : [])),
    ...(spec?.dockerImageRepository ? [spec.dockerImageRepository] : []),
    ...items.flatMap(textsOfItem),
  ];
}

/** The reference of a tag's source. A stream is named with its tag or digest; a tag alone is one of the same stream. */
function textOfFrom({ kind, name, namespace }: From, own: Stream['metadata']): string {
  if (kind !== 'ImageStreamTag' && kind !== 'ImageStreamImage') return name;
  const where = `${INTERNAL_REGISTRY}/${namespace || (own.namespace ?? '')}`;
  return /[:@]/.test(name) ? `${where}/${name}` : `${where}/${own.name}:${name}`;
}

/**
 * The items of a tag that count. The API server puts the newest first, which is not relied on: what stands among the first and what was
 * made last both count.
 */
function selectItems(items: readonly Item[], source: ReadSource): readonly Item[] {
  const times = items.map(({ created }) => timeOf(created)).filter((at) => at !== undefined);
  const oldest =
    times
      .sort((a, b) => b - a)
      .slice(0, source.keepTagRevisions)
      .at(-1) ?? 0;
  return items.filter(
    ({ created }, index) =>
      index < source.keepTagRevisions || (timeOf(created) ?? 0) >= oldest || isYoungerThanKept(created, source),
  );
}

function textsOfItem({ image, dockerImageReference }: Item): readonly (string | undefined)[] {
  const texts = [image?.trim(), dockerImageReference?.trim()].flatMap((text) => text || []);
  return texts.length === 0 ? [undefined] : texts;
}

/** An unknown time is young. */
function isYoungerThanKept(text: unknown, source: ReadSource): boolean {
  const at = timeOf(text);
  return at === undefined || source.now - at < source.keepYoungerThan;
}

function timeOf(text: unknown): Instant | undefined {
  return typeof text === 'string' ? parseRfc3339(text) : undefined;
}
