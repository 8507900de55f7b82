// Finds out by the first question whether a registry has the referrers API, and then holds it to that.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers

import type { Digest } from '../model/reference.ts';
import type { NamedDigest } from './manifest-source.ts';
import type { OciEndpoint } from './oci-manifests.ts';
import { listAllReferrers } from './oci-pages.ts';

/** The referrers of one repository. */
export interface ReferrersProbe {
  /** What refers to the digest; `unsupported` where there is no such API, which the first answer tells for good. */
  list(digest: Digest): Promise<readonly NamedDigest[] | 'unsupported'>;
  /** Where referrers are found, as far as is known by now. */
  kind(): 'api' | 'fallback-tags';
  /** Asks a registry that has the API, for a {@link import('./port.ts').Registry}; undefined while none is known to be there. */
  ask(): ((digest: Digest) => Promise<readonly Digest[]>) | undefined;
}

/** A probe that has not asked yet. */
export function probeReferrers(endpoint: OciEndpoint): ReferrersProbe {
  let hasApi: boolean | undefined;
  return {
    list: async (digest) => {
      if (hasApi === false) return 'unsupported';
      const referrers = await listAllReferrers(endpoint, digest, { isKnown: hasApi === true });
      hasApi = referrers !== 'unsupported';
      return referrers;
    },
    kind: () => (hasApi === true ? 'api' : 'fallback-tags'),
    ask: () => (hasApi === true ? (digest) => askKnown(endpoint, digest) : undefined),
  };
}

async function askKnown(endpoint: OciEndpoint, digest: Digest): Promise<readonly Digest[]> {
  const referrers = await listAllReferrers(endpoint, digest, { isKnown: true });
  // It throws instead, where the API is known.
  return referrers === 'unsupported' ? [] : referrers.map((named) => named.digest);
}
