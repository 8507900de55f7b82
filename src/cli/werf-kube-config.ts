// A kubeconfig from werf's flags for a single cluster. Its context is called `token`, as werf calls it.

import { resolve } from 'node:path';
import type { Mistake } from '../config/mistake.ts';
import type { WerfValue } from './read-werf-words.ts';

/** What the flags come to. */
export type WerfKubeConfig =
  /** No token: the others are for nothing. */
  | { readonly kind: 'none'; readonly notes: readonly string[] }
  | { readonly kind: 'wrong'; readonly place: string; readonly mistakes: readonly Mistake[] }
  | {
      readonly kind: 'built';
      /** The flag or variable with the token, for messages. */
      readonly place: string;
      readonly isWord: boolean;
      /** JSON, which is YAML: a secret. */
      readonly text: string;
      readonly isUnchecked: boolean;
    };

const NAME = 'token';
const BESIDE = ['kube-api-server', 'kube-ca-data', 'skip-tls-verify-kube'];

/** The kubeconfig for these values by the names of werf's flags. */
export function buildWerfKubeConfig(values: ReadonlyMap<string, WerfValue>): WerfKubeConfig {
  const one = (name: string) => values.get(name)?.values[0] ?? '';
  const token = ['kube-token', 'kube-token-path'].map((name) => values.get(name)).find((value) => value !== undefined);
  if (token === undefined) {
    const idle = BESIDE.flatMap((name) => values.get(name) ?? []).filter(({ isWord }) => isWord);
    return { kind: 'none', notes: idle.map(({ place }) => `${place} has no effect without --kube-token`) };
  }
  const { place, isWord } = token;
  const server = one('kube-api-server');
  if (!/^https?:\/\/\S+$/.test(server)) {
    const text = 'it needs --kube-api-server (WERF_KUBE_API_SERVER), the address of the cluster with https://';
    return { kind: 'wrong', place, mistakes: [{ place, text }] };
  }
  const isUnchecked = one('skip-tls-verify-kube') === 'true';
  const authority = isUnchecked ? '' : one('kube-ca-data');
  const cluster = {
    server,
    ...(authority === '' ? {} : { 'certificate-authority-data': encodeAuthority(authority) }),
    ...(isUnchecked ? { 'insecure-skip-tls-verify': true } : {}),
  };
  const user = values.has('kube-token')
    ? { token: one('kube-token').trim() }
    : { tokenFile: resolve(one('kube-token-path')) };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: NAME, cluster }],
    users: [{ name: NAME, user }],
    contexts: [{ name: NAME, context: { cluster: NAME, user: NAME } }],
    'current-context': NAME,
  };
  return { kind: 'built', place, isWord, text: JSON.stringify(config), isUnchecked };
}

function encodeAuthority(text: string): string {
  return text.includes('-----BEGIN') ? Buffer.from(text).toString('base64') : text;
}
