import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import { DomainError, type Complaint } from '../../domain/errors.ts';
import { slugSchema } from '../../domain/names.ts';
import { readSourcesYaml, readTokenFile } from '../source-files.ts';
import { createHttpCatalogue } from './http-catalogue.ts';

/** A catalogue to synchronise with, as the file of CTC_ACSMI_CATALOGUES names it. */
export interface CatalogueSource {
  readonly name: string;
  readonly url: string;
  /** Absolute. */
  readonly tokenFile?: string | undefined;
}

const sourcesSchema = z
  .array(
    z.strictObject({
      name: slugSchema.refine((name) => name !== 'manual', {
        error: 'is the source of what people import; use another name',
      }),
      url: z.string(),
      tokenFile: z.string().min(1).optional(),
    }),
  )
  .superRefine((sources, context) => {
    sources.forEach((source, i) => {
      for (const field of ['name', 'url'] as const) {
        if (!sources.slice(0, i).some((other) => other[field] === source[field])) continue;
        context.addIssue({ code: 'custom', path: [i, field], message: 'is used twice' });
      }
    });
  });

/**
 * Reads and checks the catalogues, their tokens included, so that a mistake is found when the process starts.
 * @throws DomainError `invalid` with every complaint.
 */
export async function readCatalogueSources(path: string): Promise<readonly CatalogueSource[]> {
  const parsed = sourcesSchema.safeParse(await readSourcesYaml(path, unusable));
  if (!parsed.success) {
    throw unusable(
      path,
      parsed.error.issues.map(({ path: at, message }) => ({
        field: z.core.toDotPath(at),
        message,
      })),
    );
  }
  // As names of other files in a file are meant.
  const sources = parsed.data.map(({ tokenFile, ...source }) => ({
    ...source,
    ...(tokenFile === undefined ? {} : { tokenFile: resolve(dirname(path), tokenFile) }),
  }));
  const complaints: Complaint[] = [];
  for (const [i, source] of sources.entries()) {
    try {
      createHttpCatalogue({ url: source.url, token: await readCatalogueToken(source) });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const field = error.code === 'catalogue-url-invalid' ? 'url' : 'tokenFile';
      const message = `${error.message} ${error.remedy ?? ''}`.trim();
      complaints.push({ field: `[${i}].${field}`, message });
    }
  }
  if (complaints.length > 0) throw unusable(path, complaints);
  return sources;
}

/** @throws DomainError `invalid`. */
export async function readCatalogueToken({
  tokenFile,
}: Pick<CatalogueSource, 'tokenFile'>): Promise<string | undefined> {
  if (tokenFile === undefined) return undefined;
  return readTokenFile(tokenFile, { code: 'catalogue-token-unreadable', of: 'the catalogue' });
}

function unusable(path: string, complaints: readonly Complaint[]): DomainError {
  const list = complaints.map(({ field, message }) => `${field}: ${message}`).join('\n  ');
  return new DomainError('invalid', `The catalogues in ${path} cannot be used:\n  ${list}`, {
    code: 'catalogues-invalid',
    complaints,
    remedy: 'Correct what is named; examples/acsmi/catalogues.yaml shows what it may hold.',
  });
}
