// Where cluster usage comes from. In CI nothing is ambient: without a kubeconfig or manifests that were given on purpose, and
// without an explicit "no", the run ends, because a cluster that is not asked protects nothing.

import type { Duration } from '../model/time.ts';
import { checkInputPath, readNamedFile, resolvePath } from './check-files.ts';
import { chooseReading } from './choose-reading.ts';
import { addMistake, addWrong, type Findings, readFlag, readList } from './findings.ts';
import type { PolicyFile } from './policy-schema.ts';
import type { KubeConfigSource, KubernetesSettings } from './settings.ts';
import { withoutUndefined } from './without-undefined.ts';

/** The settings; `off` when the user said so. With mistakes among the findings the answer is not to be used. */
export async function chooseKubernetes(
  findings: Findings,
  file: PolicyFile,
  keepYoungerThan: Duration | undefined,
): Promise<KubernetesSettings | 'off'> {
  const without = readFlag(findings, 'without-kube') === true;
  const kubeConfig = await readKubeConfig(findings);
  const manifests = await readManifests(findings);
  const contexts = readList(findings, 'kube-context');
  const namespaces = readList(findings, 'namespace');
  const ownNamespacesOnly = findings.raw.werf?.ownNamespacesOnly;
  const isNamed = kubeConfig !== undefined || manifests.length > 0;
  if (without) {
    const given = ['kube-config', 'kube-config-base64', 'kube-manifests', 'kube-context', 'namespace'] as const;
    for (const name of given.filter((option) => findings.raw[option] !== undefined)) {
      addMistake(findings, name, 'not together with without-kube: either clusters are asked or they are not');
    }
    return 'off';
  }
  if (file.cleanup?.disableKubernetesBasedPolicy === true) {
    if (!isNamed) return 'off';
    findings.notes.push(
      'Kubernetes is asked: the options name a source and outrank disableKubernetesBasedPolicy in the policy file',
    );
  }
  const ambient = isNamed ? undefined : chooseAmbient(findings, file);
  const hasContexts = kubeConfig !== undefined || findings.missing.length > 0;
  if (!hasContexts && contexts !== undefined && (manifests.length > 0 || isCi(findings))) {
    if (findings.withoutSecrets !== undefined)
      findings.missing.push({ source: 'kubernetes', why: findings.withoutSecrets });
    else
      addMistake(findings, 'kube-context', 'only with kube-config or kube-config-base64: manifests have no contexts');
  }
  if (ambient === 'off') return 'off';
  const source = kubeConfig ?? ambient;
  return {
    ...(source === undefined ? {} : { kubeConfig: source }),
    manifests,
    contexts: contexts ?? file.kubernetes?.contexts ?? [],
    namespaces: namespaces ?? (ownNamespacesOnly === true ? [] : (file.kubernetes?.namespaces ?? [])),
    ...withoutUndefined({ ownNamespacesOnly: namespaces === undefined ? ownNamespacesOnly : undefined }),
    ...(await chooseReading(findings, file, keepYoungerThan)),
  };
}

/** Whether this is a CI job: there, what happens to lie in the home directory is nobody's decision. */
function isCi(findings: Findings): boolean {
  const flag = findings.environment['CI'] ?? '';
  return findings.frontEnd === 'action' || !['', 'false', '0'].includes(flag.toLowerCase());
}

function chooseAmbient(findings: Findings, file: PolicyFile): KubeConfigSource | 'off' | undefined {
  if (!isCi(findings)) return { kind: 'ambient' };
  // With `cleanup.disable` nothing is deleted, so nothing needs a cluster's protection.
  if (file.cleanup?.disable === true) return 'off';
  const wasGiven = (['kube-config', 'kube-config-base64', 'kube-manifests'] as const).some(
    (name) => findings.raw[name] !== undefined,
  );
  // What was given and cannot be used is a mistake already.
  if (wasGiven || findings.policyIsBroken) return findings.missing.length > 0 ? 'off' : undefined;
  if (findings.withoutSecrets !== undefined) {
    findings.missing.push({ source: 'kubernetes', why: findings.withoutSecrets });
    return 'off';
  }
  findings.mistakes.push({
    place: 'Kubernetes',
    text:
      'no cluster to ask: give kube-config, kube-config-base64 or kube-manifests, or say without-kube. ' +
      `In CI nothing is taken from the environment, and an empty secret counts as not given${hintAtVariable(findings)}`,
  });
  return undefined;
}

