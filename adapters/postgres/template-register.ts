import type { Knex } from 'knex';
import type { TemplateRegister, TemplateVersion } from '../../domain/approvals/ports.ts';
import {
  changeTemplateSchema,
  fixedFields,
  type ChangeTemplate,
} from '../../domain/approvals/template.ts';
import { DomainError } from '../../domain/errors.ts';
import { createVersionedRegister, type Versioned } from './versioned-register.ts';

export interface TemplateRegisterDeps {
  readonly database: Knex;
  /** ISO instant. */
  readonly now: () => string;
}

/** A template is looked at again within about a year. */
const longestDays = 400;

export function createTemplateRegister(deps: TemplateRegisterDeps): TemplateRegister {
  const { now } = deps;
  const register = createVersionedRegister({
    ...deps,
    table: 'change_template',
    noun: 'template',
    parse: (stored) => changeTemplateSchema.parse(stored),
  });
  const shown = ({ definition, ...version }: Versioned<ChangeTemplate>): TemplateVersion => ({
    ...version,
    template: definition,
    isExpired: Date.parse(definition.expiresAt) <= Date.parse(now()),
  });
  return {
    async findInForce(id) {
      const [found] = await register.inForce(id);
      return found === undefined
        ? undefined
        : { version: found.version, template: found.definition };
    },
    versions: async (id) => (await register.versions(id)).map(shown),
    async propose(template, reason, by) {
      fixedFields(template);
      refuseBadExpiry(template.expiresAt, now());
      return shown(await register.propose(template.id, template, reason, by));
    },
    approve: async (...args) => shown(await register.approve(...args)),
    retire: async (...args) => shown(await register.retire(...args)),
  };
}

function refuseBadExpiry(expiresAt: string, at: string): void {
  const leftMs = Date.parse(expiresAt) - Date.parse(at);
  const message =
    leftMs <= 0
      ? 'it is over already'
      : leftMs > longestDays * 86_400_000
        ? `a template is approved for ${longestDays} days at most`
        : undefined;
  if (message === undefined) return;
  throw new DomainError('invalid', `The template expires at ${expiresAt}: ${message}.`, {
    code: 'bad-template',
    complaints: [{ field: 'expiresAt', message }],
  });
}
