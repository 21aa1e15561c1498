import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { DomainError, type Complaint } from '../domain/errors.ts';

/** A YAML file that lists sources, as a plain value. @throws what `unusable` makes of the complaint. */
export async function readSourcesYaml(
  path: string,
  unusable: (path: string, complaints: readonly Complaint[]) => DomainError,
): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw unusable(path, [{ field: path, message: `cannot be read: ${(error as Error).message}` }]);
  }
  const document = parseDocument(text, { prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined) {
    throw unusable(path, [{ field: path, message: `is not YAML: ${error.message.trim()}` }]);
  }
  return document.toJS({ maxAliasCount: 100 });
}

/** Read anew for each import: a token that was exchanged counts without a restart. @throws DomainError `invalid`. */
export async function readTokenFile(
  tokenFile: string,
  { code, of }: { readonly code: string; readonly of: string },
): Promise<string> {
  try {
    return (await readFile(tokenFile, 'utf8')).trim();
  } catch (error) {
    throw new DomainError('invalid', `${tokenFile} cannot be read.`, {
      code,
      remedy: `Put the token of ${of} into it, readable by CTC only.`,
      cause: error,
    });
  }
}
