// Service accounts with rights of their own on a real API server, as the people who follow the documentation make them.

import { createPrivateKey, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import * as z from 'zod';
import { type KubeApiserver, TOKEN_ISSUER } from './kube-apiserver.ts';

/** A rule as RBAC has it. */
export interface RbacRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** A service account. */
export interface KubeAccount {
  readonly name: string;
  /** `system:serviceaccount:tools:NAME`. */
  readonly user: string;
  /** Good for an hour. */
  readonly token: string;
  /** A token of the same account, rightly signed, that was good until an hour ago. */
  readonly expiredToken: string;
  /** Replaces its rights and waits until the server goes by them. */
  setRules(rules: readonly RbacRule[]): Promise<void>;
}

const NAMESPACE = 'tools';
const EFFECT_TIMEOUT_MS = 30_000;
const tokenSchema = z.object({ status: z.object({ token: z.string() }) });
const reviewSchema = z.object({ status: z.object({ allowed: z.boolean() }) });
const claimsSchema = z.record(z.string(), z.unknown());

/** Makes an account with the given rules: in the whole cluster, or in one namespace. */
export async function addAccount(
  server: KubeApiserver,
  {
    name,
    rules,
    namespace,
  }: { readonly name: string; readonly rules: readonly RbacRule[]; readonly namespace?: string },
): Promise<KubeAccount> {
  const role = { apiGroup: 'rbac.authorization.k8s.io', kind: namespace === undefined ? 'ClusterRole' : 'Role', name };
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  await server.create(
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: NAMESPACE } },
    { apiVersion, kind: role.kind, metadata, rules: [] },
    {
      apiVersion,
      kind: `${role.kind}Binding`,
      metadata,
      roleRef: role,
      subjects: [{ kind: 'ServiceAccount', name, namespace: NAMESPACE }],
    },
  );
  const token = await requestToken(server, name);
  const user = `system:serviceaccount:${NAMESPACE}:${name}`;
  const base = namespace === undefined ? '' : `/namespaces/${namespace}`;
  const path = `/apis/${apiVersion}${base}/${role.kind === 'Role' ? 'roles' : 'clusterroles'}/${name}`;
  let current: readonly RbacRule[] = [];

  async function setRules(next: readonly RbacRule[]): Promise<void> {
    await server.must('PATCH', path, { rules: next }, 'application/merge-patch+json');
    const [before, after] = [new Set(current.flatMap(rightsOf)), new Set(next.flatMap(rightsOf))];
    for (const right of new Set([...before, ...after]))
      if (before.has(right) !== after.has(right))
        await waitForRight(server, { user, right, namespace, isGranted: after.has(right) });
    current = next;
  }

  await setRules(rules);
  return { name, user, token, expiredToken: await signExpired(server, token), setRules };
}

async function requestToken(server: KubeApiserver, name: string): Promise<string> {
  const path = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/${name}/token`;
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } };
  return tokenSchema.parse(await server.must('POST', path, request)).status.token;
}

/** The same claims, two hours earlier, with the server's own key. */
async function signExpired(server: KubeApiserver, token: string): Promise<string> {
  const [header = '', body = ''] = token.split('.');
  const claims = claimsSchema.parse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8')));
  if (claims['iss'] !== TOKEN_ISSUER) throw new Error(`an unexpected issuer: ${String(claims['iss'])}`);
  const earlier = Object.fromEntries(
    Object.entries(claims).map(([key, value]) => [key, typeof value === 'number' ? value - 7200 : value]),
  );
  const text = `${header}.${Buffer.from(JSON.stringify(earlier)).toString('base64url')}`;
  const key = createPrivateKey(await readFile(server.accountKeyFile));
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
}

/** `list apps/deployments`; rules with `*` are not waited for. */
function rightsOf({ apiGroups, resources, verbs }: RbacRule): string[] {
  return apiGroups.flatMap((group) =>
    resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
  );
}

interface AskedRight {
  readonly user: string;
  readonly right: string;
  readonly namespace: string | undefined;
  readonly isGranted: boolean;
}

/** The server learns of changed roles a moment later. */
async function waitForRight(server: KubeApiserver, { user, right, namespace, isGranted }: AskedRight): Promise<void> {
  const [, verb, group, resource] = /^(\S+) ([^/]*)\/(.+)$/.exec(right) ?? [];
  const spec = {
    user,
    resourceAttributes: { verb, group, resource, ...(namespace === undefined ? {} : { namespace }) },
  };
  const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec };
  const deadline = Date.now() + EFFECT_TIMEOUT_MS;
  for (;;) {
    const said = await server.must('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', review);
    if (reviewSchema.parse(said).status.allowed === isGranted) return;
    if (Date.now() > deadline) throw new Error(`${user} still ${isGranted ? 'lacks' : 'has'} the right to ${right}`);
    await setTimeout(20);
  }
}
