import { readFileSync } from 'node:fs';
import { parseAllDocuments, parseDocument } from 'yaml';
import { CliError, exitCodes } from './errors.ts';

/** A YAML or JSON file ("-" is standard input) as a plain value. @throws CliError naming line and column. */
export function readYamlFile(path: string): unknown {
  const document = parseDocument(readText(path), { prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new CliError(`${path} is not valid YAML: ${error.message.trim()}`, exitCodes.usage);
  }
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new CliError(`${path} must hold one mapping (name: value).`, exitCodes.usage);
  }
  return value;
}

/**
 * The documents of a file of manifests, as kubectl reads it (YAML 1.1: 0644 is octal); empty ones are left out.
 * @throws CliError naming line and column.
 */
export function readYamlDocuments(path: string): unknown[] {
  const documents = parseAllDocuments(readText(path), { prettyErrors: true, version: '1.1' });
  const values: unknown[] = [];
  for (const document of documents) {
    const [error] = document.errors;
    if (error !== undefined) {
      throw new CliError(`${path} is not valid YAML: ${error.message.trim()}`, exitCodes.usage);
    }
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (value !== null && value !== undefined) values.push(value);
  }
  return values;
}

/** The text of a file ("-" is standard input). @throws CliError when it cannot be read, or is not UTF-8. */
export function readText(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path === '-' ? 0 : path);
  } catch (error) {
    throw new CliError(`${path} cannot be read: ${(error as Error).message}.`, exitCodes.usage);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new CliError(`${path} is not valid UTF-8; save it as UTF-8.`, exitCodes.usage);
  }
}
