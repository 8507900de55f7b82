// GitHub's published REST description, cut down to what we use (scripts/extract-github-openapi.ts), loaded once for all fakes of a process.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Document, OpenAPIBackend } from 'openapi-backend';
import type { Json } from './wire.ts';

/** An operation of the description that fits a request. */
export interface MatchedOperation {
  /** `packages/delete-package-version-for-org`. */
  readonly id: string;
  /** Placeholders, decoded: `app/base` of `app%2Fbase`. */
  readonly parameters: Readonly<Record<string, string>>;
}

export interface DescribedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The description. */
export interface Description {
  /** The operation for a request; undefined when there is none. */
  match(request: DescribedRequest): MatchedOperation | undefined;
  /** What is wrong with a request, in ajv's words; empty when it obeys. */
  checkRequest(request: DescribedRequest, id: string): readonly string[];
  /** What is wrong with an answer; a status that the description does not have is wrong too. */
  checkAnswer(id: string, status: number, json: unknown): readonly string[];
  /** The value of a named example, never to be changed. */
  example(name: string): Json;
  /** Every operation. */
  readonly operations: readonly { readonly id: string; readonly method: string; readonly path: string }[];
}

/** Where the extract lies. */
export const DESCRIPTION_FILE: string = join(import.meta.dirname, 'openapi.json');

// Parameters that may hold slashes as they are, too (`x-multi-segment` in the description).
const MULTI_SEGMENT = /^(\/repos\/[^/]+\/[^/]+\/(?:git\/matching-refs|git\/ref|contents)\/)([^?]*)/;

interface DecodedRequest {
  readonly params: Readonly<Record<string, string | undefined>>;
}

interface WithExamples {
  readonly components: { readonly examples: Readonly<Record<string, { readonly value: Json } | undefined>> };
}

/**
 * Parameters that GitHub takes, or passes over, where the description does not have them: the versions of a user's package come in pages
 * as those of an organisation's do, and matching refs come all at once whatever is asked (https://github.com/github/docs/issues/3863).
 */
const UNDECLARED: readonly string[] = ['page', 'per_page', 'state'];

/**
 * The head of a pull request has neither repository nor label nor user when they were deleted, which the description does not say:
 * https://github.com/github/rest-api-description/issues/1811 and https://github.com/github/rest-api-description/issues/5562
 */
const KNOWN_GAP = /\/head\/(?:repo|label|user) must be /;

async function load(): Promise<Description> {
  const text = readFileSync(DESCRIPTION_FILE, 'utf8');
  const parsed = JSON.parse(text) as Document;
  const { examples } = (JSON.parse(text) as WithExamples).components;
  const api = new OpenAPIBackend({
    definition: parsed,
    quick: true,
    ajvOpts: { validateFormats: false, validateSchema: false, allErrors: true },
  });
  await api.init();
  return {
    match: (request) => {
      const described = prepare(request);
      const operation = api.matchOperation(described);
      if (operation?.operationId === undefined) return undefined;
      const parsedRequest = api.router.parseRequest(described, operation) as DecodedRequest;
      const parameters = Object.entries(parsedRequest.params);
      return {
        id: operation.operationId,
        parameters: Object.fromEntries(parameters.map(([name, value]) => [name, decodeURIComponent(value ?? '')])),
      };
    },
    checkRequest: (request, id) => {
      const described = prepare(request);
      const declared = new Set(
        api.getOperation(id)?.parameters?.map((parameter) => ('name' in parameter ? parameter.name : '')),
      );
      const query = Object.entries(described.query).filter(
        ([name]) => declared.has(name) || !UNDECLARED.includes(name),
      );
      return describeErrors(api.validateRequest({ ...described, query: Object.fromEntries(query) }, id).errors);
    },
    checkAnswer: (id, status, json) => {
      const responses = api.getOperation(id)?.responses ?? {};
      if (!(String(status) in responses)) return [`${id} has no answer ${status}`];
      if (json === undefined) return status === 204 ? [] : [`${id} ${status} has no body`];
      return describeErrors(api.validateResponse(json, id, status).errors).filter(
        (problem) => !KNOWN_GAP.test(problem),
      );
    },
    example: (name) => {
      const found = examples[name];
      if (found === undefined) throw new Error(`GitHub's description has no example ${name}`);
      return found.value;
    },
    operations: api.getOperations().map(({ operationId = '', method, path }) => ({ id: operationId, method, path })),
  };
}

/** Loaded when the module is: it takes a part of a second, and every fake needs it. */
export const description: Description = await load();

function prepare(request: DescribedRequest): DescribedRequest & { readonly query: Record<string, string | string[]> } {
  const path = request.path.replace(
    MULTI_SEGMENT,
    (_, before: string, ref: string) => before + encodeURIComponent(decodeURIComponent(ref)),
  );
  const query = Object.fromEntries(new URL(path, 'http://fake').searchParams);
  return { ...request, path: path.replace(/\?.*/, ''), query };
}

function describeErrors(
  errors: readonly { readonly instancePath: string; readonly message?: string }[] | null | undefined,
): string[] {
  return (errors ?? []).map(({ instancePath, message = '' }) => `${instancePath} ${message}`);
}
