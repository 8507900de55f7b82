import { describe, expect, it } from 'vitest';
import { mergeEntries } from '../../../src/kubernetes/kubeconfig/merge-entries.ts';
import { parseKubeConfig } from '../../../src/kubernetes/kubeconfig/parse-kube-config.ts';

const configOf = (namespace: string, cluster = 'c') =>
  parseKubeConfig(
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: 'https://k' } }],
      contexts: [{ name: 'prod', context: { cluster, namespace } }],
    }),
    'config',
  );

const merge = (...entries: readonly ReturnType<typeof configOf>[]) =>
  mergeEntries(entries.map((one, at) => ({ place: `file ${at}`, entries: one }))).contexts.get('prod');

describe('a context that stands in two files', () => {
  it.each([
    ['has the namespaces of both', ['a', 'b'], { cluster: 'c', namespaces: ['a', 'b'] }],
    ['has the one that both name', ['a', 'a'], { cluster: 'c', namespaces: ['a'] }],
    ['has none where one of them names none, which means all', ['a', ''], { cluster: 'c' }],
  ])('%s', (_name, namespaces, expected) => {
    expect(merge(...namespaces.map((one) => configOf(one)))).toEqual(expected);
  });

  it('is refused where it leads to another cluster', () => {
    expect(() => merge(configOf('a'), configOf('a', 'd'))).toThrow('with other content');
  });
});
