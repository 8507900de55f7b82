// The project's TypeScript files, parsed: for tests that hold the code to rules about imports, exports and comments.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ESTree, parseSync } from 'rolldown/utils';

/** The repository's top folder. */
export const root: string = join(import.meta.dirname, '..', '..');

/** One import or re-export. */
export interface SourceImport {
  /** As it is written: `../model/time.ts`, `node:fs`, `zod`. */
  readonly request: string;
  /** `type`: erased when emitted. `dynamic`: loaded when the line is reached. */
  readonly kind: 'value' | 'type' | 'dynamic';
  /** Counted from 1. */
  readonly line: number;
}

/** One file. */
export interface SourceFile {
  /** From the folder that was read, with slashes: `model/time.ts`. */
  readonly path: string;
  readonly text: string;
  readonly program: ESTree.Program;
  readonly comments: readonly {
    readonly type: string;
    readonly value: string;
    readonly start: number;
    readonly end: number;
  }[];
  readonly imports: readonly SourceImport[];
}

/** All `.ts` files below a folder of the repository, by path. Throws when one cannot be parsed; empty only when there is none. */
export function readSourceFiles(folder: string): readonly SourceFile[] {
  return listFiles(join(root, folder))
    .filter((path) => path.endsWith('.ts'))
    .map((path) => parseSourceFile(path, readFileSync(join(root, folder, path), 'utf8')));
}

/** Parses one file's text. @throws Error with the parser's words when it is no TypeScript. */
export function parseSourceFile(path: string, text: string): SourceFile {
  const { program, module, comments, errors } = parseSync(path, text, { lang: 'ts', sourceType: 'module' });
  if (errors.length > 0) throw new Error(`${path}: ${errors.map((error) => error.message).join('; ')}`);
  const imports = module.staticImports.map(
    ({ start, end, moduleRequest }): SourceImport => ({
      request: moduleRequest.value,
      kind: isTypeOnly(text.slice(start, end)) ? 'type' : 'value',
      line: lineOf(text, start),
    }),
  );
  const reExports = module.staticExports.flatMap(({ start, end, entries }) =>
    entries
      .flatMap((entry) => entry.moduleRequest?.value ?? [])
      .slice(0, 1)
      .map(
        (request): SourceImport => ({
          request,
          kind: isTypeOnly(text.slice(start, end)) ? 'type' : 'value',
          line: lineOf(text, start),
        }),
      ),
  );
  const dynamic = module.dynamicImports.map(
    ({ start, moduleRequest }): SourceImport => ({
      request: text.slice(moduleRequest.start, moduleRequest.end).replace(/^['"`]|['"`]$/g, ''),
      kind: 'dynamic',
      line: lineOf(text, start),
    }),
  );
  return { path, text, program, comments, imports: [...imports, ...reExports, ...dynamic] };
}

/** The line of a position, counted from 1. */
export function lineOf(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}

/** Paths of all files below a folder, relative to it, with slashes, sorted. */
export function listFiles(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort((left, right) => (left < right ? -1 : 1));
}

/** `import { type X }` without the leading `type` still loads the file, so it counts as a value import. */
function isTypeOnly(statement: string): boolean {
  return /^(?:import|export)\s+type\b/.test(statement);
}
