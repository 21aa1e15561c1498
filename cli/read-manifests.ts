import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CliError, exitCodes } from './errors.ts';
import { readYamlDocuments } from './read-file.ts';

/**
 * Manifests as a release holds them: objects stay as they are; a path (relative to `base`) stands for all
 * documents of a file, or of the .yaml, .yml and .json files of a directory, by name; a List for its items.
 */
export function readManifests(given: unknown, base: string): unknown[] {
  const entries = Array.isArray(given) ? (given as unknown[]) : [given];
  return entries
    .flatMap((entry) => (typeof entry === 'string' ? readPath(resolve(base, entry)) : [entry]))
    .flatMap(itemsOf);
}

function readPath(path: string): unknown[] {
  let isDirectory: boolean;
  try {
    isDirectory = statSync(path).isDirectory();
  } catch (error) {
    throw new CliError(`${path} cannot be read: ${(error as Error).message}.`, exitCodes.usage);
  }
  if (!isDirectory) return readYamlDocuments(path);
  const files = readdirSync(path).filter((name) => /\.(ya?ml|json)$/.test(name));
  if (files.length === 0) {
    throw new CliError(`${path} has no .yaml, .yml or .json file.`, exitCodes.usage);
  }
  return files.sort().flatMap((name) => readYamlDocuments(join(path, name)));
}

/** `kubectl get -o yaml` and some generators wrap objects in a List. */
function itemsOf(manifest: unknown): unknown[] {
  const { kind, items } = (manifest ?? {}) as { kind?: unknown; items?: unknown };
  return typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)
    ? (items as unknown[])
    : [manifest];
}
