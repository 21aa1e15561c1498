import { createColors } from 'picocolors';

const wanted = (process.env['NO_COLOR'] ?? '') === '';

/** Colours on a terminal only: what is piped stays plain, in CI too. https://no-color.org */
export const colours = createColors(process.stdout.isTTY ? wanted : false);
