// Makes the address of a request from a route and its parameters. What is filled in can never make another path of it.

import { InternalError } from '../errors.ts';
import type { GitlabRequest } from './gitlab.ts';

/** The address, and the body where there is one. */
export interface RequestTarget {
  readonly url: string;
  readonly body?: string;
}

/** Values of a query. */
type Plain = string | number | boolean;

/**
 * `/projects/{id}/repository/branches` with `{ id: 'team/app', per_page: 100 }` becomes
 * `https://gitlab.com/api/v4/projects/team%2Fapp/repository/branches?per_page=100`. Parameters that are undefined are left out.
 * @throws InternalError INTERNAL for a placeholder without a usable value, or a query of anything but texts, numbers and booleans.
 */
export function buildUrl(apiUrl: string, request: GitlabRequest): RequestTarget {
  const { method, route, purpose, parameters = {} } = request;
  const filled = new Set<string>();
  const path = route.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => {
    filled.add(name);
    return encodeURIComponent(checkPart(parameters[name], `${purpose}: the parameter ${name} of ${route}`));
  });
  const rest = Object.entries(parameters).filter(([name, value]) => !filled.has(name) && value !== undefined);
  if (method === 'POST' || method === 'PUT')
    return {
      url: `${apiUrl}${path}`,
      ...(rest.length === 0 ? {} : { body: JSON.stringify(Object.fromEntries(rest)) }),
    };
  const query = new URLSearchParams();
  for (const [name, value] of rest) query.append(name, checkPlain(value, `${purpose}: ${name}`));
  return { url: `${apiUrl}${path}${rest.length === 0 ? '' : `?${query.toString()}`}` };
}

function checkPart(value: unknown, what: string): string {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text === 'string' && text !== '' && !text.split(/[/\\]/).some((part) => part === '.' || part === '..'))
    return text;
  throw new InternalError(`Cannot ${what} does not make a path.`, { code: 'INTERNAL' });
}

function checkPlain(value: unknown, what: string): string {
  if (isPlain(value)) return String(value);
  throw new InternalError(`Cannot ${what} does not make a query.`, { code: 'INTERNAL' });
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
