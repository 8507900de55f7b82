// Texts in use that are no image references: harmless, or a reason to stop.

import type { Settings } from '../config/settings.ts';
import { EvidenceError } from '../errors.ts';
import { couldName } from '../model/open-text.ts';
import { formatWorkload, type UnparsableUse } from '../model/usage.ts';

/** Who has that many has one cause for them. */
const MAX_SHOWN = 20;

/**
 * A text that is no image reference is harmless elsewhere, but not when it may mean one of our repositories. Where a pod takes its image
 * from, everything that is filled in by somebody else may; elsewhere (custom resources) only what names one of them in part, as
 * `registry.example.com/team/app:$(params.tag)` does.
 * @throws EvidenceError EVIDENCE_KUBERNETES when some may.
 */
export function refuseUnparsable(unparsable: readonly UnparsableUse[], settings: Settings): void {
  const ours = settings.repositories.map(({ repository }) => repository);
  const { mirrors } = settings.policy.kubernetes;
  const suspicious = unparsable.filter(({ text, isWeak }) => {
    if (isWeak === true) return ours.some((repository) => couldName(text, repository, mirrors));
    const lower = text.toLowerCase();
    // `${IMAGE}`, `$(TAG)`: filled in by somebody else, with who knows what.
    if (/[^\w./:@-]/.test(text)) return true;
    return ours.some((repository) => lower.includes(repository.name) || lower.includes(`${repository.host}/`));
  });
  if (suspicious.length === 0) return;
  const lines = suspicious
    .slice(0, MAX_SHOWN)
    .map(({ text, workload }) => `${formatWorkload(workload)}: ${JSON.stringify(text)}`);
  const more = suspicious.length > MAX_SHOWN ? `\n  and ${suspicious.length - MAX_SHOWN} more` : '';
  const isAvoidable = suspicious.some(({ isWeak }) => isWeak === true);
  throw new EvidenceError(
    `Some images in use cannot be understood and may mean these repositories:\n  ${lines.join('\n  ')}${more}`,
    {
      code: 'EVIDENCE_KUBERNETES',
      hint: isAvoidable
        ? 'Correct the references or remove the objects. When nothing runs from such templates, leave their kind out with kubernetes.exclude in the policy file.'
        : 'Correct the references or remove the objects.',
    },
  );
}

/** Whether a text that is no image reference may mean one of ours, whose names hold any of these. */
export function mayMean(text: string, ours: readonly string[]): boolean {
  const lower = text.toLowerCase();
  // `${IMAGE}`, `$(TAG)`: filled in by somebody else, with who knows what.
  if (/[^\w./:@-]/.test(text)) return true;
  return ours.some((name) => lower.includes(name));
}
