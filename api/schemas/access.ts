import * as z from 'zod';
import { principalKinds } from '../../domain/access/ports.ts';
import { allPermissions, type Permission } from '../../domain/access/roles.ts';
import { slugSchema } from '../../domain/names.ts';

export const permissionSchema = z.enum(allPermissions as readonly [Permission, ...Permission[]]);

const limitSchema = z
  .array(slugSchema)
  .min(1, 'name at least one, or leave it out for everywhere')
  .max(500)
  .nullable()
  .default(null);

/** A role, and where it is held. */
export const grantSchema = z.strictObject({
  role: slugSchema,
  departments: limitSchema,
  datacentres: limitSchema,
  solutions: limitSchema,
});

const shownLimitSchema = z.array(z.string()).readonly().nullable();
const shownGrantShape = {
  role: z.string(),
  departments: shownLimitSchema,
  datacentres: shownLimitSchema,
  solutions: shownLimitSchema,
};

export const storedGrantSchema = z
  .object({
    id: z.string(),
    ...shownGrantShape,
    source: z.enum(['person', 'groups']),
    grantedBy: z.string(),
    grantedAt: z.string(),
  })
  .meta({ id: 'Grant' });

export const newPrincipalSchema = z.strictObject({
  id: slugSchema,
  name: z.string().trim().min(1).max(200),
  email: z.email().max(320),
  kind: z.enum(principalKinds).default('person'),
  roles: z.array(slugSchema).max(50).default([]).describe('Held everywhere'),
});

export const principalSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    email: z.string(),
    kind: z.enum([...principalKinds, 'system']),
    roles: z.array(z.string()).readonly(),
    grants: z.array(storedGrantSchema).readonly(),
    disabledAt: z.string().nullable(),
  })
  .meta({ id: 'Principal' });

export const meSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    roles: z.array(z.string()),
    grants: z.array(z.object(shownGrantShape)),
    permissions: z.array(permissionSchema).describe('What you may do at least somewhere'),
    limitedTo: z
      .array(permissionSchema)
      .readonly()
      .nullable()
      .describe('What this token is limited to'),
  })
  .meta({ id: 'Me' });

export const roleSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    builtIn: z.boolean(),
    permissions: z.array(permissionSchema).readonly(),
    createdBy: z.string().nullable(),
    createdAt: z.string().nullable(),
  })
  .meta({ id: 'Role' });

export const tokenSchema = z
  .object({
    id: z.string(),
    principal: z.string(),
    label: z.string(),
    permissions: z
      .array(permissionSchema)
      .readonly()
      .nullable()
      .describe('What it is limited to; null for all that its principal may'),
    issuedBy: z.string().nullable(),
    createdAt: z.string(),
    expiresAt: z.string().nullable(),
    lastUsedAt: z.string().nullable(),
    revokedAt: z.string().nullable(),
  })
  .meta({ id: 'AccessToken' });

export const newTokenSchema = z.strictObject({
  label: z.string().trim().min(1).max(200),
  expiresAt: z.iso
    .datetime({ offset: true })
    .nullable()
    .default(null)
    .describe('Null: as late as the company allows'),
  permissions: z
    .array(permissionSchema)
    .min(1, 'name at least one permission')
    .nullable()
    .default(null)
    .describe('Null: all that the principal may'),
});

export const issuedTokenSchema = z.object({ secret: z.string(), token: tokenSchema });

export const principalParamsSchema = z.object({ principal: z.string().max(100) });
