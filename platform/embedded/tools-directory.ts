import { fileURLToPath } from 'node:url';

/**
 * Programs and bundles that do not depend on any data: fetched or built once for this checkout, whatever
 * data directory is used.
 */
export const toolsDirectory = fileURLToPath(new URL('../../.ctc', import.meta.url));
