// Which command, and whether every option that was given is for it.

import { isForCommand, type OptionCommand } from '../options/option.ts';
import { type OptionName, selectOptions } from '../options.ts';
import { addMistake, type Findings, readChoice } from './findings.ts';

/** The commands of the action that are about something else than what `plan` and `apply` decide. */
const BESIDES: ReadonlySet<OptionCommand> = new Set(['restore', 'verify', 'record', 'host']);

/** The command. Options of other commands are mistakes: whoever gives one thinks that it has an effect. */
export function readCommand(findings: Findings): OptionCommand {
  const isCli = findings.frontEnd === 'cli';
  const command = readChoice(
    findings,
    'command',
    isCli
      ? ['plan', 'apply', 'explain', 'verify', 'restore', 'rbac', 'purge', 'managed-images', 'record', 'host']
      : ['plan', 'apply', 'verify', 'restore', 'record', 'host'],
  );
  const others = selectOptions(findings.frontEnd).filter((option) => {
    // An input with a default is always given: that says nothing. Nor does a secret that one step has for all its commands.
    const isTold = isCli || ((option.default ?? option.actionDefault) === undefined && option.secret !== true);
    return isTold && findings.raw[option.name as OptionName] !== undefined && !isForCommand(option, command);
  });
  // One step of a workflow serves all its commands; these do not decide by them, so nothing that they leave out can go wrong.
  if (BESIDES.has(command) && !isCli) {
    if (others.length > 0)
      findings.notes.push(`${command} does not look at ${others.map(({ name }) => name).join(', ')}`);
    return command;
  }
  const list = new Intl.ListFormat('en-GB');
  for (const { name, commands } of others)
    addMistake(findings, name as OptionName, `only for ${list.format(commands ?? [])}, not for ${command}`);
  return command;
}
