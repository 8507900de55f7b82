// From the text in a tag back to branches and Git tags. Pipelines rewrite names in many ways (docker/metadata-action
// replaces what a tag cannot hold by "-", GitLab's CI_COMMIT_REF_SLUG also lower-cases and cuts at 63), so names are
// compared in one coarse form. Coarse means: a few too many match, and each further match can only protect.

import { versionForm, versionsIn } from './version-forms.ts';

/** Something with a name that tags may carry. */
interface Named {
  readonly kind: 'branch' | 'tag';
  readonly name: string;
}

/** Finds the references that a text in a tag may stand for. */
export interface ReferenceSlugs<Reference extends Named> {
  /** Branches or tags whose coarse form equals the text's; empty when there is none. */
  find(kind: Named['kind'], text: string): readonly Reference[];
}

/** GitLab cuts slugs at this length: https://docs.gitlab.com/ci/variables/predefined_variables/ (CI_COMMIT_REF_SLUG). */
const SLUG_LENGTH = 63;
/** Most names: no cut changes them. */
const SHORT = /^[ -~]{0,63}$/;

/** An index over references, such as all of a history. */
export function indexReferenceSlugs<Reference extends Named>(
  references: readonly Reference[],
): ReferenceSlugs<Reference> {
  const byForm = new Map<string, Reference[]>();
  for (const reference of references) {
    for (const form of [...formsOf(reference.kind, reference.name), ...partsOf(reference)]) {
      const key = `${reference.kind} ${form}`;
      const known = byForm.get(key);
      if (known === undefined) byForm.set(key, [reference]);
      else known.push(reference);
    }
  }
  return {
    find(kind, text) {
      const found = new Set<Reference>();
      for (const form of formsOf(kind, text)) for (const hit of byForm.get(`${kind} ${form}`) ?? []) found.add(hit);
      return [...found];
    },
  };
}

/**
 * Coarse forms of a name: cut before and after runs of dashes become one, as both are done; a Git tag also without its
 * leading `v`, as `type=semver` writes it, and as the version that it is, however that is spelt.
 */
function formsOf(kind: 'branch' | 'tag', name: string): ReadonlySet<string> {
  const forms = SHORT.test(name) ? [coarse(name)] : [coarse(name), ...cutForms(name)];
  const bare = forms.filter((form) => kind === 'tag' && /^v\d/.test(form)).map((form) => form.slice(1));
  const version = kind === 'tag' ? versionForm(name) : undefined;
  return new Set([...forms, ...bare, ...(version === undefined ? [] : [version])]);
}

/** By characters, as GitLab cuts, and by code units, as others may. */
function cutForms(name: string): readonly string[] {
  const cut = Array.from(name.toLowerCase()).slice(0, SLUG_LENGTH).join('');
  return [coarse(name.slice(0, SLUG_LENGTH)), coarse(cut)];
}

/** What tags are made of where a Git tag holds more than a version. */
function partsOf({ kind, name }: Named): readonly string[] {
  return kind === 'tag' ? versionsIn(name).flatMap((version) => versionForm(version) ?? []) : [];
}

/** A name as it is compared: lower-case letters and digits, with one dash for everything between them, and no longer than GitLab lets it be. */
export function coarse(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, SLUG_LENGTH)
    .replace(/^-+|-+$/g, '');
}
