// Texts in use that are no image references: harmless, or a reason to stop.

import type { Settings } from '../config/settings.ts';
import { EvidenceError } from '../errors.ts';
import { couldBeFilled } from '../model/fill-text.ts';
import { couldName } from '../model/open-text.ts';
import { formatRepository } from '../model/reference.ts';
import { formatWorkload, type UnparsableUse } from '../model/usage.ts';

/** Who has that many has one cause for them. */
const MAX_SHOWN = 20;
const MAX_PARTS = 3;

/**
 * A text that is no image reference is harmless elsewhere, but not when it may mean one of our repositories. Where a pod takes its image
 * from, everything that is filled in by somebody else may; elsewhere (custom resources) only what names one of them in part, as
 * `registry.example.com/team/app:$(params.tag)` does, or comes to when it is filled in with what stands beside it.
 * Where the user wants those ignored, they come back as texts that the report names.
 * @throws EvidenceError EVIDENCE_KUBERNETES when some may.
 */
export function refuseUnparsable(
  unparsable: readonly UnparsableUse[],
  settings: Pick<Settings, 'repositories' | 'policy' | 'kubernetes'>,
): readonly UnparsableUse[] {
  const suspicious = unparsable.filter((use) => isSuspicious(use, settings));
  if (suspicious.length === 0) return unparsable;
  const told = new Set(suspicious);
  if (settings.kubernetes !== 'off' && settings.kubernetes.ignoreInvalidRefs)
    return unparsable.map((use) => (told.has(use) ? { text: use.text, workload: use.workload } : use));
  const lines = suspicious
    .slice(0, MAX_SHOWN)
    .map((use) => `${formatWorkload(use.workload)}: ${JSON.stringify(use.text)}${besideIt(use, settings)}`);
  const more = suspicious.length > MAX_SHOWN ? `\n  and ${suspicious.length - MAX_SHOWN} more` : '';
  const isAvoidable = suspicious.some(({ isWeak }) => isWeak === true);
  const ignoring = 'To go on without their protection, say ignore-invalid-refs.';
  throw new EvidenceError(
    `Some images in use cannot be understood and may mean these repositories:\n  ${lines.join('\n  ')}${more}`,
    {
      code: 'EVIDENCE_KUBERNETES',
      hint: isAvoidable
        ? `Correct the references or remove the objects; a parameter that holds a whole reference with its tag is understood. When nothing runs from such templates, leave their kind out with kubernetes.exclude in the policy file. ${ignoring}`
        : `Correct the references or remove the objects. ${ignoring}`,
    },
  );
}

function isSuspicious(
  { text, isWeak, fillings = [] }: UnparsableUse,
  { repositories, policy }: Pick<Settings, 'repositories' | 'policy'>,
): boolean {
  const ours = repositories.map(({ repository }) => repository);
  const { mirrors } = policy.kubernetes;
  if (isWeak === true)
    return ours.some(
      (repository) => couldName(text, repository, mirrors) || couldBeFilled(text, repository, { fillings, mirrors }),
    );
  return mayMean(
    text,
    ours.flatMap(({ host, name }) => [name, `${host}/`]),
  );
}

/** The texts that make it one of ours, as far as they can be told. */
function besideIt({ fillings = [] }: UnparsableUse, { repositories }: Pick<Settings, 'repositories'>): string {
  const names = repositories.map(({ repository }) => formatRepository(repository));
  const parts = fillings.filter((part) =>
    names.some((name) => name.includes(part) || part.endsWith(name.slice(name.indexOf('/')))),
  );
  if (parts.length === 0) return '';
  return ` beside ${parts
    .slice(0, MAX_PARTS)
    .map((part) => JSON.stringify(part))
    .join(', ')}`;
}

/** Whether a text that is no image reference may mean one of ours, whose names hold any of these. */
export function mayMean(text: string, ours: readonly string[]): boolean {
  const lower = text.toLowerCase();
  // `${IMAGE}`, `$(TAG)`: filled in by somebody else, with who knows what.
  if (/[^\w./:@-]/.test(text)) return true;
  return ours.some((name) => lower.includes(name));
}
