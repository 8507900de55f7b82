// One step: journal first, then the request, then a look at what it did.

import { RegistryError } from '../errors.ts';
import type { Tag } from '../model/reference.ts';
import { formatInstant } from '../model/time.ts';
import type { Outcome } from '../plan/outcome.ts';
import type { Step } from '../plan/plan.ts';
import type { DeleteAnswer, ManifestBytes } from '../registry/port.ts';
import type { ApplyOptions } from './apply-options.ts';

/**
 * Does the step and says what became of it. The manifest's bytes are in the journal, on disk, before any delete is sent.
 * @throws what the registry throws; RegistryError REGISTRY_REFUSED when a tag delete took the manifest along (it is put back).
 */
export async function carryOutStep(step: Step, options: ApplyOptions): Promise<Outcome> {
  const { registry } = options;
  const manifest = await registry.readManifest(step.digest);
  if (manifest === 'absent') return { step, outcome: 'already-gone' };
  await journalIntent(step, manifest, options);
  if (step.action === 'delete')
    return outcomeOf(step, await registry.deleteManifest(step.digest, step.precondition.tags));
  if (step.tag === undefined) return { step, outcome: 'failed', why: 'the step names no tag' };
  return await untag(step, step.tag, { manifest, options });
}

async function untag(
  step: Step,
  tag: Tag,
  { manifest, options }: { readonly manifest: ManifestBytes; readonly options: ApplyOptions },
): Promise<Outcome> {
  const { registry } = options;
  const answer = await registry.deleteTag(tag, step.digest);
  if ((await registry.readManifest(step.digest)) !== 'absent') return outcomeOf(step, answer);
  // Some registries take the manifest with its tag. It is needed: put it back, with its other tags, at once.
  await registry.putManifest(manifest, step.digest);
  for (const other of step.precondition.tags) if (other !== tag) await registry.putManifest(manifest, other);
  throw new RegistryError(
    `${options.name} deleted the whole manifest ${step.digest} when only its tag ${tag} was to go.`,
    {
      code: 'REGISTRY_REFUSED',
      hint: 'The manifest and its other tags were put back. Do not use --untag with this registry.',
    },
  );
}

function outcomeOf(step: Step, answer: DeleteAnswer): Outcome {
  if (answer.kind === 'refused') return { step, outcome: 'failed', why: answer.why };
  return { step, outcome: answer.kind };
}

async function journalIntent(step: Step, manifest: ManifestBytes, options: ApplyOptions): Promise<void> {
  await options.journal.write({
    kind: 'intent',
    at: formatInstant(options.now()),
    repository: options.name,
    action: step.action,
    digest: step.digest,
    tags: step.tag === undefined ? step.precondition.tags : [step.tag],
    mediaType: manifest.mediaType,
    manifestBase64: Buffer.from(manifest.bytes).toString('base64'),
  });
}
