// Builds images and their caches with BuildKit and Kaniko, and writes down what then lies in the registry: test/fixtures/build-cache.
// Its README says what must be there first.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

const FIXTURES = fileURLToPath(new URL('../test/fixtures/build-cache/', import.meta.url));
const BRANCHES = ['main', 'feature'];

/** How `--cache-to` is told each form of a registry cache, by the end of the repository's name. */
const CACHE_FORMS = {
  index: 'image-manifest=false,oci-mediatypes=true',
  'docker-index': 'image-manifest=false,oci-mediatypes=false',
  image: 'image-manifest=true,oci-mediatypes=true',
};

const { REGISTRY: registry, KANIKO: kaniko } = z
  .object({ REGISTRY: z.string(), KANIKO: z.string() })
  .parse(process.env);
const work = mkdtempSync(join(tmpdir(), 'record-build-caches-'));
const context = join(work, 'context');
const base = `${registry}/base:1`;

const Descriptor = z.object({ mediaType: z.string(), digest: z.string() });
const Manifest = z.object({
  config: Descriptor.optional(),
  layers: z.array(Descriptor).optional(),
  manifests: z.array(Descriptor).optional(),
});

/** Two stages; of what is built in the first, only one file gets into the image. */
const DOCKERFILE = `FROM ${base} AS build
COPY sources /sources
RUN ["/put", "/compiled", "the same for every branch"]
COPY branch /branch
RUN ["/put", "/program", "for one branch"]

FROM ${base}
RUN ["/put", "/installed", "the same for every branch"]
RUN ["/put", "/dev/null", "nothing"]
COPY branch /branch
RUN ["/put", "/configured", "for one branch"]
COPY --from=build /program /program
`;

const SINGLE_STAGE = `FROM ${base}
RUN ["/put", "/installed", "in the only stage"]
COPY branch /branch
RUN ["/put", "/configured", "in the only stage"]
`;

try {
  makeBase();
  const began = new Date();
  recordBuildKit();
  await record('buildkit', began);
  recordKaniko();
  await record('kaniko', began);
} finally {
  rmSync(work, { recursive: true });
}

function makeBase(): void {
  mkdirSync(join(context, 'sources'), { recursive: true });
  writeFileSync(join(context, 'sources', 'main'), 'source\n');
  writeFileSync(join(context, 'Dockerfile'), DOCKERFILE);
  writeFileSync(join(context, 'Dockerfile.single'), SINGLE_STAGE);
  const flags = '-Os -s -nostdlib -static -ffreestanding -fno-tree-loop-distribute-patterns -fno-stack-protector';
  const layout =
    '-fno-asynchronous-unwind-tables -fno-pie -no-pie -Wl,--build-id=none,-z,noseparate-code,-z,norelro,-n';
  const folder = join(work, 'base');
  mkdirSync(folder);
  run('gcc', [...flags.split(' '), ...layout.split(' '), '-o', join(folder, 'put'), join(FIXTURES, 'put.c')]);
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY put /put\n');
  build(folder, '--provenance=false', '--output', `type=registry,name=${base}`);
}

/** The image and every kind of cache for each branch, and the first of them once more, when there is nothing left to do. */
function recordBuildKit(): void {
  for (const branch of BRANCHES) {
    writeFileSync(join(context, 'branch'), branch);
    build(context, '--output', `type=registry,name=${registry}/buildkit/app:${branch}`);
    for (const mode of ['min', 'max']) {
      for (const [form, words] of Object.entries(CACHE_FORMS))
        build(context, ...cacheTo(`buildkit/cache-${mode}-${form}:${branch}`, `mode=${mode},${words}`));
    }
  }
  build(context, ...cacheTo('buildkit/again:from-local', `mode=max,${CACHE_FORMS.index}`));
  run('docker', ['buildx', 'prune', '--all', '--force']);
  const from = ['--cache-from', `type=registry,ref=${registry}/buildkit/cache-max-index:feature`];
  build(context, ...from, ...cacheTo('buildkit/again:from-registry', `mode=max,${CACHE_FORMS.index}`));
}

function cacheTo(ref: string, words: string): readonly string[] {
  return ['--cache-to', `type=registry,ref=${registry}/${ref},${words}`];
}

function build(folder: string, ...words: readonly string[]): void {
  run('docker', ['buildx', 'build', '--network', 'none', ...words, folder]);
}

