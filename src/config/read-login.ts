// A registry's user name and password, as they were given. One user name is for one registry.

import { addMistake, type Findings, readText } from './findings.ts';

/** A registry's user, as it was given. */
export interface Login {
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** User name and password: both, or none; a password alone where the user name does not matter. */
export function readLogin(findings: Findings, needsUsername: boolean): Login {
  const username = readText(findings, 'username');
  const password = readPassword(findings);
  if (username !== undefined && findings.raw.password === undefined) {
    if (findings.withoutSecrets !== undefined) {
      findings.notes.push(
        `the user name for the registry is left out, for want of its password: ${findings.withoutSecrets}`,
      );
      return { username: undefined, password };
    }
    const ways = findings.frontEnd === 'cli' ? 'password-stdin or REGISTRY_CLEANUP_PASSWORD' : 'the input password';
    addMistake(findings, 'username', `no password goes with it: give it by ${ways}`);
  }
  if (needsUsername && username === undefined && password !== undefined)
    addMistake(findings, 'username', 'missing, and there is a password');
  return { username, password };
}

/** Not trimmed: a password may begin with a blank. */
function readPassword(findings: Findings): string | undefined {
  const password = findings.raw.password;
  if (password !== '') return password;
  addMistake(findings, findings.frontEnd === 'cli' ? 'password-stdin' : 'password', 'got an empty password');
  return undefined;
}
