// Images that a workload does not run itself, but has others start: by the environment of an operator, by annotations for an injector.
// Their names say what they are, wherever they stand. Pure.

type Fields = ReadonlyMap<string, unknown>;

/** https://github.com/operator-framework/operator-lifecycle-manager, https://sdk.operatorframework.io/docs/best-practices/ */
export const RELATED_IMAGE = 'RELATED_IMAGE_';

interface ImageAnnotation {
  readonly key: string;
  /** Where its tag stands, for those that are a name alone. */
  readonly tagKey?: string;
}

const ANNOTATIONS: readonly ImageAnnotation[] = [
  // Without a slash it is put together with the injector's own settings. https://istio.io/latest/docs/reference/config/annotations/
  { key: 'sidecar.istio.io/proxyImage' },
  // https://linkerd.io/2/reference/proxy-configuration/
  { key: 'config.linkerd.io/proxy-image', tagKey: 'config.linkerd.io/proxy-version' },
  { key: 'config.linkerd.io/init-image', tagKey: 'config.linkerd.io/init-image-version' },
  { key: 'config.linkerd.io/debug-image', tagKey: 'config.linkerd.io/debug-image-version' },
  // https://developer.hashicorp.com/vault/docs/deploy/kubernetes/injector/annotations
  { key: 'vault.hashicorp.com/agent-image' },
  // https://docs.dapr.io/reference/arguments-annotations-overview/
  { key: 'dapr.io/sidecar-image' },
];

/** The annotations that {@link annotatedImages} looks for. */
export const IMAGE_ANNOTATIONS: readonly string[] = ANNOTATIONS.map(({ key }) => key);

/** The value of one entry of an environment, `{name: RELATED_IMAGE_…, value}`: what an operator starts when it is asked to. */
export function relatedImage(entry: Fields): string | undefined {
  const name = textOf(entry, 'name');
  return name?.startsWith(RELATED_IMAGE) === true ? textOf(entry, 'value') : undefined;
}

/** What annotations have an injector put into pods. A name whose tag nobody says has an open one: `NAME:$(tag)`. */
export function annotatedImages(annotations: Fields): readonly string[] {
  return ANNOTATIONS.flatMap(({ key, tagKey }) => {
    const text = textOf(annotations, key);
    if (text === undefined || !text.includes('/')) return [];
    if (tagKey === undefined || /[:@][^/]*$/.test(text)) return [text];
    return [`${text}:${textOf(annotations, tagKey) ?? '$(tag)'}`];
  });
}

function textOf(fields: Fields, key: string): string | undefined {
  const value = fields.get(key);
  return typeof value === 'string' ? value : undefined;
}
