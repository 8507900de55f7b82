import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listRules, type RuleRequest } from '../../../src/kubernetes/kinds/list-rules.ts';
import type { Reading, ResourceKind } from '../../../src/kubernetes/kinds/resource-kind.ts';
import { RESOURCE_KINDS } from '../../../src/kubernetes/kinds/resource-kinds.ts';

const WALK: Reading = { by: 'walk', paths: [] };
const kind = (name: string, changes: Partial<ResourceKind> = {}): ResourceKind => ({
  kind: name,
  resource: `${name.toLowerCase()}s`,
  group: 'apps.example.com',
  scope: 'namespace',
  reading: WALK,
  ...changes,
});
const rolesFor = (kinds: readonly ResourceKind[], changes: Partial<RuleRequest> = {}) =>
  listRules({ kinds, namespaces: [], added: new Set(), ...changes });

describe('the rules for reading', () => {
  it('allow to list every known kind, each once, and nothing but listing', () => {
    const [role, ...others] = rolesFor(RESOURCE_KINDS);
    expect(others).toEqual([]);
    expect(role?.rules.map(({ verb }) => verb).every((verb) => verb === 'list')).toBe(true);
    const allowed = role?.rules.flatMap(({ group, resources }) => resources.map((resource) => `${resource}.${group}`));
    const read = RESOURCE_KINDS.map(({ group, resource }) => `${resource}.${group}`);
    expect(allowed?.toSorted()).toEqual([...new Set(read), 'nodes.'].toSorted());
  });

  it('name no wildcard: a right to read everything is not what anybody meant to give', () => {
    const text = JSON.stringify(rolesFor(RESOURCE_KINDS));
    expect(text).not.toContain('*');
  });

  it('say of each rule what it is for, in a sentence', () => {
    const sentences = rolesFor(RESOURCE_KINDS, { namespaces: ['shop'] }).flatMap(({ rules }) => rules);
    for (const { why } of sentences) expect(why).toMatch(/^[A-Z].{3,}\.$/);
  });

  it('say of every known group whose it is', () => {
    const rules = rolesFor(RESOURCE_KINDS).flatMap((role) => role.rules);
    const kinds = RESOURCE_KINDS.map((known) => known.kind);
    expect(
      rules.filter(({ why }) => kinds.some((name) => why.startsWith(`${name}.`) || why.startsWith(`${name}, `))),
    ).toEqual([]);
  });

  it('name the kinds of a group that nothing else is said about', () => {
    expect(rolesFor([kind('Widget'), kind('Gadget')])[0]?.rules[0]).toEqual({
      group: 'apps.example.com',
      resources: ['gadgets', 'widgets'],
      verb: 'list',
      why: 'Gadget, Widget.',
    });
  });

  it('keep what the policy file adds apart from what is known', () => {
    const rules = rolesFor([kind('Widget'), kind('Gadget')], { added: new Set(['gadgets.apps.example.com']) })[0]
      ?.rules;
    expect(rules?.map(({ resources, why }) => [resources, why])).toEqual([
      [['gadgets'], 'Kinds of the policy file (kubernetes.resources).'],
      [['widgets'], 'Widget.'],
      [['nodes'], expect.stringContaining('Optional')],
    ]);
  });

  it("warn of Helm's, and say how to do without", () => {
    const helm = { group: '', reading: { by: 'helm-release' } } as const;
    const rules = rolesFor([kind('Pod', { group: '' }), kind('Secret', helm), kind('ConfigMap', helm)])[0]?.rules;
    expect(rules?.find(({ resources }) => resources.includes('secrets'))).toMatchObject({
      resources: ['configmaps', 'secrets'],
      why: expect.stringMatching(/every Secret.*--helm-history 0/) as string,
    });
  });

  it('are for each namespace on its own where some are named, with the right to see that it is there', () => {
    const roles = rolesFor([kind('Widget')], { namespaces: ['shop', 'bank', 'shop'] });
    expect(roles.map(({ namespace }) => namespace)).toEqual(['bank', 'shop']);
    for (const { namespace, rules } of roles)
      expect(rules.at(-1)).toMatchObject({ resources: ['namespaces'], verb: 'get', names: [namespace] });
    expect(JSON.stringify(roles)).not.toContain('nodes');
  });

  it('leave out what lies in no namespace where namespaces are named, as a run does', () => {
    const kinds = [kind('Widget'), kind('ClusterWidget', { scope: 'cluster' })];
    const [all, shop] = [{}, { namespaces: ['shop'] }].map((changes) => JSON.stringify(rolesFor(kinds, changes)));
    expect([all, shop].map((text) => text?.includes('clusterwidgets'))).toEqual([true, false]);
    expect(rolesFor(kinds, { namespaces: ['shop'] }).map(({ namespace }) => namespace)).toEqual(['shop']);
  });

  it('do not depend on the order of kinds and namespaces, or on what is named twice', () => {
    const kinds = fc.array(fc.constantFrom(...RESOURCE_KINDS), { minLength: 1 });
    const namespaces = fc.array(fc.constantFrom('a', 'b', 'c'));
    fc.assert(
      fc.property(kinds, namespaces, (given, names) => {
        const same = rolesFor([...given, ...given].toReversed(), { namespaces: [...names, ...names].toReversed() });
        expect(same).toEqual(rolesFor(given, { namespaces: names }));
      }),
    );
  });
});
