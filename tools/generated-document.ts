import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format } from 'prettier';

/**
 * Writes a document below docs/ from what it is now (empty where there is none); with --check on the command line
 * it only says whether the file is current, and lets the process fail where it is not.
 */
export async function generateDocument(
  name: string,
  write: (current: string) => string,
): Promise<void> {
  const path = join(import.meta.dirname, '..', 'docs', name);
  const current = await readFile(path, 'utf8').catch(() => '');
  const document = await format(write(current), { parser: 'markdown', printWidth: 100 });
  if (!process.argv.includes('--check')) {
    await writeFile(path, document);
  } else if (current !== document) {
    process.stderr.write(`docs/${name} is not current: run "npm run docs".\n`);
    process.exitCode = 1;
  }
}
