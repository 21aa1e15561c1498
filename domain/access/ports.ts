import type { Contract } from '../acsmi/contract.ts';
import type { ChangeRequest } from '../change/change-request.ts';
import type { Page } from '../inventory/ports.ts';
import type { LineScope } from '../line/line-stop.ts';
import type { FreezePeriod } from '../windows/freeze.ts';
import type { Actor } from './actor.ts';
import type { Grant, Target } from './grants.ts';
import type { Permission } from './roles.ts';
import type { TokenWish } from './token-rules.ts';

export const principalKinds = ['person', 'service'] as const;
export type PrincipalKind = (typeof principalKinds)[number];

/** A grant as it is kept: who gave it and when; by `groups` it came with a sign-in, and goes with one. */
export interface StoredGrant extends Grant {
  readonly id: string;
  readonly source: 'person' | 'groups';
  readonly grantedBy: string;
  readonly grantedAt: string;
}

export interface Principal {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  /** In the name of a system principal CTC itself acts: nobody can be it. */
  readonly kind: PrincipalKind | 'system';
  /** Without their limits, each once. */
  readonly roles: readonly string[];
  readonly grants: readonly StoredGrant[];
  readonly disabledAt: string | null;
}

export interface NewPrincipal {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly kind?: PrincipalKind;
  /** Held everywhere. */
  readonly roles: readonly string[];
}

export interface AccessToken {
  readonly id: string;
  readonly principal: string;
  readonly label: string;
  /** What it is limited to; null for all that its principal may. */
  readonly permissions: readonly Permission[] | null;
  readonly issuedBy: string | null;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
}

/** Who calls. Tokens are kept as SHA-256 only: the secret is shown once. What is changed stands in the log. */
export interface AccessRegister {
  /** The actor behind a token that is neither revoked nor expired, whose principal is not disabled. */
  authenticate(secret: string): Promise<Actor | undefined>;
  /** As `authenticate`, where somebody begins a session: that stands in the log. */
  signIn(secret: string): Promise<Actor | undefined>;
  /**
   * @throws DomainError `not-found` for an unknown principal, `refused` for one that is disabled or CTC itself, and
   * what `checkToken` throws.
   */
  issueToken(
    principal: string,
    wish: TokenWish,
    issuer: Pick<Actor, 'id' | 'limitedTo'>,
  ): Promise<{ secret: string; token: AccessToken }>;
  listTokens(principal: string): Promise<AccessToken[]>;
  /** With `of`, only a token of that principal is found. */
  revokeToken(id: string, by: string, of?: string): Promise<AccessToken>;
}

/**
 * Principals and what they hold. Whatever would leave the company without a person who can manage principals
 * is refused (`last-administrator`), however many try at once.
 */
export interface PrincipalRegister {
  /** @throws DomainError `conflict` when the id is taken, `invalid` for an unknown role. */
  add(principal: NewPrincipal, by: string): Promise<Principal>;
  get(id: string): Promise<Principal>;
  /** By id. */
  list(page: { readonly limit: number; readonly cursor?: string }): Promise<Page<Principal>>;
  /** Disabling revokes all at once: the next call of any of its tokens is refused. */
  setDisabled(id: string, disabled: boolean, by: string): Promise<Principal>;
  /** @throws DomainError `invalid` naming what is not known, `conflict` for a grant that is held already. */
  grant(principal: string, grant: Grant, by: string): Promise<StoredGrant>;
  /** @throws DomainError `refused` for one that comes from groups: the next sign-in would bring it back. */
  ungrant(principal: string, grant: string, by: string): Promise<StoredGrant>;
  /** Those who may do something that touches the target; not more than a page. */
  holders(permission: Permission, target: Target): Promise<string[]>;
}

export interface CustomRole {
  readonly id: string;
  readonly name: string;
  readonly permissions: readonly Permission[];
  readonly createdBy: string;
  readonly createdAt: string;
}

/** The roles that the company has made itself. */
export interface RoleRegister {
  list(): Promise<CustomRole[]>;
  /** @throws DomainError `conflict` for an id that is taken, `forbidden` for more than the giver may give. */
  create(role: Pick<CustomRole, 'id' | 'name' | 'permissions'>, by: Actor): Promise<CustomRole>;
  /** @throws DomainError `conflict` while somebody holds it. */
  remove(id: string, by: string): Promise<CustomRole>;
}

/** What an action touches, as the record has it now. */
export interface TargetReader {
  ofRequest(request: ChangeRequest): Promise<Target>;
  /** By id. The whole company for an unknown one. */
  ofChange(id: string): Promise<Target>;
  /** With the department that it is to have, where that changes. */
  ofApplication(name: string, becoming?: string): Promise<Target>;
  ofContract(contract: Contract): Promise<Target>;
  /** Of a freeze or a stop of the line. */
  ofScope(scope: LineScope | FreezePeriod['scope']): Promise<Target>;
}

/** How a repeated request is recognised. */
export interface IdempotencyStore {
  /** Claims a key for one request, or says what became of it before. */
  begin(claim: {
    readonly principal: string;
    readonly key: string;
    readonly requestHash: string;
  }): Promise<
    | { readonly outcome: 'proceed' }
    | { readonly outcome: 'in-progress' }
    | { readonly outcome: 'other-request' }
    | { readonly outcome: 'replay'; readonly answer: StoredAnswer }
  >;
  /** Keeps the claim alive while the request is worked on. */
  renew(principal: string, key: string): Promise<void>;
  finish(principal: string, key: string, answer: StoredAnswer): Promise<void>;
  /** Nothing happened: the key may be used again. */
  release(principal: string, key: string): Promise<void>;
}

export interface StoredAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
