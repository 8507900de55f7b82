// What protects images and cannot be read in full: the registry was read, one error tells what is missing, nothing is deleted.

import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { createGitSandbox, type GitSandbox } from '../builders/git-repository.ts';
import { buildImage, pushImage } from '../builders/image.ts';
import {
  type FaultAnswer,
  type KubernetesServer,
  kubeConfigText,
  makeCertificates,
  startKubernetesServer,
} from '../fakes/kubernetes-server.ts';
import { runBadInput, type Stage, type Words } from '../support/bad-input.ts';
import { type ExpectedStop, expectStopped } from '../support/expect-stopped.ts';
import { requireProgram } from '../support/real-parts.ts';

interface Row {
  readonly title: string;
  readonly expected: ExpectedStop;
  readonly arrange: (stage: Stage) => Promise<Words> | Words;
  /** Retries are waited for. */
  readonly hurry?: true;
}

const reportSchema = z.object({
  plan: z.object({
    evidence: z.object({ git: z.object({ commits: z.number() }) }),
    repositories: z.array(z.object({ decisions: z.array(z.looseObject({ tags: z.array(z.string()) })) })),
  }),
});

const POD = {
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default' },
  spec: { containers: [{ name: 'web', image: 'registry.example.com/other/thing:1' }] },
};

async function run({ arrange, hurry, expected }: Row): Promise<void> {
  await expectStopped(await runBadInput(arrange, { hurry: hurry === true }), expected);
}

describe.runIf(requireProgram('openssl'))('a cluster that cannot be read', () => {
  let certificates: string;

  beforeAll(async () => {
    certificates = await mkdtemp(join(tmpdir(), 'certificates-'));
    await makeCertificates(certificates);
  });

  afterAll(() => rm(certificates, { recursive: true }));

  const kubernetes = (golden: string | RegExp): ExpectedStop => ({ exit: 5, code: 'EVIDENCE_KUBERNETES', golden });

  /** A cluster with one pod, arranged further, and the kubeconfig of it. */
  function cluster(disturb: (server: KubernetesServer) => void, token = 'tok-admin') {
    return async (stage: Stage): Promise<Words> => {
      const server = await startKubernetesServer({ certificates });
      onTestFinished(() => server.close());
      server.put(POD);
      disturb(server);
      const text = kubeConfigText([{ name: 'production', server, user: { token } }]);
      return { 'without-kube': false, 'kube-config': await stage.write('config', text) };
    };
  }

  const failing = (answer: FaultAnswer) => cluster((server) => server.fail({ answer, resource: 'pods' }));

  const rows: readonly Row[] = [
    {
      title: 'because of the token (401)',
      // Which of its lists is refused first is chance.
      expected: kubernetes(/context "production": the server does not accept the credentials \(401: Unauthorized\)/),
      arrange: cluster(() => undefined, 'tok-nobody'),
    },
    {
      title: 'because one kind is forbidden (403)',
      expected: kubernetes('cluster-403'),
      arrange: cluster((server) => server.forbid({ resource: 'apps/replicasets' })),
    },
    {
      title: 'because it fails each time (500)',
      expected: kubernetes('cluster-500'),
      arrange: failing('internal-error'),
      hurry: true,
    },
    {
      title: 'because it never answers',
      expected: kubernetes('cluster-hangs'),
      arrange: failing('hang'),
      hurry: true,
    },
    {
      title: 'because its list expires each time (410)',
      expected: kubernetes('cluster-410'),
      arrange: failing('expired'),
      hurry: true,
    },
    { title: 'because a login page answers', expected: kubernetes('cluster-html'), arrange: failing('html') },
    { title: 'because half a list comes', expected: kubernetes('cluster-half'), arrange: failing('truncated-json') },
    {
      title: 'because its pages go in circles',
      expected: kubernetes('cluster-loop'),
      arrange: failing('same-token'),
    },
    {
      title: 'because the second of two contexts is unreachable',
      expected: kubernetes(/context "gone": there is no answer \(connect ECONNREFUSED 127\.0\.0\.1:9\)/),
      arrange: async (stage) => {
        const server = await startKubernetesServer({ certificates });
        onTestFinished(() => server.close());
        server.put(POD);
        const user = { token: 'tok-admin' };
        const gone = { url: 'https://127.0.0.1:9', caFile: server.caFile };
        const text = kubeConfigText([
          { name: 'production', server, user },
          { name: 'gone', server: gone, user },
        ]);
        return { 'without-kube': false, 'kube-config': await stage.write('config', text) };
      },
      hurry: true,
    },
    {
      title: 'because its certificate is signed by somebody else',
      expected: kubernetes(/context "production": there is no answer \(self-signed certificate in certificate chain\)/),
      arrange: async (stage) => {
        const other = await mkdtemp(join(tmpdir(), 'certificates-'));
        onTestFinished(() => rm(other, { recursive: true }));
        await makeCertificates(other);
        const server = await startKubernetesServer({ certificates });
        onTestFinished(() => server.close());
        const stranger = { url: server.url, caFile: join(other, 'ca.crt') };
        const text = kubeConfigText([{ name: 'production', server: stranger, user: { token: 'tok-admin' } }]);
        return { 'without-kube': false, 'kube-config': await stage.write('config', text) };
      },
    },
  ];
  it.each(rows)('$title', run);
});