/** With two stages, with one, and with the words under which the layers of cache and image differ. */
function recordKaniko(): void {
  const image = makeKanikoImage();
  for (const branch of BRANCHES) {
    writeFileSync(join(context, 'branch'), branch);
    const start = (name: string, ...words: readonly string[]): void => {
      const place = [
        '--destination',
        `${registry}/kaniko/${name}:${branch}`,
        '--cache-repo',
        `${registry}/kaniko/${name}/cache`,
      ];
      const plain = ['--insecure', '--insecure-pull', '--skip-tls-verify', '--cache=true', '--verbosity', 'warn'];
      const mount = ['--volume', `${context}:/workspace:ro`, image, '--context', 'dir:///workspace'];
      run('docker', ['run', '--rm', '--network', 'host', '--pull', 'never', ...mount, ...plain, ...place, ...words]);
    };
    start('app');
    start('single', '--dockerfile', 'Dockerfile.single');
    start('copies', '--cache-copy-layers');
    start('reproducible', '--reproducible');
    start('zstd', '--compression', 'zstd');
  }
}

/** Kaniko takes the container's own root for the image's, so it gets a container of its own. */
function makeKanikoImage(): string {
  const folder = join(work, 'kaniko');
  mkdirSync(join(folder, 'kaniko'), { recursive: true });
  copyFileSync(kaniko, join(folder, 'kaniko', 'executor'));
  writeFileSync(join(folder, 'passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  const lines = ['FROM scratch', 'COPY kaniko /kaniko', 'COPY passwd /etc/passwd', 'WORKDIR /workspace'];
  const environment = 'ENV HOME=/root USER=root PATH=/kaniko DOCKER_CONFIG=/kaniko/.docker/';
  writeFileSync(join(folder, 'Dockerfile'), [...lines, environment, 'ENTRYPOINT ["/kaniko/executor"]', ''].join('\n'));
  const image = `${registry}/kaniko-executor:1`;
  build(folder, '--provenance=false', '--output', `type=docker,name=${image}`);
  return image;
}

function run(program: string, words: readonly string[]): void {
  const { status, error } = spawnSync(program, words, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ended with ${status}`);
}

/** Writes everything in the registry's repositories below a name into one file; texts as texts, the rest in base64. */
async function record(name: string, began: Date): Promise<void> {
  const { repositories } = z.object({ repositories: z.array(z.string()) }).parse(await getJson('_catalog?n=1000'));
  const tags: Record<string, Record<string, string>> = {};
  const manifests: Record<string, object> = {};
  const blobs: Record<string, object> = {};
  for (const repository of repositories.filter((one) => one.startsWith(`${name}/`))) {
    const list = z.object({ tags: z.array(z.string()) }).parse(await getJson(`${repository}/tags/list`));
    tags[repository] = {};
    for (const tag of list.tags.sort()) {
      const { digest } = await take(`${repository}/manifests/${tag}`, { repository, manifests, blobs });
      tags[repository][tag] = digest;
    }
  }
  const recording = { began: began.toISOString(), tags, manifests: sorted(manifests), blobs: sorted(blobs) };
  const file = join(FIXTURES, `${name}.json`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(recording, null, 2)}\n`);
}

interface Taken {
  readonly repository: string;
  readonly manifests: Record<string, object>;
  readonly blobs: Record<string, object>;
}

async function take(path: string, taken: Taken): Promise<{ readonly digest: string }> {
  const answer = await get(path);
  const text = await answer.text();
  const digest = answer.headers.get('docker-content-digest') ?? '';
  taken.manifests[digest] = { mediaType: answer.headers.get('content-type'), text };
  const { config, layers = [], manifests = [] } = Manifest.parse(JSON.parse(text));
  for (const child of manifests.filter((one) => /manifest|image\.index/.test(one.mediaType)))
    await take(`${taken.repository}/manifests/${child.digest}`, taken);
  const blobs = manifests.filter((one) => !/manifest|image\.index/.test(one.mediaType));
  for (const blob of [...(config === undefined ? [] : [config]), ...layers, ...blobs]) {
    if (taken.blobs[blob.digest] !== undefined) continue;
    const bytes = Buffer.from(await (await get(`${taken.repository}/blobs/${blob.digest}`)).arrayBuffer());
    const isText = blob.mediaType.includes('json') || /config|image\.v1$/.test(blob.mediaType);
    const content = isText ? { text: bytes.toString() } : { base64: bytes.toString('base64') };
    taken.blobs[blob.digest] = { mediaType: blob.mediaType, ...content };
  }
  return { digest };
}

function sorted(entries: Record<string, object>): Record<string, object> {
  return Object.fromEntries(Object.entries(entries).sort(([left], [right]) => (left < right ? -1 : 1)));
}

async function getJson(path: string): Promise<unknown> {
  return (await get(path)).json();
}

async function get(path: string): Promise<Response> {
  const types = [
    'oci.image.index.v1',
    'oci.image.manifest.v1',
    'docker.distribution.manifest.list.v2',
    'docker.distribution.manifest.v2',
  ];
  const accept = [...types.map((type) => `application/vnd.${type}+json`), '*/*'].join(', ');
  const answer = await fetch(`http://${registry}/v2/${path}`, { headers: { accept } });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer;
}
