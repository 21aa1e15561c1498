import * as z from 'zod';
import { applicationDefinitionSchema } from './application-definition.ts';

/** Changes with what the schema accepts, never for what it says about it. */
export const definitionSchemaId = 'urn:ctc:schema:application-definition:1';

/** JSON Schema (2020-12) of an application's definition as people write it; rules between fields are not in it. */
export function definitionJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(applicationDefinitionSchema, { io: 'input' });
  return {
    $schema,
    $id: definitionSchemaId,
    title: 'CTC application definition',
    ...schema,
  };
}
