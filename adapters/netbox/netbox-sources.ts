import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import { DomainError, type Complaint } from '../../domain/errors.ts';
import { slugSchema } from '../../domain/names.ts';
import { readSourcesYaml, readTokenFile } from '../source-files.ts';
import { createNetboxClient } from './netbox-client.ts';
import { netboxMappingSchema, type NetboxMapping } from './netbox-mapping.ts';

/** A NetBox to import from, as the file of CTC_NETBOX_SOURCES names it. */
export interface NetboxSource {
  readonly name: string;
  readonly url: string;
  /** Absolute. */
  readonly tokenFile: string;
  readonly mapping: NetboxMapping;
}

const sourcesSchema = z
  .array(
    z.strictObject({
      name: slugSchema.refine((name) => name !== 'manual', {
        error: 'is the source of what people import; use another name',
      }),
      url: z.string(),
      tokenFile: z.string().min(1),
      mapping: netboxMappingSchema,
    }),
  )
  .superRefine((sources, context) => {
    sources.forEach(({ name, mapping: { idPrefix } }, i) => {
      const twin = (is: (other: (typeof sources)[number]) => boolean) =>
        sources.slice(0, i).some(is);
      const complain = (path: string[], message: string) => {
        context.addIssue({ code: 'custom', path: [i, ...path], message });
      };
      if (twin((other) => other.name === name)) complain(['name'], 'is used twice');
      // Each would take the rows of the other for its own, and refuse them.
      if (twin((other) => other.mapping.idPrefix === idPrefix)) {
        complain(['mapping', 'idPrefix'], 'is used twice; give each NetBox another one');
      }
    });
  });

/**
 * Reads and checks the sources, their tokens included, so that a mistake is found when the process starts.
 * @throws DomainError `invalid` with every complaint.
 */
export async function readNetboxSources(path: string): Promise<readonly NetboxSource[]> {
  const given = await readSourcesYaml(path, unusable);
  const parsed = sourcesSchema.safeParse(given);
  if (!parsed.success) {
    const complaints = parsed.error.issues.map(({ path: at, message }) => ({
      field: z.core.toDotPath(at),
      message,
    }));
    throw unusable(path, complaints);
  }
  // As names of other files in a file are meant.
  const sources = parsed.data.map((source) => ({
    ...source,
    tokenFile: resolve(dirname(path), source.tokenFile),
  }));
  const complaints: Complaint[] = [];
  for (const [i, source] of sources.entries()) {
    try {
      createNetboxClient({ url: source.url, token: await readToken(source) });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const field = error.code === 'netbox-url-invalid' ? 'url' : 'tokenFile';
      complaints.push({
        field: `[${i}].${field}`,
        message: `${error.message} ${error.remedy ?? ''}`.trim(),
      });
    }
  }
  if (complaints.length > 0) throw unusable(path, complaints);
  return sources;
}

/** @throws DomainError `invalid`. */
export function readToken({ tokenFile }: Pick<NetboxSource, 'tokenFile'>): Promise<string> {
  return readTokenFile(tokenFile, { code: 'netbox-token-unreadable', of: 'NetBox' });
}

function unusable(path: string, complaints: readonly Complaint[]): DomainError {
  const list = complaints.map(({ field, message }) => `${field}: ${message}`).join('\n  ');
  return new DomainError('invalid', `The NetBox sources in ${path} cannot be used:\n  ${list}`, {
    code: 'netbox-sources-invalid',
    complaints,
    remedy: 'Correct what is named; examples/netbox/sources.yaml shows what it may hold.',
  });
}
