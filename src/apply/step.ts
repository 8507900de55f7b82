// One step: journal first, then the request, then a look at what it did.

import { describeCause } from '../errors.ts';
import type { Tag } from '../model/reference.ts';
import { formatInstant } from '../model/time.ts';
import type { Outcome } from '../plan/outcome.ts';
import type { Step } from '../plan/plan.ts';
import type { DeleteAnswer, DeleteWay, ManifestBytes } from '../registry/port.ts';
import type { ApplyOptions } from './apply-options.ts';

/** What became of a step, and why nothing more may be tried after it, when that is so. */
export interface StepResult {
  readonly outcome: Outcome;
  readonly stop?: string;
}

/**
 * Does the step and says what became of it. The manifest's bytes are in the journal, on disk, before any delete is sent. A tag
 * delete that took the manifest along is repaired, and stops the run.
 * @throws what the registry or the journal throws; a manifest that stays is there all the same.
 */
export async function carryOutStep(step: Step, options: ApplyOptions, { isRemainder }: DeleteWay): Promise<StepResult> {
  const { registry } = options;
  const manifest = await registry.readManifest(step.digest);
  if (manifest === 'absent') return { outcome: { step, outcome: 'already-gone' } };
  await journalIntent(step, manifest, options);
  if (step.action === 'delete')
    return outcomeOf(step, await registry.deleteManifest(step.digest, step.precondition.tags, { isRemainder }));
  if (step.tag === undefined) return failed(step, 'the step names no tag');
  return untag(step, step.tag, { manifest, options });
}

interface Untagging {
  readonly manifest: ManifestBytes;
  readonly options: ApplyOptions;
}

/** Some registries take the manifest with its tag. It is needed, so it is looked for whatever came back, even nothing. */
async function untag(step: Step, tag: Tag, { manifest, options }: Untagging): Promise<StepResult> {
  const { registry } = options;
  const [answer] = await Promise.allSettled([registry.deleteTag(tag, step.digest)]);
  const [after] = await Promise.allSettled([registry.readManifest(step.digest)]);
  if (after.status === 'fulfilled' && after.value !== 'absent') {
    if (answer.status === 'rejected') throw answer.reason;
    return outcomeOf(step, answer.value);
  }
  const what =
    after.status === 'fulfilled'
      ? `${options.name} deleted the whole manifest ${step.digest} when only its tag ${tag} was to go`
      : `Nobody can tell whether ${step.digest} is still there after its tag ${tag} was deleted (${describeCause(after.reason)})`;
  return repair(step, what, { manifest, options });
}

async function repair(step: Step, what: string, untagging: Untagging): Promise<StepResult> {
  try {
    await putBack(step, untagging);
  } catch (cause) {
    const { path } = untagging.options.journal;
    const why = `${what}. It could not be put back: ${describeCause(cause)} Its bytes are in the journal ${path}.`;
    return { ...failed(step, why), stop: 'a manifest that is needed could not be put back' };
  }
  const why = `${what}. The manifest and its other tags were put back. Do not use --untag with this registry.`;
  return { ...failed(step, why), stop: 'the registry deletes manifests with their tags' };
}

/** The manifest, and its other tags where nobody has put them elsewhere since. */
async function putBack(step: Step, { manifest, options }: Untagging): Promise<void> {
  const { registry } = options;
  await registry.putManifest(manifest, step.digest);
  for (const tag of step.precondition.tags) {
    if (tag === step.tag || (await registry.resolveTag(tag)) !== 'absent') continue;
    await registry.putManifest(manifest, tag);
  }
}

function outcomeOf(step: Step, answer: DeleteAnswer): StepResult {
  switch (answer.kind) {
    case 'deleted':
    case 'already-gone':
      return { outcome: { step, outcome: answer.kind } };
    case 'protected':
      return { outcome: { step, outcome: 'skipped', why: answer.why, protected: true } };
    case 'not-now':
      return { outcome: { step, outcome: 'skipped', why: answer.why, left: true }, stop: answer.why };
    case 'refused':
      return failed(step, answer.why);
  }
}

function failed(step: Step, why: string): StepResult {
  return { outcome: { step, outcome: 'failed', why } };
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
    undo: options.registry.capabilities.undo,
  });
}
