// One revision of a Helm release, as Helm keeps it in a Secret or a ConfigMap. Pure. Releases hold passwords: nothing here quotes them.
// https://github.com/helm/helm/blob/v3.19.0/pkg/storage/driver/util.go

import { isUtf8 } from 'node:buffer';
import { gunzipSync } from 'node:zlib';
import * as z from 'zod';

/** What a Secret or ConfigMap of Helm's says about itself, as far as it does. */
export interface HelmRevisionNames {
  readonly namespace?: string;
  /** Of the Secret or ConfigMap. */
  readonly object: string;
  readonly release?: string;
  /** 1 or more. */
  readonly revision?: number;
  /** Whether the revision may be what is installed, or is being installed: everything but superseded, uninstalled and failed. */
  readonly isLive: boolean;
  /** Whether it was ever installed: `failed` says that it was not, `pending-…` not that it was. */
  readonly hasWorked: boolean;
}

/** What an object with the label `owner=helm` holds. */
export type HelmObject =
  /** No release: somebody else's object that has the label. */
  | { readonly kind: 'other' }
  /** The texts that were applied, YAML of many documents each: the manifest and the hooks. None is empty. */
  | { readonly kind: 'release'; readonly names: HelmRevisionNames; readonly manifests: readonly string[] }
  /** `why` quotes nothing of the content. */
  | { readonly kind: 'broken'; readonly names: HelmRevisionNames; readonly why: string };

/** Statuses of revisions that are not installed. https://github.com/helm/helm/blob/v3.19.0/pkg/release/status.go */
const NOT_INSTALLED: ReadonlySet<string> = new Set(['superseded', 'uninstalled', 'failed']);
/** Statuses of revisions that are or were installed. */
const INSTALLED_ONCE: ReadonlySet<string> = new Set(['deployed', 'superseded', 'uninstalled']);

const SECRET_TYPE = 'helm.sh/release.v1';
const OBJECT_NAME = /^sh\.helm\.release\.v\d+\./;

/** A release is at most 1 MiB compressed (etcd's limit); what inflates to more than this is no release. */
const MAX_RELEASE_BYTES = 128 * 1024 * 1024;

const objectSchema = z.object({
  type: z.string().nullish(),
  metadata: z.object({
    name: z.string(),
    namespace: z.string().nullish(),
    labels: z.record(z.string(), z.string()).nullish(),
  }),
  data: z.record(z.string(), z.unknown()).nullish(),
});
type StoreObject = z.infer<typeof objectSchema>;

const releaseSchema = z.object({
  name: z.string().min(1),
  version: z.number().int().min(1),
  info: z.object({ status: z.string().nullish() }),
  manifest: z.string().nullish(),
  hooks: z.array(z.object({ manifest: z.string().nullish() })).nullish(),
});

/**
 * The revision in a Secret (base64 twice) or a ConfigMap (base64 once), gzipped or not. What was rendered is the truth: the values
 * (`config`, `chart.values`) are not read, because a value that no manifest uses protects nothing that Helm could bring back.
 * An object is a release when it has Helm's Secret type or object name, or carries `data.release` with the labels `name` and
 * `version`, by which Helm itself finds it. `owner=helm` alone makes none: a Secret of somebody else's that has the label is `other`.
 * A label and the content that contradict each other leave the revision live.
 */
export function decodeHelmRelease(object: unknown, kind: 'Secret' | 'ConfigMap'): HelmObject {
  const parsed = objectSchema.safeParse(object);
  if (!parsed.success)
    return broken(
      { object: '(unnamed)', isLive: true, hasWorked: false },
      'it is not of the form of a Secret or ConfigMap',
    );
  const stored = parsed.data;
  if (!isHelms(stored)) return { kind: 'other' };
  const content = contentOf(stored, kind);
  if (typeof content === 'string') return broken(namesOf(stored, undefined), content);
  const release = releaseSchema.safeParse(content.value);
  if (!release.success) {
    const at = release.error.issues[0]?.path.map(String).join('.') ?? '';
    return broken(namesOf(stored, undefined), `its release has an unexpected form at ${JSON.stringify(at)}`);
  }
  const { manifest, hooks } = release.data;
  const manifests = [manifest, ...(hooks ?? []).map((hook) => hook.manifest)].flatMap((text) => text || []);
  return { kind: 'release', names: namesOf(stored, release.data), manifests };
}

function isHelms({ type, metadata: { name, labels }, data }: StoreObject): boolean {
  if (type === SECRET_TYPE || OBJECT_NAME.test(name)) return true;
  const isFound = labels?.['owner'] === 'helm' && labels['name'] !== undefined && labels['version'] !== undefined;
  return isFound && data?.['release'] !== undefined;
}

/** The value of the release's JSON, or why there is none. */
function contentOf({ data }: StoreObject, kind: 'Secret' | 'ConfigMap'): { readonly value: unknown } | string {
  const text = data?.['release'];
  if (typeof text !== 'string' || text === '') return 'it has no text in data.release';
  const outer = decodeBase64(text);
  const inner = kind === 'ConfigMap' || outer === undefined ? outer : decodeBase64(outer.toString('latin1'));
  if (inner === undefined) return 'data.release is not base64';
  const json = inflate(inner);
  if (typeof json === 'string') return json;
  if (!isUtf8(json)) return 'its release is not UTF-8';
  try {
    return { value: JSON.parse(json.toString('utf8')) };
  } catch {
    // What the parser says quotes the text.
    return 'its release is not JSON';
  }
}

/** Undefined for anything but whole base64; line ends are allowed, as in Go. */
function decodeBase64(text: string): Buffer | undefined {
  const digits = /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, '') : text;
  const bytes = Buffer.from(digits, 'base64');
  const padding = digits.endsWith('==') ? 2 : Number(digits.endsWith('='));
  // Node leaves out what is no base64 without a word.
  return digits.length % 4 === 0 && bytes.length === (digits.length / 4) * 3 - padding ? bytes : undefined;
}

function inflate(bytes: Buffer): Buffer | string {
  const isGzipped = bytes.length > 3 && bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 0x08;
  if (!isGzipped) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_RELEASE_BYTES });
  } catch (error) {
    const isLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    return isLarge ? `its release inflates to more than ${MAX_RELEASE_BYTES} bytes` : 'its release is damaged gzip';
  }
}

/** The labels come first: Helm finds revisions by them. */
function namesOf({ metadata: about }: StoreObject, content?: z.infer<typeof releaseSchema>): HelmRevisionNames {
  const labels = about.labels ?? {};
  const labelled = /^[1-9]\d{0,8}$/.test(labels['version'] ?? '') ? Number(labels['version']) : undefined;
  const release = labels['name'] ?? content?.name;
  const revision = labelled ?? content?.version;
  const statuses = [labels['status'], content?.info.status].filter((status) => typeof status === 'string');
  const isContradicted =
    new Set(statuses).size > 1 || (content !== undefined && (content.name !== release || content.version !== revision));
  const isSure = !isContradicted && statuses.length > 0;
  return {
    object: about.name,
    ...(about.namespace ? { namespace: about.namespace } : {}),
    ...(release === undefined ? {} : { release }),
    ...(revision === undefined ? {} : { revision }),
    isLive: !isSure || statuses.some((status) => !NOT_INSTALLED.has(status)),
    hasWorked: isSure && statuses.every((status) => INSTALLED_ONCE.has(status)),
  };
}

function broken(names: HelmRevisionNames, why: string): HelmObject {
  return { kind: 'broken', names, why };
}
