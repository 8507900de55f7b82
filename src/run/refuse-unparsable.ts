// Texts in use that are no image references: harmless, or a reason to stop.

import type { Settings } from '../config/settings.ts';
import { EvidenceError } from '../errors.ts';
import { formatWorkload, type UnparsableUse } from '../model/usage.ts';

/**
 * A text that is no image reference is harmless elsewhere, but not when it may mean one of our repositories.
 * @throws EvidenceError EVIDENCE_KUBERNETES when some may.
 */
export function refuseUnparsable(unparsable: readonly UnparsableUse[], settings: Settings): void {
  const ours = settings.repositories.map(({ repository }) => repository);
  const suspicious = unparsable.filter(({ text }) => {
    const lower = text.toLowerCase();
    // `${IMAGE}`, `$(TAG)`: filled in by somebody else, with who knows what.
    if (/[^\w./:@-]/.test(text)) return true;
    return ours.some((repository) => lower.includes(repository.name) || lower.includes(`${repository.host}/`));
  });
  if (suspicious.length === 0) return;
  const lines = suspicious.map(({ text, workload }) => `${formatWorkload(workload)}: ${JSON.stringify(text)}`);
  throw new EvidenceError(
    `Some images in use cannot be understood and may mean these repositories:\n  ${lines.join('\n  ')}`,
    {
      code: 'EVIDENCE_KUBERNETES',
      hint: 'Correct the references or remove the objects.',
    },
  );
}
