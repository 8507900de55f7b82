// Which file the policies come from when a project has a werf.yaml, and what else follows from it.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SettingsSource } from '../../src/config/findings.ts';
import { hours, parseDuration } from '../../src/model/time.ts';
import type { RawOptions } from '../../src/options.ts';
import { ACTION, LAPTOP, makeSettingsFolder, type SettingsFolder } from './try-settings.ts';

const FINE = { repository: ['registry.example.com/a'], 'without-kube': true, 'without-git': true } as const;
const META = 'project: shop\nconfigVersion: 1\n';
const KEEP = 'cleanup:\n  keepImagesBuiltWithinLastNHours: 5\n';

let folder: SettingsFolder;

beforeEach(async () => {
  folder = await makeSettingsFolder();
});

afterEach(() => folder.remove());

async function decide(files: Readonly<Record<string, string>>, raw: RawOptions = {}, source: SettingsSource = LAPTOP) {
  for (const [name, text] of Object.entries(files)) await folder.write(name, text);
  const { settings, notes, policyText } = await folder.decide({ ...FINE, ...raw }, source);
  return {
    policy: settings.policy,
    notes: notes.map((note) => note.replaceAll(folder.path, '')),
    shown: policyText.path.replace(folder.path, ''),
    recent: settings.policy.recent.within,
  };
}

describe('the policies', () => {
  it('are those of werf.yaml where there is no policy file', async () => {
    const { recent, notes, shown, policy } = await decide({ 'werf.yaml': `${META}${KEEP}---\nimage: web\n` });
    expect(recent).toBe(hours(5));
    expect(notes).toEqual(['cleanup is that of werf.yaml']);
    expect(shown).toBe('/werf.yaml');
    expect(policy.werf).toMatchObject({ project: 'shop', imageNames: ['web'], areNamesComplete: true });
  });

  it('are those of werf.yml, and in the action too', async () => {
    const { recent } = await decide({ 'werf.yml': META + KEEP }, { 'without-forge': true }, ACTION);
    expect(recent).toBe(hours(5));
  });

  it('are those of werf.yaml where the policy file has neither block, whose other keys count', async () => {
    const { recent, notes, shown, policy } = await decide({
      'werf.yaml': `${META}${KEEP}gitWorktree: {allowUnshallow: false}\n`,
      '.registry-cleanup.yml': 'pins: {tags: [v1]}\n',
    });
    expect(recent).toBe(hours(5));
    expect(policy.pins.tags).toEqual(['v1']);
    expect(notes).toEqual(['cleanup and gitWorktree are those of werf.yaml']);
    expect(shown).toBe('/.registry-cleanup.yml');
  });

  it('are those of the policy file where it has a block, and what werf.yaml says besides counts', async () => {
    const { recent, notes, policy } = await decide({
      'werf.yaml': `${META}cleanup:\n  keepImagesBuiltWithinLastNHours: {{ .x }}\n---\nimage: web\n`,
      '.registry-cleanup.yml': 'cleanup: {keepImagesBuiltWithinLastNHours: 7}\n',
    });
    expect(recent).toBe(hours(7));
    expect(notes).toEqual([
      'cleanup and gitWorktree are those of .registry-cleanup.yml; what werf.yaml says of them does not count',
    ]);
    expect(policy.werf).toMatchObject({ project: 'shop', imageNames: ['web'] });
  });

  it('are those of the werf.yaml that is named, whatever lies in the working directory', async () => {
    const files = {
      'rendered.yaml': META + KEEP,
      'werf.yaml': `${META}cleanup:\n  disable: {{ .x }}\n`,
      '.registry-cleanup.yml': 'cleanup: {keepImagesBuiltWithinLastNHours: 7}\npins: {tags: [v1]}\n',
    };
    const { recent, notes, policy, shown } = await decide(files, { config: 'rendered.yaml' });
    expect(recent).toBe(hours(5));
    expect(policy.pins.tags).toEqual(['v1']);
    expect(shown).toBe('/rendered.yaml');
    expect(notes).toEqual([
      'cleanup and gitWorktree are those of rendered.yaml; what .registry-cleanup.yml says of them does not count',
    ]);
  });

  it('are those of a policy file with other names that is named, as long as it has some', async () => {
    const files = { 'werf.yaml': META + KEEP, 'p.yml': 'cleanup: {keepImagesBuiltWithinLastNHours: 7}\n' };
    expect((await decide(files, { config: 'p.yml' })).recent).toBe(hours(7));
  });

  it('are the built-in ones where nobody has written any', async () => {
    const { notes, recent } = await decide({ 'werf.yaml': META });
    expect(recent).toBe(hours(2));
    expect(notes).toEqual(['werf.yaml has neither cleanup nor gitWorktree: the built-in policy applies']);
  });

  it('stop the run where a template has written them', async () => {
    await folder.write('werf.yaml', `${META}{{ include "cleanup" . }}\n`);
    expect(await folder.listMistakes(FINE, LAPTOP)).toEqual([
      'werf.yaml:3:1: "{{ include \\"cleanup\\" . }}" may write the block cleanup, and no other one is here; ' +
        'render it: werf config render > rendered.yaml, then --config rendered.yaml',
    ]);
  });

  it('tell mistakes of both files', async () => {
    await folder.write('werf.yaml', `${META}cleanup: {keepPolicys: []}\n`);
    await folder.write('.registry-cleanup.yml', 'pin: {}\n');
    const mistakes = await folder.listMistakes(FINE, LAPTOP);
    expect(mistakes.some((line) => line.startsWith('.registry-cleanup.yml:1:1: unknown key "pin"'))).toBe(true);
    expect(mistakes.some((line) => line.startsWith('werf.yaml:3:11: unknown key "keepPolicys"'))).toBe(true);
  });

  it('say when not every name of an image is known', async () => {
    const { notes, policy } = await decide({ 'werf.yaml': `${META}${KEEP}---\nimage: {{ .x }}\n` });
    expect(policy.werf.areNamesComplete).toBe(false);
    expect(notes).toContain('werf.yaml: not every image is told by name, so records of any image count');
  });

  it('leave werf.yaml alone for a verify, which decides nothing', async () => {
    await folder.write('werf.yaml', `${META}{{ include "cleanup" . }}\n`);
    const { normalizeVerify } = await import('../../src/config/normalize-verify.ts');
    const raw = { command: 'verify', repository: ['registry.example.com/a'] } as const;
    const { notes } = await normalizeVerify(raw, { ...LAPTOP, workingDirectory: folder.path });
    expect(notes).toEqual(['no .registry-cleanup.yml here: the built-in policy applies']);
  });
});

