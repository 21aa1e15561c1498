import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import { groupRuleSchema } from '../../domain/access/group-rules.ts';
import { DomainError, type Complaint } from '../../domain/errors.ts';
import { readSourcesYaml, readTokenFile } from '../source-files.ts';

const isSafe = (text: string): boolean => {
  const url = URL.parse(text);
  const isHere = url !== null && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  return url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && isHere));
};
const addressSchema = z
  .string()
  .refine(isSafe, 'use an https address (http only for this machine itself)');

const settingsSchema = z.strictObject({
  /** As people know it: Sign in with … */
  name: z.string().min(1).max(100),
  issuer: addressSchema,
  clientId: z.string().min(1),
  clientSecretFile: z.string().min(1),
  /** Where browsers find CTC. */
  publicUrl: addressSchema,
  scopes: z.array(z.string().min(1)).default(['openid', 'profile', 'email']),
  groupsClaim: z.string().min(1).default('groups'),
  groups: z.array(groupRuleSchema).default([]),
  /** Access tokens made for this audience are taken by the API; unset: none are. */
  apiAudience: z.string().min(1).optional(),
});

export type OidcSettings = Omit<z.output<typeof settingsSchema>, 'clientSecretFile'> & {
  readonly clientSecret: string;
};

/**
 * Reads and checks the file of CTC_OIDC, the secret included, so that a mistake is found when the process starts.
 * @throws DomainError `invalid` with every complaint.
 */
export async function readOidcSettings(path: string): Promise<OidcSettings> {
  const parsed = settingsSchema.safeParse(await readSourcesYaml(path, unusable));
  if (!parsed.success) {
    throw unusable(
      path,
      parsed.error.issues.map(({ path: at, message }) => ({
        field: z.core.toDotPath(at),
        message,
      })),
    );
  }
  const { clientSecretFile, ...settings } = parsed.data;
  const clientSecret = await readTokenFile(resolve(dirname(path), clientSecretFile), {
    code: 'oidc-secret-unreadable',
    of: settings.name,
  });
  return { ...settings, clientSecret };
}

function unusable(path: string, complaints: readonly Complaint[]): DomainError {
  const list = complaints.map(({ field, message }) => `${field}: ${message}`).join('\n  ');
  return new DomainError('invalid', `The identity provider in ${path} cannot be used:\n  ${list}`, {
    code: 'oidc-settings-invalid',
    complaints,
    remedy: 'Correct what is named; examples/oidc/provider.yaml shows what it may hold.',
  });
}
