// Kinds to the rules of RBAC that allow to read them: `list`, by API group, and nothing that is not used.

import type { AccessRole, AccessRule } from '../../model/cluster-rights.ts';
import { type ResourceKind, resourceName } from './resource-kind.ts';

/** What is read. */
export interface RuleRequest {
  /** Exactly the kinds that are read; at least one. */
  readonly kinds: readonly ResourceKind[];
  /** Empty: all. */
  readonly namespaces: readonly string[];
  /** Names (as `resourceName` has them) of the kinds that only the policy file knows. */
  readonly added: ReadonlySet<string>;
}

/** What stands before a rule, by group, or by its end. Where nothing is said the kinds are named. */
const PURPOSES: readonly (readonly [group: string, why: string])[] = [
  ['', 'Pods and what makes them.'],
  ['apps', 'Workloads, and what `kubectl rollout undo` goes back to.'],
  ['batch', 'Jobs.'],
  ['argoproj.io', 'Argo CD, Argo Rollouts and Argo Workflows.'],
  ['.fluxcd.io', 'Flux.'],
  ['.knative.dev', 'Knative.'],
  ['tekton.dev', 'Tekton.'],
  ['keda.sh', 'KEDA.'],
  ['apps.kruise.io', 'OpenKruise.'],
  ['.openshift.io', 'OpenShift.'],
];

/** Long, because `list` on Secrets is the one right that somebody will ask about. */
const HELM =
  "Helm's releases, for the images of a rollback. RBAC cannot tell them from other objects of their kind, so this " +
  'allows to read every Secret and ConfigMap. Not needed with --helm-history 0.';
const ADDED = 'Kinds of the policy file (kubernetes.resources).';
const NAMESPACE = 'Whether the namespace is there when nothing is found in it.';
/** The right that nothing breaks without. */
const NODES: AccessRule = {
  group: '',
  resources: ['nodes'],
  verb: 'list',
  why: 'Optional: which platforms the nodes have, for `verify` and the end of `apply`. Without it an image must have all of its own.',
};

/**
 * The roles that allow to read the kinds, and nothing else. Without namespaces one for the whole cluster; else one for each namespace,
 * sorted, without the kinds that lie in none: with namespaces those are not read. The same kinds in any order, also twice, give the same.
 */
export function listRules(request: RuleRequest): readonly AccessRole[] {
  const { kinds, namespaces } = request;
  if (namespaces.length === 0) return [{ rules: [...rulesFor(kinds, request), NODES] }];
  const rules = rulesFor(
    kinds.filter(({ scope }) => scope === 'namespace'),
    request,
  );
  // A Role can allow to get the namespace it lies in.
  const present = { group: '', resources: ['namespaces'], verb: 'get', why: NAMESPACE } as const;
  return [...new Set(namespaces)]
    .toSorted()
    .map((namespace) => ({ namespace, rules: [...rules, { ...present, names: [namespace] }] }));
}

function rulesFor(kinds: readonly ResourceKind[], { added }: RuleRequest): readonly AccessRule[] {
  const rules = new Map<string, { group: string; why: string; kinds: ResourceKind[] }>();
  for (const kind of kinds) {
    const { group } = kind;
    const why = purposeOf(kind, added);
    const key = JSON.stringify([group, why]);
    const rule = rules.get(key) ?? { group, why: why ?? '', kinds: [] };
    rule.kinds.push(kind);
    rules.set(key, rule);
  }
  return [...rules.entries()]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([, { group, why, kinds: members }]) => ({
      group,
      resources: sortedNames(members.map(({ resource }) => resource)),
      verb: 'list',
      why: why === '' ? `${sortedNames(members.map(({ kind }) => kind)).join(', ')}.` : why,
    }));
}

/** Undefined where the kinds themselves say it best. */
function purposeOf(kind: ResourceKind, added: ReadonlySet<string>): string | undefined {
  if (kind.reading.by === 'helm-release') return HELM;
  if (added.has(resourceName(kind))) return ADDED;
  return PURPOSES.find(([group]) => group === kind.group || (group.startsWith('.') && kind.group.endsWith(group)))?.[1];
}

function sortedNames(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted();
}
