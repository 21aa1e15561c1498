import type { Actor } from './actor.ts';

/** What a local account proves with. */
export interface Credentials {
  /** Id of the principal, or an address that only one has. */
  readonly login: string;
  readonly password: string;
  /** Of the second factor: six digits, or a recovery code. */
  readonly code?: string | undefined;
  /** Where the try comes from; it alone is made to wait after wrong tries. */
  readonly source: string;
}

export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /** Takes as long without a hash, so that nobody can tell which accounts there are. */
  verify(hash: string | undefined, password: string): Promise<boolean>;
}

export interface TotpCodes {
  /** A new secret (base32). */
  createSecret(): Promise<string>;
  /** What an authenticator reads, as a QR code or by hand. */
  uriOf(secret: string, account: string): Promise<string>;
  /** The time step that the code is of; null for a wrong one. One step early or late is right. */
  stepOf(secret: string, code: string): Promise<number | null>;
}

/** Accounts with passwords, kept by CTC itself. */
export interface LocalAccounts {
  /**
   * The principal behind the credentials.
   * @throws DomainError `forbidden`: `wrong-credentials`, `code-needed`; `too-many-tries` with the time to wait.
   */
  signIn(credentials: Credentials): Promise<string>;
  /**
   * A link that lets its bearer set the password, once and within the day; earlier ones become void. The secret is
   * told this once. @throws DomainError `refused` for a service.
   */
  createLink(principal: string, by: string): Promise<{ secret: string; expiresAt: string }>;
  /** Sets the password that a link is for, and uses the link up. @returns whose it is. */
  redeemLink(secret: string, password: string): Promise<string>;
  /** Whether the principal has a password. */
  hasPassword(principal: string): Promise<boolean>;
  /** Ends all other sessions. @throws DomainError `forbidden` when the current password is wrong. */
  changePassword(
    principal: string,
    change: { readonly current: string; readonly next: string; readonly source: string },
    keepSession: string | null,
  ): Promise<void>;
}

/** The second factor: codes by time, and recovery codes for when the device is lost. */
export interface SecondFactor {
  /** Not asked for before it is confirmed. */
  start(principal: string): Promise<{ secret: string; uri: string }>;
  /** @returns recovery codes, told this once. @throws DomainError `forbidden` for a wrong code. */
  confirm(principal: string, code: string): Promise<string[]>;
  /** With a code by its owner; without one by an administrator. */
  remove(principal: string, by: string, code?: string): Promise<void>;
  state(principal: string): Promise<{ confirmed: boolean; recoveryCodesLeft: number }>;
}

export const sessionMethods = ['password', 'token', 'oidc'] as const;
export type SessionMethod = (typeof sessionMethods)[number];

export interface Session {
  readonly id: string;
  readonly method: SessionMethod;
  readonly agent: string;
  readonly startedAt: string;
  readonly lastSeenAt: string;
  readonly expiresAt: string;
}

/** Browsers that are signed in. Kept by digest; the secret is only in the browser's cookie. */
export interface Sessions {
  /** Whoever held `replaces` holds it no longer. That somebody signs in stands in the log. */
  start(begin: {
    readonly principal: string;
    readonly method: SessionMethod;
    readonly agent: string;
    /** Of a session by token, its secret: the session may what it may, and ends with it. */
    readonly token?: string;
    /** Of a session by the identity provider: whose logout ends it. */
    readonly provider?: {
      readonly issuer: string;
      readonly subject: string;
      readonly session: string | null;
    };
    readonly replaces?: string | undefined;
  }): Promise<{ secret: string; session: Session }>;
  /** The actor of a session that has neither ended nor been idle too long, and who is not disabled. */
  authenticate(secret: string): Promise<{ actor: Actor; session: Session } | undefined>;
  list(principal: string): Promise<Session[]>;
  /** @throws DomainError `not-found` for one that is not the principal's. */
  end(id: string, principal: string): Promise<void>;
  endOthers(principal: string, keep: string | null): Promise<number>;
}
