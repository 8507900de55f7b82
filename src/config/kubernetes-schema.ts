// The policy file's key `kubernetes`: what is asked, what counts there, and how clusters call what registries have.

import * as z from 'zod';
import { registryPrefixProblem } from './policy-words.ts';
import { flag, MAPPING, names, word } from './schema-parts.ts';

/** https://kubernetes.io/docs/reference/using-api/#api-groups; kinds are Go identifiers. */
const RESOURCE = {
  group: /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)?$/,
  version: /^v[a-z0-9]{1,62}$/,
  kind: /^[A-Z][A-Za-z0-9]{0,62}$/,
  name: /^[a-z][a-z0-9-]{0,62}(?:\.[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)?$/,
};

const customResource = z.strictObject(
  {
    group: z
      .string()
      .regex(RESOURCE.group, 'an API group: apps.example.com')
      .optional()
      .describe('API group. Default: the core group.'),
    version: z
      .string()
      .regex(RESOURCE.version, 'an API version: v1beta1')
      .optional()
      .describe('Default: the version that the cluster prefers.'),
    kind: z.string('a kind: Widget').regex(RESOURCE.kind, 'a kind: Widget').describe('Kind, as in manifests.'),
    paths: names(
      'JSONPaths to images',
      'JSONPaths (RFC 9535) to texts that are images: $.spec.runner. Fields called image count anyway.',
    ),
    optional: flag('No cluster need have the kind. Default: one must, or the name is taken for a misspelt one.'),
  },
  MAPPING,
);

const HELM_HISTORY = 'a whole number, 0 or more, or all';

/** The key `kubernetes`. */
export const kubernetes = z.strictObject(
  {
    contexts: names('names of contexts', 'Contexts to ask. Default: all of the kubeconfig.'),
    namespaces: names('names of namespaces', 'Namespaces to look into. Default: all.'),
    helmHistory: z
      .union([z.int(HELM_HISTORY).min(0, HELM_HISTORY), z.literal('all', HELM_HISTORY)], HELM_HISTORY)
      .optional()
      .describe(
        'Newest revisions of each Helm release whose images are kept, failed ones not counted. Default: 10. 0: releases are not read.',
      ),
    ignoreInvalidRefs: flag(
      'Go on when an image in a cluster is no reference, or one with open parts, although it may mean a repository that is cleaned.',
    ),
    resources: z
      .array(customResource, 'a list of kinds')
      .optional()
      .describe('Further kinds that name images, and where in them.'),
    exclude: z
      .array(z.string().regex(RESOURCE.name, 'a kind as kubectl names it: workflows.argoproj.io'), 'a list of kinds')
      .optional()
      .describe(
        'Kinds that are not read, as kubectl names them: secrets, workflows.argoproj.io. What only they name is not protected.',
      ),
    mirrors: z
      .record(z.string(), word(registryPrefixProblem, 'a registry'), 'a mapping of mirrors to registries')
      .check((context) => {
        for (const key of Object.keys(context.value)) {
          const message = registryPrefixProblem(key);
          if (message !== undefined)
            context.issues.push({ code: 'custom', message: `as the key ${message}`, input: key, path: [key] });
        }
      })
      .optional()
      .describe('Prefix that clusters pull through, and what it stands for: mirror.example.com/hub: docker.io.'),
  },
  MAPPING,
);
