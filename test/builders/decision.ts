// Decisions on a world of short names, and the names of what goes and what stays.

import type { Decision } from '../../src/model/decision.ts';
import type { Forge } from '../../src/model/forge.ts';
import type { History } from '../../src/model/history.ts';
import type { Policy } from '../../src/model/policy.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import type { Usage } from '../../src/model/usage.ts';
import { decide } from '../../src/policy/decide.ts';
import type { Decisions } from '../../src/policy/decisions.ts';
import type { FirstSeen } from '../../src/policy/rules/recent.ts';
import type { WerfEvidence } from '../../src/policy/werf/werf.ts';
import { digestOf, NOW, type NodeSpec, policyOf, snapshotOf } from './snapshot.ts';

/** What a decision is made from; what is left out is off. */
export interface DecisionSpec {
  readonly nodes: readonly NodeSpec[];
  readonly snapshot?: Partial<Snapshot>;
  readonly history?: History;
  readonly forge?: Forge;
  readonly usage?: Usage;
  readonly firstSeen?: FirstSeen;
  readonly werf?: WerfEvidence;
  readonly policy?: Partial<Policy>;
}

/** Decisions with short names for digests. */
interface NamedDecisions extends Decisions {
  readonly kept: readonly string[];
  readonly doomed: readonly string[];
  readonly of: (name: string) => Decision;
  /** The rules of a node's reasons, in their order. */
  readonly rulesOf: (name: string) => readonly string[];
}

/** Decides on the world at {@link NOW}. */
export function decisionsOn(spec: DecisionSpec): NamedDecisions {
  const snapshot = { ...snapshotOf(spec.nodes), ...spec.snapshot };
  const { history, forge, usage, firstSeen } = spec;
  const werf = spec.werf === undefined ? {} : { werf: spec.werf };
  const evidence = { snapshot, history, forge, usage, firstSeen, ...werf };
  const decided = decide(evidence, policyOf(spec.policy), NOW);
  function of(name: string): Decision {
    const decision = decided.decisions.get(digestOf(name));
    if (decision === undefined) throw new Error(`no decision on ${name}`);
    return decision;
  }
  const namesWith = (wanted: Decision['decision']): readonly string[] =>
    spec.nodes.map(({ name }) => name).filter((name) => of(name).decision === wanted);
  return {
    ...decided,
    kept: namesWith('keep'),
    doomed: namesWith('delete'),
    of,
    rulesOf: (name) => of(name).reasons.map(({ rule }) => rule),
  };
}
