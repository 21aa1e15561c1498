import { answerOf } from '../client.ts';
import type { CliContext } from '../context.ts';
import type { components } from '../generated/api.d.ts';

export type Change = components['schemas']['Change'];

/** A change by its label or id. @throws CliError when there is none. */
export async function getChange({ api }: CliContext, change: string): Promise<Change> {
  return answerOf(api.GET('/changes/{change}', { params: { path: { change } } }));
}

/** For what is decided on the version that was shown. */
export function ifMatch(version: number): { 'if-match': string } {
  return { 'if-match': `"v${version}"` };
}
