import type { Actor } from './actor.ts';
import type { Grant } from './grants.ts';

/** Kept until the answer comes; all of it is a secret of ours but the state. */
export interface OidcFlow {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** Who somebody is, as the provider has signed it. */
export interface OidcIdentity {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string;
  readonly email: string;
  readonly login: string | null;
  readonly groups: readonly string[];
  /** The provider's session, which a back-channel logout names. */
  readonly session: string | null;
}

export interface LogoutNotice {
  readonly issuer: string;
  readonly id: string;
  readonly subject: string | null;
  readonly session: string | null;
}

/** The identity provider. Every method may throw DomainError `unavailable` when it does not answer. */
export interface OidcProvider {
  readonly name: string;
  /** Where to send the browser. */
  begin(): Promise<{ readonly url: string; readonly flow: OidcFlow }>;
  /** @throws DomainError `forbidden` for an answer that does not prove what it says. */
  complete(answer: string, flow: OidcFlow): Promise<OidcIdentity>;
  /** @throws DomainError `invalid` for a token that is not one of its logout tokens. */
  readLogout(token: string): Promise<LogoutNotice>;
  /** The subject of an access token made for this API; undefined where none are taken, or it is not one. */
  readAccess(token: string): Promise<{ issuer: string; subject: string } | undefined>;
}

/** What is kept of people who sign in at the provider. */
export interface OidcAccounts {
  keepFlow(flow: OidcFlow, browser: string): Promise<void>;
  /** Once. Undefined for an unknown state, one of another browser, or one that is too old. */
  takeFlow(state: string, browser: string): Promise<OidcFlow | undefined>;
  /**
   * Makes sure of the principal and of the grants that come of groups: those that are no longer given go.
   * @returns the principal's id.
   */
  arrive(identity: OidcIdentity, grants: readonly Grant[]): Promise<string>;
  /** Ends the sessions that a notice is about, once. @throws DomainError `conflict` for one that was taken. */
  takeLogout(notice: LogoutNotice): Promise<number>;
  /** The actor behind a subject, who is known and not disabled. */
  actorOf(identity: { issuer: string; subject: string }): Promise<Actor | undefined>;
}
