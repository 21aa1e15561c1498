import type { Actor, Role } from './roles.ts';

export interface Principal {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly roles: readonly Role[];
  readonly disabledAt: string | null;
}

export interface AccessToken {
  readonly id: string;
  readonly principal: string;
  readonly label: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
}

/** Who may call. Tokens are kept as SHA-256 only: the secret is shown once. What is changed stands in the log. */
export interface AccessRegister {
  /** The actor behind a token that is neither revoked nor expired, whose principal is not disabled. */
  authenticate(secret: string): Promise<Actor | undefined>;
  /** As `authenticate`, where somebody begins a session: that stands in the log. */
  signIn(secret: string): Promise<Actor | undefined>;
  /** @throws DomainError `conflict` when the id is taken. */
  addPrincipal(principal: Omit<Principal, 'disabledAt'>, by: string): Promise<Principal>;
  listPrincipals(): Promise<Principal[]>;
  /** Disabling revokes all at once: the next call of any of its tokens is refused. */
  setDisabled(id: string, disabled: boolean, by: string): Promise<Principal>;
  /** @throws DomainError `not-found` for an unknown principal. */
  issueToken(
    token: {
      readonly principal: string;
      readonly label: string;
      readonly expiresAt: string | null;
    },
    by: string,
  ): Promise<{ secret: string; token: AccessToken }>;
  listTokens(principal: string): Promise<AccessToken[]>;
  revokeToken(id: string, by: string): Promise<AccessToken>;
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