describe('a folder of manifests that cannot be read', () => {
  const manifests = (golden: string): ExpectedStop => ({ exit: 5, code: 'EVIDENCE_FILE', golden });
  const holding = (name: string, text: string | Uint8Array) => async (stage: Stage) => {
    await mkdir(join(stage.inputs, 'manifests'));
    await stage.write('manifests/a.yaml', 'kind: Pod\nmetadata: {name: a}\nspec: {containers: [{image: nginx}]}\n');
    await stage.write(`manifests/${name}`, text);
    return { 'without-kube': false, 'kube-manifests': join(stage.inputs, 'manifests') };
  };
  const rows: readonly Row[] = [
    {
      title: 'because one is a Helm template',
      expected: manifests('manifests-template'),
      arrange: holding('web.yaml', 'kind: Pod\nspec:\n  containers:\n    - image: {{ .Values.image }}\n'),
    },
    {
      title: 'because one has a quoted Helm template for an image',
      expected: manifests('manifests-quoted-template'),
      arrange: holding('web.yaml', 'kind: Pod\nspec:\n  containers:\n    - image: "app:{{ .Values.tag }}"\n'),
    },
    {
      title: 'because one is no YAML',
      expected: manifests('manifests-no-yaml'),
      arrange: holding('web.yaml', 'kind: Pod\n\tspec: {}\n'),
    },
    {
      title: 'because one is no text',
      expected: manifests('manifests-no-text'),
      arrange: holding('web.yaml', Buffer.from([0x6b, 0x3a, 0x20, 0xff, 0xfe])),
    },
  ];
  it.each(rows)('$title', run);
});

describe.runIf(requireProgram('git'))('a history that cannot be read in full', () => {
  let sandbox: GitSandbox;
  let origin: string;
  let first: string;

  beforeAll(() => {
    sandbox = createGitSandbox();
    origin = sandbox.bare('origin.git');
    const commits = ['one', 'two', 'three'].map((name, at, names) => ({
      name,
      date: `2024-01-0${at + 1}T12:00:00Z`,
      parents: at === 0 ? [] : [names[at - 1] ?? ''],
    }));
    first = sandbox.add(origin, { commits, branches: { main: 'three' } }).get('one') ?? '';
  });

  afterAll(() => sandbox.remove());

  const git = (golden: string): ExpectedStop => ({ exit: 5, code: 'EVIDENCE_GIT', golden });

  /** A clone among the user's files, and the words that name it. */
  function cloneInto(stage: Stage, ...parameters: readonly string[]): Words {
    const clone = join(stage.inputs, 'clone');
    sandbox.git(stage.inputs, 'clone', '--quiet', ...parameters, `file://${origin}`, clone);
    return { 'without-git': false, 'git-dir': clone };
  }

  const rows: readonly Row[] = [
    {
      title: 'because the clone is shallow and may not be completed',
      expected: git('git-shallow'),
      arrange: async (stage) => ({
        ...cloneInto(stage, '--depth=1'),
        config: await stage.write('policy.yml', 'gitWorktree:\n  allowUnshallow: false\n'),
      }),
    },
    {
      title: 'because the folder is no clone',
      expected: git('git-no-clone'),
      arrange: async (stage) => {
        await mkdir(join(stage.inputs, 'empty'));
        return { 'without-git': false, 'git-dir': join(stage.inputs, 'empty') };
      },
    },
    {
      title: 'because the clone has no origin',
      expected: git('git-no-origin'),
      arrange: (stage) => {
        const words = cloneInto(stage);
        sandbox.git(join(stage.inputs, 'clone'), 'remote', 'remove', 'origin');
        return words;
      },
    },
    {
      title: 'because origin has gone',
      expected: git('git-origin-gone'),
      arrange: (stage) => {
        const words = cloneInto(stage);
        const gone = join(stage.inputs, 'gone.git');
        sandbox.git(join(stage.inputs, 'clone'), 'remote', 'set-url', 'origin', `file://${gone}`);
        return words;
      },
    },
  ];
  it.each(rows)('$title', run);

  it('is completed for a shallow clone, which stays as it is: an image of a commit that it lacks is kept', async () => {
    const image = buildImage({
      seed: 'of the first commit',
      created: '2024-01-01T13:00:00Z',
      labels: { 'org.opencontainers.image.revision': first },
    });
    const result = await runBadInput(async (stage) => {
      await pushImage(stage.registry.origin, 'team/app', { manifest: image, tags: ['first'] });
      const words = cloneInto(stage, '--depth=1');
      const clone = join(stage.inputs, 'clone');
      expect(sandbox.git(clone, 'rev-list', '--count', 'HEAD')).toBe('1');
      expect(await readdir(join(clone, '.git'))).toContain('shallow');
      return words;
    });
    expect({ code: result.code, stderr: result.stderr }).toEqual({ code: 0, stderr: '' });
    const { plan } = reportSchema.parse(result.report);
    expect(plan.evidence.git.commits).toBe(3);
    const decision = plan.repositories[0]?.decisions.find(({ tags }) => tags.includes('first'));
    expect(decision).toMatchObject({ decision: 'keep', reasons: [{ rule: 'git', commit: first }] });
    expect(result.changedInputs).toEqual([]);
    expect(result.left).toEqual(['report.json']);
    expect(result.requests.filter((line) => line.startsWith('DELETE'))).toEqual([]);
  });
});