/** A job's cluster is often in this variable already, and only nobody has said that it is meant. */
function hintAtVariable({ environment, frontEnd }: Findings): string {
  if (frontEnd !== 'cli' || (environment['KUBECONFIG'] ?? '').trim() === '') return '';
  const component =
    environment['GITLAB_CI'] === 'true' ? ', in the component the input kube-config: [$KUBECONFIG]' : '';
  return `. KUBECONFIG is set: --kube-config "$KUBECONFIG" gives it${component}`;
}

/** The kubeconfig that was given; undefined when none was. With mistakes among the findings the answer is not to be used. */
export async function readKubeConfig(findings: Findings): Promise<KubeConfigSource | undefined> {
  if (lacksSecret(findings)) return undefined;
  const paths = readList(findings, 'kube-config');
  const encoded = findings.raw['kube-config-base64'];
  if (paths !== undefined && encoded !== undefined) {
    addMistake(findings, 'kube-config-base64', 'not together with kube-config: give one of them');
  }
  if (paths !== undefined) return checkKubeConfigFiles(findings, paths);
  return encoded === undefined ? undefined : decodeKubeConfig(findings, encoded);
}

/** A command line has an empty word where the variable is not there. With one of several files gone, no cluster is asked. */
function lacksSecret({ raw, withoutSecrets, missing }: Findings): boolean {
  const given = [...(raw['kube-config'] ?? []), raw['kube-config-base64']];
  if (withoutSecrets === undefined || !given.some((text) => text?.trim() === '')) return false;
  missing.push({ source: 'kubernetes', why: withoutSecrets });
  return true;
}

async function checkKubeConfigFiles(
  findings: Findings,
  paths: readonly string[],
): Promise<KubeConfigSource | undefined> {
  for (const path of paths) {
    const text = await readNamedFile(findings, 'kube-config', path);
    if (text?.trim() === '' && findings.withoutSecrets !== undefined) {
      // An earlier step has written the secret that is not there.
      findings.missing.push({ source: 'kubernetes', why: findings.withoutSecrets });
      return undefined;
    }
    if (text?.trim() === '')
      addWrong(findings, { name: 'kube-config', got: `the empty file ${path}`, expected: 'a kubeconfig' });
  }
  if (paths.length === 0) addWrong(findings, { name: 'kube-config', got: 'no file', expected: 'a kubeconfig' });
  return { kind: 'files', paths: paths.map((path) => resolvePath(findings, path)) };
}

/** The messages say nothing about the text but its length: it is a secret. */
function decodeKubeConfig(findings: Findings, encoded: string): KubeConfigSource {
  const name = 'kube-config-base64';
  const compact = encoded.replaceAll(/\s/g, '');
  const text = Buffer.from(compact, 'base64').toString('utf8');
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(compact);
  if (compact === '')
    addWrong(findings, { name, got: 'an empty text', expected: 'a kubeconfig in base64; is the secret set?' });
  else if (!isBase64 || text.includes('\uFFFD') || text.trim() === '') {
    addWrong(findings, {
      name,
      got: `${compact.length} characters that are not text in base64`,
      expected: 'a kubeconfig in base64',
    });
  }
  return { kind: 'inline', text };
}

async function readManifests(findings: Findings): Promise<readonly string[]> {
  const paths = readList(findings, 'kube-manifests') ?? [];
  const checked = await Promise.all(paths.map((path) => checkInputPath(findings, 'kube-manifests', path)));
  return checked.filter((path) => path !== undefined);
}
