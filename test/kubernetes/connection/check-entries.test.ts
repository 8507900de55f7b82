import { describe, expect, it } from 'vitest';
import { checkEntries } from '../../../src/kubernetes/connection/check-entries.ts';
import type { KubeUser } from '../../../src/kubernetes/kubeconfig/kube-entries.ts';

const V1 = 'client.authentication.k8s.io/v1';

function check(user: KubeUser, cluster: object = {}): string | undefined {
  try {
    checkEntries({ name: 'prod', cluster: { server: 'https://k.test', ...cluster }, user });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return undefined;
}

describe('what a context asks for', () => {
  it.each([
    ['nothing', {}],
    ['a token, groups and extras', { token: 't', as: 'u', 'as-groups': ['g'], 'as-user-extra': { k: ['v'] } }],
    ['empty groups and no user', { token: 't', as: '', 'as-groups': [], 'as-user-extra': {}, 'as-uid': '' }],
    ['a plugin', { exec: { apiVersion: V1, command: 'p', interactiveMode: 'Never' } }],
    ['oidc', { 'auth-provider': { name: 'oidc', config: {} } }],
    ['extensions', { token: 't', extensions: [] }],
  ])('may be %s', (_, user) => {
    expect(check(user)).toBeUndefined();
  });

  it.each([
    ['a key that nobody knows', { 'new-method': {} }, {}, /^new-method is not supported/],
    ['a cluster key that nobody knows', {}, { 'new-check': true }, /^new-check is not supported/],
    ['a certificate without key', { 'client-certificate': 'c' }, {}, /must come together/],
    ['a key without certificate', { 'client-key-data': 'a' }, {}, /must come together/],
    ['two ways to log in', { token: 't', username: 'u', password: 's3cret' }, {}, /token and a password exclude/],
    ['a token file and a password', { tokenFile: 't', password: 's3cret' }, {}, /token and a password exclude/],
    ['two plugins', { exec: { apiVersion: V1, command: 'p' }, 'auth-provider': { name: 'oidc' } }, {}, /exclude/],
    ['a uid without user', { 'as-uid': '1' }, {}, /^as-uid goes with "as" only/],
    ['groups without user', { 'as-groups': ['g'] }, {}, /^as-groups goes/],
    ['extras without user', { 'as-user-extra': { k: [] } }, {}, /^as-user-extra goes/],
    ['the provider gcp', { 'auth-provider': { name: 'gcp' } }, {}, /use the exec plugin gke-gcloud-auth-plugin/],
    ['the provider azure', { 'auth-provider': { name: 'azure' } }, {}, /use the exec plugin kubelogin/],
    ['a provider that nobody knows', { 'auth-provider': { name: 'toString' } }, {}, /"toString" is not supported/],
    [
      'an authority that is not used',
      {},
      { 'certificate-authority': 'ca.crt', 'insecure-skip-tls-verify': true },
      /exclude each other/,
    ],
    ['a password in the address', {}, { server: 'https://me:s3cret@k.test' }, /holds a user name or a password/],
    ['a query in the address', {}, { server: 'https://k.test?t=s3cret' }, /has a query or a fragment/],
    ['plain HTTP to another machine', {}, { server: 'http://k.test' }, /plain HTTP is for loopback only/],
    ['plain HTTP with a token', { token: 's3cret' }, { server: 'http://127.0.0.1' }, /never sent over plain HTTP/],
    [
      'plain HTTP with a token, also where that is meant',
      { token: 's3cret' },
      { server: 'http://k.test', 'insecure-skip-tls-verify': true },
      /never sent over plain HTTP/,
    ],
  ])('must not be %s', (_, user, cluster, why) => {
    expect(check(user, cluster)).toMatch(why);
    expect(check(user, cluster)).not.toContain('s3cret');
  });

  it.each([
    ['on loopback', { server: 'http://localhost:8001' }],
    ['where the kubeconfig says that it is meant', { server: 'http://k.test', 'insecure-skip-tls-verify': true }],
  ])('may be plain HTTP without credentials %s', (_, cluster) => {
    expect(check({}, cluster)).toBeUndefined();
  });
});
