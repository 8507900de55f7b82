// REST routes of the fake GitLab on its registry. https://docs.gitlab.com/api/container_registry/

import { RE2JS } from 're2js';
import type { Answer } from '../github/exchange.ts';
import { FORBIDDEN, LEVELS, levelIn, NOT_FOUND, refuse } from './access.ts';
import type { ImagesRecord } from './images.ts';
import { answerPage, answerTagPage } from './pages.ts';
import type { Call, Route } from './rest.ts';

const PATH = '/projects/:id/registry/repositories';

/** A job's token reaches the registry of its own project only. */
export const REGISTRY_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: PATH,
    query: ['tags', 'tags_count'],
    job: true,
    level: 'reporter',
    handle: (call) => {
      const { project, world, query } = call;
      return answerPage(call, world.imagesOf(project), ({ id, images }) => ({
        ...world.wire.images(project, images, id),
        ...(query.get('tags_count') === 'true' ? { tags_count: images.tags().length } : {}),
        ...(query.get('tags') === 'true' ? { tags: images.tags().map((tag) => world.wire.imageTag(images, tag)) } : {}),
      }));
    },
  },
  {
    method: 'GET',
    path: `${PATH}/:repository/tags`,
    query: ['last', 'before'],
    job: true,
    level: 'reporter',
    handle: (call) => {
      const images = imagesOf(call);
      if (images === undefined) return NOT_FOUND;
      return answerTagPage(call, images.tags(), (tag) => call.world.wire.imageTag(images, tag));
    },
  },
  {
    method: 'GET',
    path: `${PATH}/:repository/tags/:tag`,
    query: [],
    job: true,
    level: 'reporter',
    handle: (call) => {
      const images = imagesOf(call);
      const tag = call.parameters['tag'] ?? '';
      if (images === undefined || !images.tagTable.has(tag)) return refuse(404, '404 Tag Not Found');
      return { status: 200, json: call.world.wire.imageTagDetails(images, tag, createdOf(images, tag)) };
    },
  },
  {
    method: 'DELETE',
    path: `${PATH}/:repository/tags/:tag`,
    query: [],
    job: true,
    level: 'developer',
    handle: deleteTag,
  },
  {
    method: 'GET',
    path: '/projects/:id/registry/protection/tag/rules',
    query: [],
    job: false,
    level: 'maintainer',
    handle: ({ project, world }) => ({
      status: 200,
      json: project.tagRules.map((rule) => world.wire.tagRule(project, rule)),
    }),
  },
];

async function deleteTag(call: Call): Promise<Answer> {
  const { project, known, world } = call;
  const images = imagesOf(call);
  const tag = call.parameters['tag'] ?? '';
  if (images === undefined || !images.tagTable.has(tag)) return refuse(404, '404 Tag Not Found');
  const level = levelIn(project, known);
  const isProtected = project.tagRules.some(
    (rule) =>
      RE2JS.compile(rule.pattern).matcher(tag).find() &&
      (rule.immutable || (rule.delete !== undefined && level < LEVELS[rule.delete])),
  );
  if (isProtected) return FORBIDDEN;
  return (await world.deleteTag(images, tag)) ? { status: 200, json: 200 } : refuse(400, '400 Bad request');
}

function imagesOf({ project, parameters, world }: Call): ImagesRecord | undefined {
  return world.imagesOf(project).find(({ id }) => id === Number(parameters['repository']))?.images;
}

/** What the image's own config says; REST knows no time of a push. */
function createdOf(images: ImagesRecord, tag: string): string | null {
  const digest = images.digestOf(tag);
  const manifest = digest === undefined ? undefined : images.manifest(digest);
  return manifest?.configDigest === undefined ? null : images.configCreated(manifest.configDigest);
}
