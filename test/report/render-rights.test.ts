import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import type { ClusterRights } from '../../src/model/cluster-rights.ts';
import { renderRights, renderRightsJson } from '../../src/report/render-rights.ts';

const MANY = Array.from({ length: 20 }, (_, at) => `widgets${at}`);
const rights: ClusterRights = {
  remarks: ['One thing.', `A long one: ${'word '.repeat(60)}end.`],
  roles: [
    { rules: [{ group: '', resources: ['nodes', 'pods'], verb: 'list', why: 'Pods.' }] },
    {
      namespace: 'shop',
      rules: [
        { group: 'apps.example.com', resources: MANY, verb: 'list', why: 'Widget.' },
        { group: '', resources: ['namespaces'], verb: 'get', names: ['123', 'true', 'shop'], why: 'There?' },
      ],
    },
  ],
};

const documents = (text: string) => parseAllDocuments(text).map((document) => document.toJS() as unknown);

describe('rights as manifests', () => {
  it('are the same in YAML and in JSON', () => {
    const { items } = JSON.parse(renderRightsJson(rights)) as { items: unknown };
    expect(documents(renderRights(rights))).toEqual(items);
  });

  it('are a namespace, an account, and a role with its binding for each place', () => {
    const { items } = JSON.parse(renderRightsJson(rights)) as { items: { kind: string; metadata: object }[] };
    expect(items.map(({ kind, metadata }) => [kind, metadata])).toMatchObject([
      ['Namespace', { name: 'registry-cleanup' }],
      ['ServiceAccount', { name: 'registry-cleanup', namespace: 'registry-cleanup' }],
      ['ClusterRole', { name: 'registry-cleanup' }],
      ['ClusterRoleBinding', { name: 'registry-cleanup' }],
      ['Role', { name: 'registry-cleanup', namespace: 'shop' }],
      ['RoleBinding', { name: 'registry-cleanup', namespace: 'shop' }],
    ]);
    expect(items.at(-1)).toMatchObject({
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'registry-cleanup' },
      subjects: [{ kind: 'ServiceAccount', name: 'registry-cleanup', namespace: 'registry-cleanup' }],
    });
  });

  it('have every remark and reason in comments, no line too long', () => {
    const lines = renderRights(rights).split('\n');
    expect(lines[0]).toBe('# One thing.');
    expect(lines).toContain('  # Widget.');
    expect(lines.filter((line) => line.length > 118)).toEqual([]);
  });

  it('quote names from a server that would be something else in YAML, or more', () => {
    const evil = 'x]\nkind: Secret #';
    const text = renderRights({
      remarks: [],
      roles: [{ rules: [{ group: evil, resources: [evil, 'on', '1e3', 'a: b'], verb: 'list', why: `Why.\n${evil}` }] }],
    });
    const role = documents(text)[2];
    expect(role).toMatchObject({
      kind: 'ClusterRole',
      rules: [{ apiGroups: [evil], resources: [evil, 'on', '1e3', 'a: b'] }],
    });
  });

  it('end in one newline', () => {
    for (const text of [renderRights(rights), renderRightsJson(rights)]) expect(text).toMatch(/[^\n]\n$/);
    expect(parse(renderRightsJson(rights))).toMatchObject({ kind: 'List' });
  });
});
