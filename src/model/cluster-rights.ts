// What an account needs to be allowed in a cluster so that everything can be read. Plain data: how it is written down is the report's.

/** One rule of RBAC: a verb on resources of one API group. */
export interface AccessRule {
  /** Empty for the core group. */
  readonly group: string;
  /** Plural names, sorted, at least one. */
  readonly resources: readonly string[];
  readonly verb: 'list' | 'get';
  /** Only the objects of these names. Absent: all. */
  readonly names?: readonly string[];
  /** What it is for: a sentence. */
  readonly why: string;
}

/** Rules for one namespace, or for the whole cluster. */
export interface AccessRole {
  /** Absent: the whole cluster. */
  readonly namespace?: string;
  /** At least one. */
  readonly rules: readonly AccessRule[];
}

/** Everything that an account needs, and what is to be said about it. */
export interface ClusterRights {
  /** At least one. */
  readonly roles: readonly AccessRole[];
  /** Sentences, for the top of the result. */
  readonly remarks: readonly string[];
}
