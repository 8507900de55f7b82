// In a merge request pipeline that changes the policy file: the plan knows the policy that it would replace.

import { findMergeTarget } from '../config/find-target.ts';
import type { SettingsSource } from '../config/findings.ts';
import type { NormalizedSettings } from '../config/normalize-settings.ts';
import type { Settings } from '../config/settings.ts';
import type { Log } from '../log.ts';
import type { RawOptions } from '../options.ts';

/** What the run was given. */
export interface ComparedRun {
  readonly raw: RawOptions;
  readonly source: SettingsSource;
  readonly log: Log;
}

/** The settings, on `plan` with what there is to compare with. Never throws for what GitLab says: then nothing can be told of the change. */
export async function compareWithTarget(
  { settings, policyText: own }: NormalizedSettings,
  { raw, source, log }: ComparedRun,
): Promise<Settings> {
  const target = settings.command === 'plan' ? findMergeTarget(raw, source) : undefined;
  if (target === undefined) return settings;
  const { findTargetPolicy } = await import('../cleanup.ts');
  const { environment } = source;
  const topFolder = environment['CI_PROJECT_DIR'] || '.';
  const found = await findTargetPolicy(
    { raw, source, settings, own, target, topFolder },
    { environment, log, caFile: raw['ca-file'] },
  );
  if (found === 'same') return settings;
  if (found !== 'unknown') return { ...settings, compareWith: found };
  log.info(
    'whether this merge request changes the policy is not known: the policy file is not in the checkout of this job',
  );
  return settings;
}
