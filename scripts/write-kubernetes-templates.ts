// Writes what `registry-cleanup rbac` prints into templates/kubernetes: the account, the rights for a whole cluster, and those for one
// namespace. A test holds the files to it.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listRightsAnywhere, type RightsSettings } from '../src/kubernetes/list-rights.ts';
import { renderRights } from '../src/report/render-rights.ts';

/** Nothing of the user's: every kind that is known. */
const ANY: RightsSettings = { contexts: [], namespaces: [], helmHistory: 10, resources: [], exclude: [] };
/** Of the variant for one namespace; readers put theirs. */
const NAMESPACE = 'shop';

const ACCOUNT_ABOUT = 'The account that looks into the cluster, and its namespace.';
const CLUSTER_ABOUT =
  'What the account may do: list every kind that names images, in the whole cluster. It may change nothing. Rules for\n' +
  '# kinds that a cluster does not have are harmless; `registry-cleanup rbac --kube-config FILE` prints only those it has.';
const NAMESPACE_ABOUT =
  `In place of cluster-role.yaml, for a run with --namespace ${NAMESPACE}. For other namespaces:\n` +
  '# registry-cleanup rbac --namespace one --namespace another';

/** The files that are generated: their names and texts. */
export function renderTemplates(): ReadonlyMap<string, string> {
  const [namespace = '', account = '', ...inCluster] = split(ANY);
  const [, , ...inNamespace] = split({ ...ANY, namespaces: [NAMESPACE] });
  return new Map([
    ['service-account.yaml', withAbout(ACCOUNT_ABOUT, [namespace, account])],
    ['cluster-role.yaml', withAbout(CLUSTER_ABOUT, inCluster)],
    ['role.yaml', withAbout(NAMESPACE_ABOUT, inNamespace)],
  ]);
}

function split(settings: RightsSettings): readonly string[] {
  return renderRights({ ...listRightsAnywhere(settings), remarks: [] }).split('---\n');
}

function withAbout(about: string, documents: readonly string[]): string {
  return `# ${about}\n${documents.join('---\n')}`;
}

if (process.argv[1] === import.meta.filename)
  for (const [name, text] of renderTemplates())
    writeFileSync(join(import.meta.dirname, '..', 'templates', 'kubernetes', name), text);
