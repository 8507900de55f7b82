// What is known about a kind of Kubernetes objects that names images: where its list is, and how its objects are read.

/** One kind of object that names images. */
export interface ResourceKind {
  /** `CronJob`. */
  readonly kind: string;
  /** Plural name in paths and in RBAC rules: `cronjobs`. */
  readonly resource: string;
  /** API group; empty for the core group. */
  readonly group: string;
  /** `cluster`: its objects lie in no namespace. */
  readonly scope: 'namespace' | 'cluster';
  readonly reading: Reading;
}

/** How the images of an object are found. */
export type Reading =
  /** By a pod spec under these keys, which must be there and have Kubernetes' form. */
  | { readonly by: 'pod-spec'; readonly podSpec: readonly string[] }
  | WalkReading
  /** As the store of Helm's releases: Secrets or ConfigMaps with the label `owner=helm`. */
  | { readonly by: 'helm-release' }
  /** OpenShift's history of image tags. */
  | { readonly by: 'image-stream' };

/**
 * Everything that looks like an image, at any depth, and every text or list of texts at these JSONPaths (RFC 9535), which must be one.
 * `anyText`: also every other text that is a whole reference with a tag or a digest, for kinds that pass images as parameters.
 */
export interface WalkReading {
  readonly by: 'walk';
  readonly paths: readonly string[];
  readonly anyText?: boolean;
}

/** A kind whose objects have a pod spec, or are made from one. */
export interface PodSpecKind extends ResourceKind {
  readonly reading: Extract<Reading, { readonly by: 'pod-spec' }>;
}

/** Whether the images of a kind stand in a pod spec. */
export function isPodSpecKind(kind: ResourceKind): kind is PodSpecKind {
  return kind.reading.by === 'pod-spec';
}

/** A kind whose form is not held to anything. */
export interface WalkKind extends ResourceKind {
  readonly reading: WalkReading;
}

/** Whether everything in a kind's objects is looked at. */
export function isWalkKind(kind: ResourceKind): kind is WalkKind {
  return kind.reading.by === 'walk';
}

/** A kind that a cluster has, in the version it is read in. */
export interface PresentKind extends ResourceKind {
  /** `v1`, `v1beta1`. */
  readonly version: string;
}

/** The path of a kind's list on the server: `/apis/apps/v1/namespaces/shop/deployments`; all namespaces without one. */
export function listPath(kind: PresentKind, namespace: string | undefined): string {
  const group = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${group}${scope}/${kind.resource}`;
}

/** `pods`, `deployments.apps`: a kind as kubectl and `kubernetes.exclude` name it. */
export function resourceName({ resource, group }: Pick<ResourceKind, 'resource' | 'group'>): string {
  return group === '' ? resource : `${resource}.${group}`;
}

/** The RBAC rule that allows to list a kind, as YAML on one line. */
export function formatRule({ group, resource }: Pick<ResourceKind, 'resource' | 'group'>): string {
  return `{apiGroups: ["${group}"], resources: ["${resource}"], verbs: ["list"]}`;
}
