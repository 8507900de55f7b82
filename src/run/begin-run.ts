// What is made once for a run and forgotten with it.

import { createCredentialMemory } from '../kubernetes/connection/credential-memory.ts';
import type { RunContext } from './collect-evidence.ts';

/** The context with a memory of logins at clusters: its own, or an empty one. Every command that asks clusters begins with it. */
export function beginRun(context: RunContext): RunContext & Required<Pick<RunContext, 'logins'>> {
  return { ...context, logins: context.logins ?? createCredentialMemory() };
}
