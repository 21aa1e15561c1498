import * as z from 'zod';
import type { CustomRole } from '../../domain/access/ports.ts';
import { permissionsOfRole, roles as profiles } from '../../domain/access/roles.ts';
import { slugSchema } from '../../domain/names.ts';
import type { AppDeps } from '../app-deps.ts';
import { permissionSchema, roleSchema } from '../schemas/access.ts';
import { problems } from '../schemas/common.ts';
import type { TypedApp } from '../typed-app.ts';

const tags = ['access'];

/** The profiles that CTC comes with, and the roles that the company has made of permissions. */
export function roleRoutes(app: TypedApp, { roles }: AppDeps): void {
  app.get(
    '/roles',
    {
      config: { access: 'signed-in' },
      schema: {
        tags,
        operationId: 'listRoles',
        summary: 'All roles with what they let do',
        response: { 200: z.object({ rows: z.array(roleSchema) }), ...problems },
      },
    },
    async () => ({ rows: [...profiles.map(profile), ...(await roles.list()).map(own)] }),
  );

  app.post(
    '/roles',
    {
      config: { access: 'principal.manage' },
      schema: {
        tags,
        operationId: 'createRole',
        summary: 'Make a role of permissions',
        body: z.strictObject({
          id: slugSchema,
          name: z.string().trim().min(1).max(200),
          permissions: z.array(permissionSchema).min(1, 'name at least one permission'),
        }),
        response: { 201: roleSchema, ...problems },
      },
    },
    async (request, reply) =>
      reply.code(201).send(own(await roles.create(request.body, request.actor))),
  );

  app.delete(
    '/roles/:role',
    {
      config: { access: 'principal.manage' },
      schema: {
        tags,
        operationId: 'deleteRole',
        summary: 'Delete a role that the company has made and nobody holds',
        params: z.object({ role: z.string().max(100) }),
        response: { 200: roleSchema, ...problems },
      },
    },
    async (request) => own(await roles.remove(request.params.role, request.actor.id)),
  );
}

function own(role: CustomRole): z.output<typeof roleSchema> {
  return { ...role, builtIn: false };
}

function profile(id: string): z.output<typeof roleSchema> {
  const permissions = permissionsOfRole(id);
  return { id, name: id, builtIn: true, permissions, createdBy: null, createdAt: null };
}
