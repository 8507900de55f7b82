// Names and ids as engines write them, in one spelling.

import type { ImageId } from '../model/local-store.ts';
import { compareText } from '../util/compare-text.ts';

/** `sha256:…`; podman leaves the algorithm out. Undefined for an empty one, which stands for "none". */
export function imageIdOf(text: string | null | undefined): ImageId | undefined {
  if (text === undefined || text === null || text === '') return undefined;
  return (/^[0-9a-f]{64}$/.test(text) ? `sha256:${text}` : text) as ImageId;
}

/** Sorted, each once, without what engines write for "none": `<none>:<none>`, `<none>@<none>`, `repo:<none>`. */
export function realNames(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name) => name !== '' && !name.includes('<none>')).map(inFull))].sort(compareText);
}

/**
 * A name with its registry, as others write it: Docker leaves Docker Hub's out, and `library/` too. A first part without a dot, a port or
 * `localhost` is no registry. https://github.com/distribution/reference/blob/v0.6.0/normalize.go
 */
function inFull(name: string): string {
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  if (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase()) return name;
  return slash === -1 ? `docker.io/library/${name}` : `docker.io/${name}`;
}

/** A name or id as a part of a path. Its slashes stay: engines take the rest of the path for the name. It never leads out of its place. */
export function inPath(reference: string): string {
  return reference
    .split('/')
    .map((part) => (/^\.+$/.test(part) ? part.replaceAll('.', '%2E') : encodeURIComponent(part)))
    .join('/')
    .replaceAll('%3A', ':')
    .replaceAll('%40', '@');
}

/** `registry.example.com:5000/app:1` and `registry.example.com:5000/app@sha256:…` → `registry.example.com:5000/app`. */
export function repositoryOf(name: string): string {
  const [path = ''] = name.split('@');
  const colon = path.indexOf(':', path.lastIndexOf('/') + 1);
  return colon === -1 ? path : path.slice(0, colon);
}