describe("werf's own places", () => {
  it('are the directory that was named, also for the policy file', async () => {
    await mkdir(join(folder.path, 'app'));
    const files = { 'app/werf.yaml': META + KEEP, 'app/.registry-cleanup.yml': 'untag: true\n' };
    const { recent, policy } = await decide(files, { werf: { directory: 'app' } });
    expect([recent, policy.untag]).toEqual([hours(5), true]);
  });

  it('are the file of WERF_CONFIG, which must be there', async () => {
    expect((await decide({ 'other.yaml': META + KEEP }, { werf: { config: 'other.yaml' } })).recent).toBe(hours(5));
    expect(await folder.listMistakes({ ...FINE, werf: { config: 'none.yaml' } }, LAPTOP)).toEqual([
      'WERF_CONFIG: got "none.yaml", expected a file that can be read (there is none)',
    ]);
  });
});

describe('the policy file', () => {
  it('says how long records and stages without any stay, and whose stages count', async () => {
    const text =
      'records: {grace: 2d}\nwerf: {unrecordedGrace: 3d, foreign: decide, disabledRecords: delete, project: mine}\n';
    const { policy } = await decide({ '.registry-cleanup.yml': text, 'werf.yaml': META });
    expect(policy.records).toEqual({ grace: parseDuration('2d') });
    expect(policy.werf).toEqual({
      unrecordedGrace: parseDuration('3d'),
      foreign: 'decide',
      project: 'mine',
      imageNames: [],
      areNamesComplete: true,
      disabled: 'no',
    });
  });

  it('keeps records for a week where it says nothing', async () => {
    const { policy } = await decide({});
    expect(policy.records).toEqual({ grace: parseDuration('7d') });
    expect(policy.werf).toMatchObject({ unrecordedGrace: parseDuration('7d'), foreign: 'keep', disabled: 'no' });
  });

  it.each([
    ['cleanup: {disable: true}\n', 'keep-records'],
    ['cleanup: {disable: true}\nwerf: {disabledRecords: keep}\n', 'keep-records'],
    ['cleanup: {disable: true}\nwerf: {disabledRecords: delete}\n', 'delete-records'],
    ['cleanup: {disable: false}\nwerf: {disabledRecords: delete}\n', 'no'],
  ])('%j means that werf is %s', async (text, disabled) => {
    expect((await decide({ '.registry-cleanup.yml': text })).policy.werf.disabled).toBe(disabled);
  });

  it.each([
    ['werf: {foreign: delete}\n', '.registry-cleanup.yml:1:17: got "delete", expected keep or decide'],
    [
      'werf: {unrecordedgrace: 1d}\n',
      '.registry-cleanup.yml:1:8: unknown key "unrecordedgrace"; did you mean "unrecordedGrace"?',
    ],
    ['records: {grace: 7}\n', '.registry-cleanup.yml:1:18: got 7, expected a duration such as 168h, 7d or 1h30m'],
    ['werf: {project: ""}\n', '.registry-cleanup.yml:1:17: got "", expected the name of a project of werf\'s'],
  ])('%j is a mistake', async (text, expected) => {
    await folder.write('.registry-cleanup.yml', text);
    expect(await folder.listMistakes(FINE, LAPTOP)).toEqual([expected]);
  });
});

describe('the hours within which images are kept', () => {
  it.each([
    [0, hours(0)],
    [1, hours(1)],
    [48, hours(48)],
  ])('are %i where the command line says so, against the file', async (given, expected) => {
    const { recent } = await decide({ 'werf.yaml': META + KEEP }, { werf: { keepBuiltWithinHours: given } });
    expect(recent).toBe(expected);
  });

  it('are none where the file has switched the rule off, as werf has it', async () => {
    const text = `${META}cleanup: {disableBuiltWithinLastNHoursPolicy: true}\n`;
    expect((await decide({ 'werf.yaml': text }, { werf: { keepBuiltWithinHours: 5 } })).recent).toBe(hours(0));
  });
});
