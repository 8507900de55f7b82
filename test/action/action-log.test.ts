import { expect, it } from 'vitest';
import { createActionLog } from '../../src/action/action-log.ts';
import { readInputs } from '../../src/action/read-inputs.ts';
import { listSecrets } from '../../src/config/list-secrets.ts';

function openLog() {
  const lines: string[] = [];
  const core = {
    info: (text: string) => void lines.push(text),
    warning: (text: string) => void lines.push(`annotation: ${text}`),
    setSecret: (text: string) => void lines.push(`mask: ${text}`),
  };
  return { log: createActionLog(core, 'info', () => 0), lines };
}

it('annotates the first nine warnings; the rest are lines', () => {
  const { log, lines } = openLog();
  for (let at = 1; at <= 11; at += 1) log.warn(`w${at}`);
  expect(lines.slice(8)).toEqual(['annotation: w9', 'warning: w10', 'warning: w11']);
});

it('lets no text command the runner, and masks secrets itself as well', () => {
  const { log, lines } = openLog();
  log.secret('s3cret');
  log.secret('');
  log.info('a\n::set-output name=x::s3cret\n##[error]b');
  expect(lines).toEqual(['mask: s3cret', 'a\n: :set-output name=x::***\n# #[error]b']);
});

it('reads lists one a line, leaves out what is empty, and keeps flags as text', () => {
  const inputs: Readonly<Record<string, string>> = {
    repository: ' a/b \r\n\n c/d ',
    untag: 'True',
    format: '  ',
    password: 'p',
  };
  const raw = readInputs((name) => inputs[name] ?? '');
  expect(raw).toEqual({ repository: ['a/b', 'c/d'], untag: 'True', password: 'p' });
  expect(listSecrets(raw, {})).toEqual(['p']);
});
