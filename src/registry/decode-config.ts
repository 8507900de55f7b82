// Config blobs: bytes to labels and creation time. What does not decode is unread, never empty.

import * as z from 'zod';
import { describeCause } from '../errors.ts';
import type { ConfigFacts } from '../model/snapshot.ts';

const labelsSchema = z.record(z.string(), z.string()).nullish();

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md#properties */
const configSchema = z.object({
  created: z.string().nullish(),
  // `Image` is Docker's: https://github.com/moby/moby/blob/v28.0.0/api/types/container/config.go
  config: z.object({ Labels: labelsSchema, labels: labelsSchema, Image: z.unknown().optional() }).nullish(),
  os: z.unknown().optional(),
  history: z.unknown().optional(),
});

/** What Kaniko signs its steps with: https://github.com/GoogleContainerTools/kaniko/blob/v1.23.2/pkg/executor/push.go */
const KANIKO_STEPS = z.array(z.object({ author: z.literal('kaniko') })).min(1);

/** Larger configs are not read: real ones have some kilobytes. Bytes. */
export const MAX_CONFIG_BYTES = 8 * 1024 * 1024;

/**
 * Labels (`config.Labels`, also in lower case), `created` and `config.Image` of an image config, as the builder wrote them, and whether it is a
 * step of Kaniko's. `unread`, with the reason, when the bytes are no UTF-8, no JSON, or not of an image config's shape.
 */
export function decodeConfig(bytes: Uint8Array): ConfigFacts {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    return { kind: 'unread', why: `its config is not JSON: ${describeCause(error)}` };
  }
  const parsed = configSchema.safeParse(json);
  if (!parsed.success) return { kind: 'unread', why: `its config is malformed: ${firstIssue(parsed.error)}` };
  const { created, config, os = '', history } = parsed.data;
  const labels = { ...config?.labels, ...config?.Labels };
  const madeFrom = config?.Image;
  return {
    kind: 'read',
    labels,
    ...(created === null || created === undefined ? {} : { created }),
    ...(typeof madeFrom === 'string' && madeFrom !== '' ? { madeFrom } : {}),
    ...(os === '' && KANIKO_STEPS.safeParse(history).success ? { isKanikoStep: true } : {}),
  };
}

function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue === undefined ? error.message : `${issue.path.join('.')}: ${issue.message}`;
}
