// How a further Git repository is written: what labels call it, and where it is. Nothing here knows where the words stand.

const ADDRESS = /^[a-z][a-z0-9+.-]*:\/\/[^\s]+$/i;
/** scp's form. A single letter before the colon is a drive, and two colons are a program that git would start. */
const SCP = /^(?:[^@/\s]+@)?[^@:/\s\\-][^@:/\s\\]+:[^:\s][^\s]*$/;
/** A path that looks like one. */
const PATH = /^(?:\/|\.{1,2}\/|~\/)[^\p{Cc}]+$/u;

/** What is expected instead of a name; undefined when it can stand in a label. */
export function gitNameProblem(text: string): string | undefined {
  return /^[^\s=\p{Cc}]{1,200}$/u.test(text) ? undefined : 'what labels call a repository, without blanks and "="';
}

/** What is expected instead of an address; undefined when git may know it. */
export function gitAddressProblem(text: string): string | undefined {
  if (isGitPath(text) || ADDRESS.test(text) || SCP.test(text)) return undefined;
  return 'the address of a Git repository: https://git.example.com/team/lib.git, or ./path';
}

/** Whether it is a path on this machine. */
export function isGitPath(text: string): boolean {
  return PATH.test(text);
}
