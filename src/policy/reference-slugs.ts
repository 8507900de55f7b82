// From the text in a tag back to branches and Git tags. Pipelines rewrite names in many ways (docker/metadata-action
// replaces what a tag cannot hold by "-", GitLab's CI_COMMIT_REF_SLUG also lower-cases and cuts at 63), so names are
// compared in one coarse form. Coarse means: a few too many match, and each further match can only protect.

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

/** An index over references, such as all of a history. */
export function indexReferenceSlugs<Reference extends Named>(
  references: readonly Reference[],
): ReferenceSlugs<Reference> {
  const byForm = new Map<string, Reference[]>();
  for (const reference of references) {
    for (const form of formsOf(reference.kind, reference.name)) {
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
 * leading `v`, as `type=semver` writes it.
 */
function formsOf(kind: 'branch' | 'tag', name: string): ReadonlySet<string> {
  // By characters, as GitLab cuts, and by code units, as others may.
  const cut = Array.from(name.toLowerCase()).slice(0, SLUG_LENGTH).join('');
  const forms = [coarse(name), coarse(name.slice(0, SLUG_LENGTH)), coarse(cut)];
  const bare = forms.filter((form) => kind === 'tag' && /^v\d/.test(form)).map((form) => form.slice(1));
  return new Set([...forms, ...bare]);
}

function coarse(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, SLUG_LENGTH)
    .replace(/^-+|-+$/g, '');
}
