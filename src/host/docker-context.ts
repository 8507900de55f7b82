// Docker's contexts: a name for an engine, kept by docker's own client below its configuration folder.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { UsageError } from '../errors.ts';
import type { EngineSurroundings } from './port.ts';

/** What a context says of its engine. */
export interface DockerContext {
  /** `unix:///…`, as DOCKER_HOST has it; untrusted text. */
  readonly host: string;
  /** For messages. */
  readonly title: string;
  readonly certificates?: string;
}

const configSchema = z.looseObject({ currentContext: z.string().optional() });
const metaSchema = z.looseObject({ Endpoints: z.looseObject({ docker: z.looseObject({ Host: z.string().min(1) }) }) });

/**
 * The context that DOCKER_CONTEXT or docker's configuration chooses; undefined where that is none, or `default`.
 * https://docs.docker.com/engine/manage-resources/contexts/
 * @throws UsageError USAGE when it cannot be read.
 */
export async function readContext(environment: EngineSurroundings['environment']): Promise<DockerContext | undefined> {
  const folder = environment['DOCKER_CONFIG'] ?? join(environment['HOME'] ?? homedir(), '.docker');
  const name = environment['DOCKER_CONTEXT'] ?? (await readCurrent(join(folder, 'config.json')));
  if (name === undefined || name === '' || name === 'default') return undefined;
  // Docker names the folders of a context by the hash of its name.
  const place = createHash('sha256').update(name).digest('hex');
  const meta = join(folder, 'contexts', 'meta', place, 'meta.json');
  const title = `Docker's context ${JSON.stringify(name)}`;
  const { Endpoints } = await readJson(meta, metaSchema, title);
  const certificates = join(folder, 'contexts', 'tls', place, 'docker');
  return { host: Endpoints.docker.Host, title, ...(existsSync(certificates) ? { certificates } : {}) };
}

async function readCurrent(path: string): Promise<string | undefined> {
  if (!existsSync(path)) return undefined;
  return (await readJson(path, configSchema, "Docker's configuration")).currentContext;
}

async function readJson<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  title: string,
): Promise<z.infer<Schema>> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new UsageError(`${title} cannot be read from ${path}.`, {
      code: 'USAGE',
      hint: 'Choose the engine with --engine or DOCKER_HOST.',
      cause,
    });
  }
}
