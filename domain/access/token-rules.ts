import { DomainError } from '../errors.ts';
import type { Actor } from './actor.ts';
import type { Permission } from './roles.ts';

const dayMs = 86_400_000;

export interface TokenWish {
  readonly label: string;
  /** ISO instant; null for as long as the company allows. */
  readonly expiresAt: string | null;
  /** Null for all that the principal may. */
  readonly permissions: readonly Permission[] | null;
}

/**
 * When a token that is wished for ends.
 * @throws DomainError `invalid` for one that has ended already, or would live longer than allowed; `forbidden`
 * when a token that is limited would beget one that may more.
 */
export function checkToken(
  { expiresAt, permissions }: TokenWish,
  {
    issuer,
    maxDays,
    nowMs,
  }: {
    readonly issuer: Pick<Actor, 'limitedTo'>;
    readonly maxDays: number;
    readonly nowMs: number;
  },
): { readonly expiresAt: string } {
  const { limitedTo } = issuer;
  const isMore = permissions?.some((one) => limitedTo?.includes(one) !== true) ?? true;
  if (limitedTo !== null && isMore) {
    throw new DomainError('forbidden', 'A limited token cannot issue one that may more.', {
      code: 'not-allowed',
      remedy: `Limit it to some of ${limitedTo.join(', ')}, or use a token without limits.`,
    });
  }
  const latestMs = nowMs + maxDays * dayMs;
  const endsMs = expiresAt === null ? latestMs : Date.parse(expiresAt);
  const complain = (message: string): never => {
    throw new DomainError('invalid', 'The token cannot be issued so.', {
      code: 'invalid-request',
      complaints: [{ field: 'expiresAt', message }],
    });
  };
  if (endsMs <= nowMs) complain('is over already');
  if (endsMs > latestMs) {
    complain(`is more than ${maxDays} days away, the longest that CTC_TOKEN_MAX_DAYS allows`);
  }
  return { expiresAt: new Date(endsMs).toISOString() };
}
