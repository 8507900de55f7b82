// Settings of cluster reading as options without any word of the user's give them, and what a test changes.

import type { KubernetesSettings } from '../../src/config/settings.ts';
import { parseDuration } from '../../src/model/time.ts';

/** No source and nothing chosen; `changes` says what is. */
export function kubernetesSettings(changes: Partial<KubernetesSettings> = {}): KubernetesSettings {
  return {
    manifests: [],
    contexts: [],
    namespaces: [],
    keepYoungerThan: parseDuration('1h'),
    keepTagRevisions: 3,
    helmHistory: 10,
    ignoreInvalidRefs: false,
    resources: [],
    exclude: [],
    ...changes,
  };
}
