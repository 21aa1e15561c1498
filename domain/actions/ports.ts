import type { Page } from '../inventory/ports.ts';
import type { Action, ActionState, ActionSubject } from './action.ts';

export interface NewAction {
  readonly title: string;
  readonly owner: string;
  /** Day. */
  readonly dueOn: string;
}

/** What has to be done because of an incident, a risk or a problem, to its end. */
export interface ActionRegister {
  /** @throws DomainError `invalid` for an owner whom nobody knows. */
  add(
    subject: { readonly kind: ActionSubject; readonly of: string },
    action: NewAction,
    by: string,
  ): Promise<Action>;
  /** By its owner, or by who may manage what it comes from. @throws DomainError `forbidden`, `refused`. */
  settle(
    idOrLabel: string,
    given: { readonly state: 'done' | 'dropped'; readonly outcome: string },
    by: { readonly id: string; readonly manages: readonly ActionSubject[] },
  ): Promise<Action>;
  get(idOrLabel: string): Promise<Action>;
  /** Newest first. */
  list(
    filter: {
      readonly states?: readonly ActionState[];
      readonly owner?: string;
      readonly overdue?: boolean;
      readonly subjects?: readonly ActionSubject[];
    },
    page: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<Action>>;
}
