import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Tokens kept on this machine by name, readable by their owner only. */
export function tokensFile(dataDirectory: string): string {
  return join(dataDirectory, 'tokens.json');
}

export function readTokens(dataDirectory: string): Record<string, string> {
  try {
    return JSON.parse(readFileSync(tokensFile(dataDirectory), 'utf8')) as Record<string, string>;
  } catch {
    return {};
  }
}

export function saveToken(dataDirectory: string, name: string, secret: string): void {
  const path = tokensFile(dataDirectory);
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.partial`;
  writeFileSync(
    partial,
    `${JSON.stringify({ ...readTokens(dataDirectory), [name]: secret }, null, 2)}\n`,
    {
      mode: 0o600,
    },
  );
  renameSync(partial, path);
}
