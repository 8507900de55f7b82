// The rights that an account needs as manifests: YAML with comments for people and `kubectl apply -f -`, JSON for programs.
// Both say the same. Reads the rights, decides nothing.

import type { AccessRole, AccessRule, ClusterRights } from '../model/cluster-rights.ts';
import { escapeTerminal } from './escape-terminal.ts';
import { wrapText } from './text-layout.ts';

/** The account, its namespace, and every role and binding are called so. */
const ACCOUNT = 'registry-cleanup';
const GROUP = 'rbac.authorization.k8s.io';
const LABELS = { 'app.kubernetes.io/name': ACCOUNT };
/** Of lines, as far as words let them. */
const WIDTH = 118;

/** The manifests as one `List`, in an order in which a server takes them; ends in a newline. */
export function renderRightsJson({ roles }: ClusterRights): string {
  const items = [buildNamespace(), buildAccount(), ...roles.flatMap((role) => [buildRole(role), buildBinding(role)])];
  return `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, null, 2)}\n`;
}

/** The same as YAML documents, each rule behind a comment that says what it is for; ends in a newline. */
export function renderRights({ roles, remarks }: ClusterRights): string {
  const documents = [
    renderFields(buildNamespace()),
    renderFields(buildAccount()),
    ...roles.flatMap((role) => [
      `${renderFields({ ...buildRole(role), rules: undefined })}rules:\n${role.rules.map(renderRule).join('')}`,
      renderFields(buildBinding(role)),
    ]),
  ];
  return remarks.map((remark) => renderComment(remark, '')).join('#\n') + documents.join('---\n');
}

function buildNamespace() {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ACCOUNT, labels: LABELS } };
}

function buildAccount() {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: ACCOUNT, namespace: ACCOUNT, labels: LABELS },
  };
}

function buildRole(role: AccessRole) {
  const rules = role.rules.map(({ group, resources, names, verb }) => ({
    apiGroups: [group],
    resources,
    ...(names === undefined ? {} : { resourceNames: names }),
    verbs: [verb],
  }));
  return { apiVersion: `${GROUP}/v1`, kind: kindOf(role), metadata: metadataOf(role), rules };
}

function buildBinding(role: AccessRole) {
  const kind = kindOf(role);
  return {
    apiVersion: `${GROUP}/v1`,
    kind: `${kind}Binding`,
    metadata: metadataOf(role),
    roleRef: { apiGroup: GROUP, kind, name: ACCOUNT },
    subjects: [{ kind: 'ServiceAccount', name: ACCOUNT, namespace: ACCOUNT }],
  };
}

function kindOf({ namespace }: AccessRole): 'Role' | 'ClusterRole' {
  return namespace === undefined ? 'ClusterRole' : 'Role';
}

function metadataOf({ namespace }: AccessRole) {
  return { name: ACCOUNT, ...(namespace === undefined ? {} : { namespace }), labels: LABELS };
}

function renderRule({ group, resources, names, verb, why }: AccessRule): string {
  return [
    renderComment(why, '  '),
    `  - apiGroups: [${group === '' ? '""' : word(group)}]\n`,
    renderWords('resources', resources),
    names === undefined ? '' : renderWords('resourceNames', names),
    `    verbs: [${verb}]\n`,
  ].join('');
}

/** A list on one line where it fits. */
function renderWords(key: string, words: readonly string[]): string {
  const line = `    ${key}: [${words.map(word).join(', ')}]\n`;
  return line.length <= WIDTH ? line : `    ${key}:\n${words.map((one) => `      - ${word(one)}\n`).join('')}`;
}

/** A mapping in block style, of texts, mappings and lists of mappings. Absent values are left out. */
function renderFields(fields: object, indent = ''): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]: [string, unknown]) => {
      if (typeof value === 'string') return `${indent}${key}: ${word(value)}\n`;
      const inner = `${indent}  `;
      if (!Array.isArray(value)) return `${indent}${key}:\n${renderFields(value as object, inner)}`;
      const items = value.map((item: object) => `${inner}- ${renderFields(item, `${inner}  `).trimStart()}`);
      return `${indent}${key}:\n${items.join('')}`;
    })
    .join('');
}

/** Anything but a plain name is quoted: some of the names come from a server. */
function word(text: string): string {
  return /^[a-z][a-z0-9./-]*[a-z0-9]$/i.test(text) && !/^(?:true|false|yes|no|on|off|null)$/i.test(text)
    ? text
    : JSON.stringify(text);
}

function renderComment(text: string, indent: string): string {
  const prefix = `${indent}# `;
  return `${wrapText(escapeTerminal(text), WIDTH, { indent: prefix, hang: prefix }).join('\n')}\n`;
}
